"""Patterns: what texts of several kinds look like, for parsers and for JSON schemas (ECMA 262) alike."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*")
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,8})?")
COUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?")
POSITIVE = re.compile(r"(?=.*[1-9])[0-9]{1,15}(\.[0-9]{1,8})?")
EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+")
URL = re.compile(
    r"[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][^\s\\\x00-\x1f\x7f-\x9f]*)?"
)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
