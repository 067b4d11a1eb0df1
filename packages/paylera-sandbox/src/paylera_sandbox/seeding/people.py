"""People who do not exist: names, companies and addresses for a seeded sandbox, the same for the same seed."""

from __future__ import annotations

from random import Random

from paylera_sandbox.store import Doc

_FIRST = ("Ada", "Alan", "Barbara", "Dennis", "Frances", "Grace", "Hedy", "Ivan", "Katherine", "Margaret", "Radia")
_LAST = ("Abbott", "Baker", "Castillo", "Dubois", "Eriksen", "Fischer", "Garcia", "Huang", "Ito", "Kowalski", "Novak")
_FIRMS = ("Acorn", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Indigo", "Juniper", "Kite")
_CITIES = (
    {"city": "Springfield", "region": "IL", "country": "US", "postal_code": "62701"},
    {"city": "Portland", "region": "OR", "country": "US", "postal_code": "97205"},
    {"city": "Lyon", "region": None, "country": "FR", "postal_code": "69002"},
    {"city": "Leeds", "region": None, "country": "GB", "postal_code": "LS1 4AP"},
    {"city": "Osaka", "region": None, "country": "JP", "postal_code": "530-0001"},
)


def person(random: Random, number: int) -> Doc:
    """Return the fields of a customer; `number` makes the e-mail address and the external id theirs alone."""
    first, last, firm = random.choice(_FIRST), random.choice(_LAST), random.choice(_FIRMS)
    street = f"{random.randint(1, 200)} Main Street"
    place = {name: value for name, value in random.choice(_CITIES).items() if value}
    return {
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{number}@{firm}.example".lower(),
        "external_id": f"user-{number}",
        "billing_address": {"line1": street, **place},
        "metadata": {"company": firm, "source": random.choice(["search", "friend", "advertisement"])},
    }
