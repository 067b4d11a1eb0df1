"""What PATCH routes share."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc


def merged(old: Doc, given: Doc | None) -> Doc:
    """Merge metadata: null removes a key, empty or null metadata clears all."""
    if not given:
        return {}
    metadata = {key: value for key, value in {**old, **given}.items() if value is not None}
    if len(metadata) > fields.MAX_METADATA_KEYS:
        message = f"must have at most {fields.MAX_METADATA_KEYS} keys together with those it has"
        raise fault("metadata", "metadata.too_many_keys", message)
    return metadata
