"""Setup intents."""

from __future__ import annotations

from paylera_sandbox.api import payment_methods
from paylera_sandbox.models.payments import NewSetupIntent, PaymentMethod, SetupIntent
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/setup-intents",
        payment_methods.create_setup,
        body=payment_methods.SETUP,
        status=201,
        name="CreateSetupIntent",
        answer=NewSetupIntent,
    ),
    Operation("GET", "/v1/setup-intents/{id}", payment_methods.get_setup, name="GetSetupIntent", answer=SetupIntent),
    Operation(
        "POST",
        "/v1/setup-intents/{id}/confirm",
        payment_methods.confirm_setup,
        body=payment_methods.CONFIRM,
        name="ConfirmSetupIntent",
        answer=PaymentMethod,
        problems=("setup_intent.used", "setup_intent.expired"),
    ),
)
