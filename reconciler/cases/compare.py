"""Compare what comes out of a case with what it expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from reconciler.cases.model import Expectation, ExpectedCustomer, ExpectedLine
from reconciler.cases.outcome import Customer, Line, Outcome, first_to_see
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.manifests.positions import Path

Form = Literal["quantity", "amount", "text"]
"""How the two values are shown: with the unit, with the currency, or as they are."""

_ABSENT = "no line"
NOTHING = "nothing"
"""What is shown for a value that there is not."""
_LINE_FIELDS: dict[str, Form] = {
    "quantity": "quantity",
    "unit_price": "amount",
    "amount": "amount",
    "unit_cost": "amount",
    "cost": "amount",
    "first_day": "text",
    "last_day": "text",
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One expectation that is not met."""

    path: Path
    """Its place in `expect`."""
    what: str
    """What is compared, such as `quantity of backup-gb`."""
    expected: Any
    """A `Decimal`, text, a list of text, or None."""
    actual: Any
    form: Form = "text"
    line: Line | None = None
    """A line that came out and is not expected."""


def mismatches(expect: Expectation, outcome: Outcome, source: str) -> list[Mismatch]:
    """Return the expectations that an outcome does not meet. `source` is that of the case's customer."""
    return [
        *_state(expect, outcome),
        *_lines(expect.lines, outcome),
        *_money(expect, outcome),
        *_guardrails(expect, outcome),
        *_customers(expect.customers or (), outcome.customers, source),
        *_warnings(expect.warnings, outcome.warnings),
    ]


def _state(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    if expect.state is not None and expect.state != outcome.state:
        yield Mismatch(("state",), "state", expect.state, outcome.state or NOTHING)
    if expect.reason is not None and expect.reason not in outcome.reason:
        yield Mismatch(("reason",), "reason", expect.reason, outcome.reason or NOTHING)


def _lines(expected: Sequence[ExpectedLine] | None, outcome: Outcome) -> Iterator[Mismatch]:
    """Yield the differences of lines: fields of those on both sides, and those on one side only."""
    if expected is None:
        return
    left, unit = list(outcome.lines), outcome.unit
    for index, each in enumerate(expected):
        name = each.product or each.address
        candidates = [line for line in left if name == line.product or name in {line.address, *line.also}]
        if each.charge is not None:
            candidates, name = [line for line in candidates if line.charge == each.charge], f"{each.charge}:{name}"
        found = next(
            (line for line in candidates if line.quantity == each.quantity), candidates[0] if candidates else None
        )
        if found is None:
            yield Mismatch(("lines", index), f"line {name}", _quantity_text(each.quantity, unit), _ABSENT)
            continue
        left.remove(found)
        for field, form in _LINE_FIELDS.items():
            if field in each.model_fields_set:
                wanted, actual = _plain(getattr(each, field)), getattr(found, field)
                if wanted != actual:
                    path = ("lines", index, str(type(each).model_fields[field].alias))
                    yield Mismatch(path, f"{field.replace('_', ' ')} of {name}", wanted, actual, form)
    for line in left:
        yield Mismatch(("lines",), f"line {line.product}", _ABSENT, _quantity_text(line.quantity, unit), line=line)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _quantity_text(quantity: Decimal | None, unit: str | None) -> str:
    return "a line" if quantity is None else f"a line with {with_unit(plain_decimal(quantity), unit)}"


def _money(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    for name in ("money", "cost", "margin"):
        expected, actual = getattr(expect, name), getattr(outcome, name)
        if expected is not None and expected != actual:
            yield Mismatch((name,), name, expected, actual, "amount")


def _guardrails(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    if expect.guardrails is not None and set(expect.guardrails) != set(outcome.guardrails):
        yield Mismatch(("guardrails",), "guardrails", sorted(expect.guardrails), sorted(outcome.guardrails))


def _customers(expected: Sequence[ExpectedCustomer], customers: Sequence[Customer], source: str) -> Iterator[Mismatch]:
    for index, each in enumerate(expected):
        key = (each.source or source, each.customer)
        what, path = f"customer {key[0]}/{key[1]}", ("customers", index)
        if each.charge is not None:
            what = f"charge {each.charge} of {what}"
        rows = [row for row in customers if (row.source, row.customer) == key and each.charge in (None, row.charge)]
        found = first_to_see(rows)
        if found is None:
            yield Mismatch(path, what, each.state or "a row in the coverage", NOTHING)
            continue
        if each.state is not None and each.state != found.state:
            yield Mismatch((*path, "state"), f"state of {what}", each.state, found.state)
        if each.reason is not None and each.reason not in found.reason:
            yield Mismatch((*path, "reason"), f"reason of {what}", each.reason, found.reason or NOTHING)
        if each.money is not None and each.money != (money := _sum(rows)):
            yield Mismatch((*path, "money"), f"money of {what}", each.money, money, "amount")


def _sum(rows: Iterable[Customer]) -> Decimal | None:
    """Return the money of a customer's charges. None if that of one is unknown."""
    found = [each.money for each in rows]
    return None if None in found else sum((each for each in found if each is not None), Decimal(0))


def _warnings(expected: Sequence[str] | None, warnings: Sequence[str]) -> Iterator[Mismatch]:
    if expected is None:
        return
    if not expected and warnings:
        yield Mismatch(("warnings",), "warnings", NOTHING, list(warnings))
    for index, text in enumerate(expected):
        if not any(text in warning for warning in warnings):
            yield Mismatch(("warnings", index), "warning", text, list(warnings) or NOTHING)
