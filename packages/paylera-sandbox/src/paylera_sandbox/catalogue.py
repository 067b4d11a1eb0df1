"""The catalogue: features, products, plans and coupons, read from a TOML file that a person can write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.fields import Invalid
from paylera_sandbox.forms import grants, plans, prices
from paylera_sandbox.ids import stable_id
from paylera_sandbox.money import CURRENCIES, amount_text, minor_units, quantity_text
from paylera_sandbox.shapes import record

Doc = dict[str, Any]
DEFAULT = Path(__file__).with_name("catalogue.toml")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class CatalogueError(Exception):
    """A catalogue that cannot be used; the message names the key and what it should be."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What can be sold. Plans are the API's objects without `created_at`; each carries all its features."""

    features: Mapping[str, Doc]
    products: tuple[Doc, ...]
    plans: tuple[Doc, ...]
    coupons: tuple[Doc, ...]
    tax_rate: Decimal


def load(path: str | Path | None = None) -> Catalogue:
    """Read a catalogue file, or the one that comes with the sandbox."""
    source = Path(path) if path is not None else DEFAULT
    try:
        return parse(tomllib.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise CatalogueError(f"cannot read the catalogue {source}: {error.strerror}") from None
    except ValueError as error:
        raise CatalogueError(f"the catalogue {source} is not TOML: {error}") from None
    except CatalogueError as error:
        raise CatalogueError(f"the catalogue {source} is not usable: {error}") from None


def parse(tables: Mapping[str, Any]) -> Catalogue:
    """Check the tables of a catalogue and build it."""
    top = _Table("", tables)
    currency = top.take("currency", _currency, "USD")
    tax_rate = top.take("tax_rate", _rate, Decimal("0.08"))
    features = {code: _feature(table) for code, table in top.tables("features")}
    products = tuple(_product(code, table) for code, table in top.tables("products"))
    sold = tuple(_plan(code, table, currency, features) for code, table in top.tables("plans"))
    coupons = tuple(_coupon(code, table) for code, table in top.tables("coupons"))
    top.done()
    if not sold:
        raise CatalogueError("plans: at least one plan is needed")
    return Catalogue(features=features, products=products, plans=sold, coupons=coupons, tax_rate=tax_rate)


class _Table:
    """A TOML table that knows its path and which keys were not asked for."""

    def __init__(self, path: str, values: Any) -> None:
        if not isinstance(values, Mapping):
            raise CatalogueError(f"{path}: must be a table")
        self.path = path
        self._rest = dict(values)

    def key(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, parse: Callable[[Any], Any], default: Any = ...) -> Any:
        if name not in self._rest and default is not ...:
            return default
        if name not in self._rest:
            raise CatalogueError(f"{self.key(name)}: is required")
        try:
            return parse(self._rest.pop(name))
        except Invalid as error:
            raise CatalogueError(f"{self.key(name)}{error.at}: {error.message}") from None
        except ValueError as error:
            raise CatalogueError(f"{self.key(name)}: {error}") from None

    def read(self, parse: Callable[[Doc], Doc]) -> Doc:
        """Read the whole table by one of the forms that it shares with the API."""
        try:
            return parse(self._rest)
        except Invalid as error:
            raise CatalogueError(f"{self.path}{error.at}: {error.message}") from None

    def tables(self, name: str) -> list[tuple[str, _Table]]:
        children = _Table(self.key(name), self._rest.pop(name, {}))
        for code in children._rest:
            if not _CODE.fullmatch(code.lower()):
                raise CatalogueError(f"{children.key(code)}: a code has letters, digits, '_' and '-', at most 64")
        return [(code, _Table(children.key(code), values)) for code, values in children._rest.items()]

    def values(self, name: str) -> dict[str, Any]:
        return dict(self.take(name, _mapping, {}))

    def done(self) -> None:
        if self._rest:
            raise CatalogueError(f"{self.key(next(iter(self._rest)))}: is not a key that the catalogue knows")


def _feature(table: _Table) -> Doc:
    feature = {
        "kind": table.take("kind", fields.choice(*grants.KINDS)),
        "name": table.take("name", _text),
        "hard_limit": table.take("hard_limit", _flag, True),
        "usage_cycle": table.take("usage_cycle", fields.choice(*grants.CYCLES), grants.CYCLES[0]),
        "aggregation": table.take("aggregation", fields.choice(*prices.AGGREGATIONS), prices.AGGREGATIONS[0]),
        "unique_by": table.take("unique_by", fields.identifier, None),
    }
    if (feature["aggregation"] == "unique_count") != (feature["unique_by"] is not None):
        raise CatalogueError(f"{table.key('unique_by')}: is required with the aggregation unique_count, and only then")
    table.done()
    return feature


def _product(code: str, table: _Table) -> Doc:
    product = {
        "id": stable_id("prod", code),
        "object": "product",
        "code": code,
        "name": table.take("name", _text),
        "description": table.take("description", _text, None),
        "tax_code": table.take("tax_code", fields.identifier, None),
        "status": "active",
        "metadata": {},
    }
    table.done()
    return product


def _plan(code: str, table: _Table, currency: str, features: Mapping[str, Doc]) -> Doc:
    currency = table.take("currency", _currency, currency)
    name = table.take("name", _text)
    components = _components(code, table, currency, name)
    written = {
        "code": code,
        "name": name,
        "description": table.take("description", _text, None),
        "product_code": table.take("product_code", fields.identifier, None),
        "currency": currency,
        "interval": table.take("interval", fields.choice(*plans.INTERVALS), "month"),
        "interval_count": table.take("interval_count", _whole(1, 12), 1),
        "trial_days": table.take("trial_days", _whole(0, plans.MAX_TRIAL_DAYS), 0),
        "components": components,
        "dunning_policy": table.take("dunning_policy", plans.dunning_policy, None),
        "metadata": table.take("metadata", fields.metadata, None),
    }
    granted = _grants(table, features)
    table.done()
    return plans.plan_doc(written, identifier=stable_id("plan", code), features=granted)


def _components(code: str, table: _Table, currency: str, plan_name: str) -> list[Doc]:
    """Read `amount`, in short for one flat component, and `components`, a table of tables by their codes."""
    written = table.tables("components")
    amount = table.take("amount", _amount(currency), None if written else ...)
    flat = {"code": code, "name": plan_name, "pricing": {"model": "flat", "amount": amount}}
    found = [] if amount is None else [{**dict.fromkeys(prices.COMPONENT), **flat}]
    found += [component.read(_component(name, currency, plan_name)) for name, component in written]
    if len({component["code"] for component in found}) < len(found):
        raise CatalogueError(f"{table.key('components')}.{code}: amount makes a component of this code already")
    return found


def _component(code: str, currency: str, plan_name: str) -> Callable[[Doc], Doc]:
    def parse(values: Doc) -> Doc:
        return prices.fitted(record(prices.COMPONENT)({**values, "code": code}), currency, plan_name)

    return parse


def _coupon(code: str, table: _Table) -> Doc:
    def parse(values: Doc) -> Doc:
        return plans.coupon_doc({"code": code, **record(plans.COUPON)(values)}, identifier=stable_id("cpn", code))

    return table.read(parse)


def _grants(table: _Table, features: Mapping[str, Doc]) -> Doc:
    """Read what a plan gives of each feature: a quantity, `"unlimited"`, or true/false."""
    given = table.values("features")
    for code in given:
        if code not in features:
            raise CatalogueError(f"{table.key('features')}.{code}: there is no such feature in [features]")
    found = {}
    for code, value in given.items():
        try:
            found[code] = grants.granted(features[code], {**_NO_GRANT, **_grant(features[code]["kind"], value)})
        except ValueError as error:
            raise CatalogueError(f"{table.key('features')}.{code}: {error}") from None
    return found


_NO_GRANT: Doc = dict.fromkeys(("included_usage", "unlimited", "usage_cycle", "value"))


def _grant(kind: str, value: Any) -> Doc:
    if kind != "metered":
        return {"value": _flag(value) if kind == "boolean" else _quantity(value)}
    return {"unlimited": True} if value == "unlimited" else {"included_usage": _quantity(value)}


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a table")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise ValueError("must be a text of at most 500 characters")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _whole(lowest: int, highest: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return value

    return parse


def _decimal(value: Any, example: str) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,8})?", value):
        raise ValueError(f'must be a decimal string such as "{example}"')
    return Decimal(value)


def _quantity(value: Any) -> str:
    return quantity_text(_decimal(value, "1000"))


def _amount(currency: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        amount = _decimal(value, "19.00")
        if amount != round(amount, minor_units(currency)):
            raise ValueError(f"has more digits than {currency} has")
        return amount_text(amount, currency)

    return parse


def _rate(value: Any) -> Decimal:
    rate = _decimal(value, "0.08")
    if rate > 1:
        raise ValueError('must be between "0" and "1"')
    return rate


def _currency(value: Any) -> str:
    if value not in CURRENCIES:
        raise ValueError(f"must be one of {', '.join(sorted(CURRENCIES))}")
    return str(value)
