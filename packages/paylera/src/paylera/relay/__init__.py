"""The relay core: what a browser may do with its user's billing, decided once for every host.

Read `routes.py` first (what it does, as a table), then `core.py` (in which order it decides). Names load on first use.
"""

from typing import TYPE_CHECKING

from paylera._lazy import resolver

if TYPE_CHECKING:
    from paylera.relay.core import RelayCore
    from paylera.relay.csrf import PayleraCsrfOptions
    from paylera.relay.identity import PayleraCustomerIdentity
    from paylera.relay.inputs import MAX_BODY_BYTES
    from paylera.relay.options import RelayOptions
    from paylera.relay.routes import PATHS

_SOURCES = {
    "MAX_BODY_BYTES": "paylera.relay.inputs",
    "PATHS": "paylera.relay.routes",
    "PayleraCsrfOptions": "paylera.relay.csrf",
    "PayleraCustomerIdentity": "paylera.relay.identity",
    "RelayCore": "paylera.relay.core",
    "RelayOptions": "paylera.relay.options",
}

__all__ = ["MAX_BODY_BYTES", "PATHS", "PayleraCsrfOptions", "PayleraCustomerIdentity", "RelayCore", "RelayOptions"]

if not TYPE_CHECKING:
    __getattr__ = resolver(__name__, _SOURCES)
