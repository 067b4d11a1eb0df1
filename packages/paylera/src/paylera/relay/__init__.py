"""The relay core: what a browser may do with its user's billing, decided once for every host.

Read `routes.py` first (what it does, as a table), then `core.py` (in which order it decides).
"""

from paylera.relay.core import RelayCore
from paylera.relay.csrf import PayleraCsrfOptions
from paylera.relay.identity import PayleraCustomerIdentity
from paylera.relay.inputs import MAX_BODY_BYTES
from paylera.relay.options import RelayOptions
from paylera.relay.routes import PATHS

__all__ = ["MAX_BODY_BYTES", "PATHS", "PayleraCsrfOptions", "PayleraCustomerIdentity", "RelayCore", "RelayOptions"]
