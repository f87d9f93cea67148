"""The manifests of the customers of the grid, and whether the validation accepts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from reconciler.kinds.base import Metadata
from reconciler.kinds.customer_mapping import KIND as MAPPING
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.documents import Document, Origin
from reconciler.manifests.references import Index
from reconciler.manifests.report import Report
from reconciler.manifests.rules import check_rules
from reconciler.manifests.validation import check
from tests.money_grid.axes import Cell
from tests.money_grid.rules import Charge, Meter, Price
from tests.money_grid.terms import (
    FAMILIES,
    NEW_YORK,
    PHASES,
    SLOTS,
    Phase,
    Terms,
    meter_named,
    own_meter,
    price_of,
)

Body = dict[str, Any]
OWN_METERS = ("own sum", "own count", "own distinct", "own sum in GB", "own sum in GiB")
AGREEMENTS = {"advance": "advance", "advance-2": "advance", "arrears": "arrears", "arrears-2": "arrears"}


def document(kind: str, name: str, spec: Body) -> Body:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def to_yaml(documents: Iterable[Body]) -> str:
    """Return documents as YAML. Decimals are written as plain numbers, and dates as text."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _decimal(dumper: yaml.CSafeDumper, number: Any) -> yaml.Node:
    text = format(number, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(date, lambda dumper, day: dumper.represent_str(day.isoformat()))


# ── one customer ─────────────────────────────────────────────────────────────────────────────────────────


def mapping(terms: Terms) -> Body:
    """Return the document of a customer's mapping."""
    spec: Body = {
        "customer": {"source": terms.source, "id": terms.customer},
        "company": "acme",
        "agreement": terms.agreement,
        "solution": "Managed Backup",
        "managedId": "1",
    }
    if terms.start is not None:
        spec["start"] = terms.start
    charges = [_charge(each, terms) for each in terms.charges]
    if terms.value["charges"] == "one":
        spec |= charges[0]
    else:
        spec["charges"] = charges
    return document("CustomerMapping", terms.mapping, spec)


def _charge(charge: Charge, terms: Terms) -> Body:
    found: Body = {
        "meter": charge.meter.built_in or own_meter(terms.value["meter"], terms.source),
        "name": charge.name,
        "measure": charge.measure,
    }
    found["rounding"] = {"mode": charge.rounding, "step": charge.step}
    if charge.allowance is not None:
        scope, amount = charge.allowance
        per = own_meter("own count", terms.source) if scope == "meter" else scope
        found["included"] = {"amount": amount, "per": per}
    if charge.minimum is not None:
        found["minimum"] = charge.minimum
    if charge.lines is not None:
        found["lines"] = charge.lines
    if charge.tiering == "one product":
        found["product"] = charge.slices[0].product
        return found | (_price(charge.slices[0].price) if terms.own_prices else {})
    found["tiering"] = charge.tiering
    found["ranges"] = [
        ({} if each.up_to is None else {"upTo": each.up_to})
        | {"product": each.product}
        | (_price(each.price) if terms.own_prices else {})
        for each in charge.slices
    ]
    return found


def _price(price: Price) -> Body:
    if price.plain is not None:
        return {"price": price.plain}
    return {"prices": [{"from": day, "price": amount} for day, amount in price.entries]}


# ── what all customers share ─────────────────────────────────────────────────────────────────────────────


def products(phase: Phase, *, changed: bool) -> Iterator[Body]:
    """Yield the products, before or after the change of their prices."""
    for family in FAMILIES:
        dated = family.startswith("dated")
        for slot in SLOTS:
            if family.startswith("bare"):
                prices: Body = {"price": 99}  # the price of the charge must win
            else:
                prices = _price(price_of(slot, dated, phase, changed=changed and family.endswith("changes")))
            yield product(f"{family}-{slot}", prices)


def product(name: str, prices: Body) -> Body:
    """Return the document of a product."""
    spec: Body = {
        "identifier": name.upper(),
        "description": "Backup",
        "customerDescription": "Backup",
        "category": "Managed Services",
        "subcategory": "Backup",
        "type": "Agreement",
    }
    return document("Product", name, spec | prices)


def meters(of: Iterable[str]) -> Iterator[Body]:
    """Yield the meters that are not built in, for each of these sources."""
    for source in of:
        for name in OWN_METERS:
            meter = meter_named(name, source.partition("-")[0])
            yield document("Meter", own_meter(name, source), _meter(meter, source))


def _meter(meter: Meter, source: str) -> Body:
    found: Body = {"source": source, meter.how: "devices" if meter.how == "count" else meter.column}
    if meter.where is not None:
        column, equal, value = meter.where
        found["where"] = {column: value if equal else {"not": value}}
    return found | ({} if meter.unit is None else {"unit": meter.unit})


def company(start: date) -> Iterator[Body]:
    """Yield the one company, with its management solution, and its agreements from a day on."""
    yield document(
        "Company",
        "acme",
        {"identifier": "acme", "name": "Acme", "types": ["Customer"], "status": "Active", "city": "Tampa"},
    )
    yield document(
        "Contact", "acme", {"company": "acme", "firstName": "Ada", "lastName": "Acme", "email": "ada@acme.example"}
    )
    for name, invoiced in AGREEMENTS.items():
        spec = {"name": name, "company": "acme", "contact": "acme", "type": "Managed Service", "startDate": start}
        yield document("Agreement", name, spec | {"billingCycle": "Monthly", "invoiced": invoiced, "endDate": None})
    spec = {"company": "acme", "solution": "Managed Backup", "managedId": "1", "agreement": "advance"}
    yield document("ManagementSolution", "acme", spec | {"deviceType": "BackupStats"})


def workspace(of: Iterable[str], zone: str = NEW_YORK.key) -> Body:
    """Return the workspace with these sources. No guardrail stops a change of the grid."""
    console = {name: {"env": f"COVE_{name.upper()}"} for name in ("url", "partner", "username", "password")}
    usage: list[Body] = []
    for name in of:
        kind, _, unit = name.partition("-")
        place = console if kind == "cove" else {"path": f"../usage/{name}.{kind}"}
        usage.append({"name": name, "type": kind, "unit": unit} | place)
    names = {"site": "SITE", "company": "COMPANY", "clientId": "CLIENT_ID", "publicKey": "PUBLIC_KEY"}
    keys = names | {"privateKey": "PRIVATE_KEY"}
    spec = {
        "connectwise": {name: {"env": f"CONNECTWISE_{variable}"} for name, variable in keys.items()},
        "usage": usage,
        "billing": {"timezone": zone, "currency": "USD", "unmapped": "warn"},
        "guardrails": {"quantity": None, "zero": False, "samples": None, "customers": None, "updates": None},
    }
    return document("Workspace", "grid", spec)


# ── legal cells ──────────────────────────────────────────────────────────────────────────────────────────


@cache
def problem(cell: Cell) -> str | None:
    """Return why the validation refuses a customer before or after its change. None if it accepts both."""
    before = Terms(0, cell)
    return _problem(before) or (None if before.value["change"] == "nothing" else _problem(before.later))


@cache
def _beside(source: str) -> tuple[dict[str, Document], Document]:
    """Return the documents that a mapping of a source is checked with, and the workspace."""
    start = PHASES["middle"].month
    found = {each.address: each for each in map(_document, (*meters([source]), *company(start)))}
    return found, _document(workspace([source]))


def _problem(terms: Terms) -> str | None:
    body = mapping(terms)
    checked = check(MAPPING.spec, _as_parsed(body["spec"]))
    if checked.problems:
        return checked.problems[0].message
    found = _document(body)
    beside, workspace_document = _beside(terms.source)
    report = Report({})
    check_rules(Index({**beside, found.address: found}, {}), workspace_document, report)
    return next((each.message for each in report.errors()), None)


def _document(body: Body) -> Document:
    kind = all_kinds()[body["kind"]]
    spec = _as_parsed(body["spec"])
    return Document(
        kind,
        Metadata.model_validate(body["metadata"]),
        kind.spec.model_validate(spec),
        frozenset(spec),
        Origin("grid.yaml", 0),
        {},
    )


def _as_parsed(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a spec as the manifests give it after parsing: dates as text."""
    if isinstance(spec, Mapping):
        return {name: _as_parsed(value) for name, value in spec.items()}
    if isinstance(spec, list):
        return [_as_parsed(each) for each in spec]
    return spec.isoformat() if isinstance(spec, date) else spec
