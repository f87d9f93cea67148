"""Small values for tests of the three-way check: charges, additions as they stood, and agreements. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reconciler.additions.live_additions import addition_of
from reconciler.additions.ownership import Owner
from reconciler.additions.tag import tag_of
from reconciler.closing.three_way import ToCheck, check
from reconciler.closing.three_way_lines import Lines, lines_of
from reconciler.closing.three_way_model import AgreementFacts, ExpectedCharge, ExpectedLine, Standing
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.money import amount_of
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.coverage import Coverage
from reconciler.metering.period import period_of

NOVEMBER = period_of(datetime(2026, 11, 10, 12, tzinfo=UTC), "Europe/Berlin")
ACME = Owner("acme", "cove", "77")
BOLT = Owner("bolt", "cove", "78")
BACKUP, OTHER = 9, 10
"""Ids of agreements."""
GB, TB = 4, 6
"""Ids of products."""
NAMES = {GB: "backup-gb", TB: "backup-tb"}
PRICE, COST = Decimal("0.25"), Decimal("0.10")


def standing(
    number: int,
    owner: Owner | None = ACME,
    quantity: int | str = 120,
    *,
    agreement: int = BACKUP,
    product: int = GB,
    price: Decimal = PRICE,
    first: str = "2026-11-01",
    last: str | None = None,
    period: str | None = None,
    adjustment: int = 0,
    edited: Mapping[str, Any] | None = None,
    **more: Any,
) -> Standing:
    """Return an addition. One of ours stands as our last write left it, but for the fields in `edited`."""
    tag = ""
    if owner is not None:
        base = (owner.source, owner.customer_id, owner.mapping, owner.charge)
        tag = tag_of(*base, period=period, adjustment=adjustment)
    raw: dict[str, Any] = {
        "quantity": Decimal(quantity),
        "unitPrice": price,
        "unitCost": COST,
        "lessIncluded": Decimal(0),
        "billCustomer": "Billable",
        "effectiveDate": f"{first}T00:00:00Z",
        "cancelledDate": None if last is None else f"{last}T00:00:00Z",
        "serialNumber": tag,
    }
    sent = {} if owner is None else dict(raw)
    raw |= {"id": number, "product": {"id": product, "identifier": NAMES[product].upper()}, **(edited or {})}
    return Standing(addition_of(LiveObject("Addition", number, raw, agreement), "USD"), sent, **more)


def asked(
    owner: Owner = ACME,
    quantity: int | str = 120,
    *,
    agreement: int | None = BACKUP,
    product: int | None = GB,
    price: Decimal | None = PRICE,
    **more: Any,
) -> ExpectedCharge:
    """Return what a charge asks for: one line, and none if it is held."""
    number = Decimal(quantity)
    amount = None if price is None else amount_of(number, price, "USD")
    line = ExpectedLine(product, NAMES[product or GB], number, price, amount, amount_of(number, COST, "USD"))
    lines = () if more.get("held") else (line,)
    return ExpectedCharge(owner, agreement, "GB", **{"lines": lines, "first_day": "2026-11-01", **more})


def sorted_lines(*every: Standing, owners: Sequence[Owner] = (ACME, BOLT), cleared: Sequence[int] = ()) -> Lines:
    """Return the lines by whom they belong to. `cleared` are ids whose tag a person has removed."""
    recorded = {each: RecordedAddition(each, BACKUP, GB, tag=ACME.tag, customer=("cove", "77")) for each in cleared}
    return lines_of(every, owners, ["cove"], Snapshot(recorded), NOVEMBER)


def agreements(**more: Any) -> dict[int, AgreementFacts]:
    facts = {BACKUP: AgreementFacts(BACKUP, "Backup", "ACME"), OTHER: AgreementFacts(OTHER, "Old backup", "ACME")}
    return {number: AgreementFacts(**{**_fields(each), **more}) for number, each in facts.items()}


def _fields(facts: AgreementFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in AgreementFacts.__slots__}


def to_check(charges: Iterable[ExpectedCharge], every: Sequence[Standing], **more: Any) -> ToCheck:
    values: dict[str, Any] = {
        "workspace": "test",
        "period": NOVEMBER,
        "timezone": "Europe/Berlin",
        "currency": "USD",
        "at": datetime(2026, 12, 3, tzinfo=UTC),
        "charges": list(charges),
        "lines": sorted_lines(*every),
        "standing": every,
        "agreements": agreements(),
        "coverage": Coverage(()),
    }
    return ToCheck(**{**values, **more})


def checked(charges: Iterable[ExpectedCharge], *every: Standing, **more: Any) -> Any:
    """Return the check as JSON."""
    return check(to_check(charges, every, **more))


def found(charges: Iterable[ExpectedCharge], *every: Standing, **more: Any) -> list[tuple[str, str | None]]:
    """Return the kind and the amount of each finding."""
    return [(each["kind"], each["amount"]) for each in checked(charges, *every, **more)["findings"]]
