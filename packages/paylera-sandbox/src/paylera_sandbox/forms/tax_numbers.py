"""Tax numbers: how those of each country are written, and the check digits of those that have a public rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from paylera_sandbox.kinds import Invalid

# Country prefix -> what follows it. Source: the VAT Information Exchange System of the European Commission.
_EU = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"(\d{9}|\d{12})",
}
_ABN_WEIGHTS = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
_VAT_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 1)
_SEPARATORS = re.compile(r"[\s.\-/]")


def _abn(number: str) -> bool:
    """Check an Australian Business Number: the first digit less one, weighed, modulo 89."""
    digits = [int(number[0]) - 1, *map(int, number[1:])]
    return sum(digit * weight for digit, weight in zip(digits, _ABN_WEIGHTS, strict=True)) % 89 == 0


def _gb(number: str) -> bool:
    """Check a British VAT number, whose nine digits have one of two check sums; government and health have none."""
    if number[2:4] in {"GD", "HA"}:
        return True
    weighed = sum(int(digit) * weight for digit, weight in zip(number[2:11], _VAT_WEIGHTS, strict=True))
    return weighed % 97 in {0, 42}


class Form(NamedTuple):
    """How a type of number is written, in words and as a pattern, and whether its check digits are right."""

    words: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda _: True
    country: str = ""


FORMS: Mapping[str, Form] = {
    "eu_vat": Form(
        "a country code of the EU and the number as that country writes it, for example DE123456789",
        re.compile("|".join(f"{country}{form}" for country, form in _EU.items())),
    ),
    "gb_vat": Form("GB and 9 or 12 digits", re.compile(r"GB(\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2})"), _gb, "GB"),
    "au_abn": Form("11 digits", re.compile(r"[1-9]\d{10}"), _abn, "AU"),
    "ca_bn": Form(
        "9 digits, perhaps with a program such as RT0001", re.compile(r"\d{9}([A-Z]{2}\d{4})?"), country="CA"
    ),
    "ch_vat": Form("CHE, 9 digits and MWST, TVA or IVA", re.compile(r"CHE\d{9}(MWST|TVA|IVA)"), country="CH"),
    "in_gst": Form(
        "the 15 characters of a GSTIN", re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]"), country="IN"
    ),
    "jp_cn": Form("13 digits, perhaps behind a T", re.compile(r"T?[1-9]\d{12}"), country="JP"),
    "no_vat": Form("9 digits and MVA", re.compile(r"\d{9}MVA"), country="NO"),
    "nz_gst": Form("8 or 9 digits", re.compile(r"\d{8,9}"), country="NZ"),
    "us_ein": Form("9 digits", re.compile(r"\d{9}"), country="US"),
}


def normal(kind: str, value: str) -> str:
    """Return a number in its one form, without the separators that people write, or raise Invalid."""
    number, form = _SEPARATORS.sub("", value).upper(), FORMS[kind]
    if not number.isascii() or not form.pattern.fullmatch(number):
        raise Invalid("tax_id.invalid", f"is not a number of the type {kind}: {form.words}")
    if not form.check(number):
        raise Invalid("tax_id.check_digits", f"is not a number of the type {kind}: its check digits are wrong")
    return number


def country_of(kind: str, number: str) -> str:
    """Return the country of a number. Greece has another code here than elsewhere, and Northern Ireland one of its
    own."""
    prefix = FORMS[kind].country or number[:2]
    return {"EL": "GR", "XI": "GB"}.get(prefix, prefix)
