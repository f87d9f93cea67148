"""The adjustments of a customer in a month: what each corrects, why, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from reconciler.additions.views import AdditionView
from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.closing.month_lines import first_day, month_of
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.runs import WriteRecord
from reconciler.ledger.snapshot import AcceptedAmount, Approval
from reconciler.planning.plan import CoverageRow

_GUARDRAILS = ("adjustment", "credit")
_CAUSE = re.compile(r"\(([^()]*)\)")


def corrections_json(
    views: Iterable[AdditionView],
    owed: Iterable[CoverageRow],
    accepted: Iterable[AcceptedAmount],
    writes: Sequence[WriteRecord],
    approvals: Sequence[Approval],
) -> list[Json]:
    """Return the adjustments, in the order of month and number: those among `views`, and those that no line bills.

    `state` is `made`, `waiting` for an approval, `owed`, or `accepted` in place of a line. `owed` are rows of the
    coverage.
    """
    found = [
        *(_of_line(each, writes, approvals) for each in views if month_of(each.address).adjustment),
        *(_of_row(each) for each in owed),
        *(_accepted(each, approvals) for each in accepted),
    ]
    return sorted(found, key=lambda each: (each["corrects"], each["address"]))


def _of_line(view: AdditionView, writes: Sequence[WriteRecord], approvals: Sequence[Approval]) -> Json:
    live = view.live
    made = next((each for each in writes if each.address == view.address and each.method == "POST"), None)
    amount = _decimal(view.desired.get("unitPrice")) if live is None else live.monthly
    why = view.reason if made is None else made.reason or ""
    return {
        **_told(view.address, amount, "waiting" if live is None else "made", why),
        "text": None if live is None else str(live.obj.raw.get("invoiceDescription") or "") or None,
        "first_day": first_day(view) or None,
        "id": None if live is None else live.id,
        "written_at": None if made is None else time_json(made.sent_at),
        "run": None if made is None else made.run_id,
        **_approved(view.address, approvals),
    }


def _of_row(row: CoverageRow) -> Json:
    return {**_told(row.address or "", row.money, "owed", row.detail), **_NO_LINE, **_NOT_APPROVED}


def _accepted(amount: AcceptedAmount, approvals: Sequence[Approval]) -> Json:
    number = f"@{amount.period}+{amount.number}"
    address = next((each.address for each in approvals if (each.address or "").endswith(number)), None)
    return {
        **_told(address or f"{amount.source}/{amount.customer_id}{number}", amount.amount, "accepted", ""),
        **_NO_LINE,
        **_approved(address, approvals),
    }


_NO_LINE: Json = {"text": None, "first_day": None, "id": None, "written_at": None, "run": None}
_NOT_APPROVED: Json = {"approved_by": None, "approved_at": None}


def _told(address: str, amount: Decimal | None, state: str, why: str) -> Json:
    month, number = month_of(address)
    cause = _CAUSE.search(why)
    return {
        "address": address,
        "corrects": month,
        "number": number,
        "state": state,
        "amount": decimal_text(amount),
        "cause": None if cause is None else cause[1],
        "why": why,
    }


def _approved(address: str | None, approvals: Sequence[Approval]) -> Json:
    """Return who approved an adjustment, and when."""
    own = [each for each in approvals if each.guardrail in _GUARDRAILS and each.address == address]
    if not own:
        return _NOT_APPROVED
    return {"approved_by": own[-1].given_by, "approved_at": time_json(own[-1].given_at)}


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(plain_decimal(Decimal(str(value))))


def sum_of_made(corrections: Iterable[Json], period: str) -> Iterator[Decimal]:
    """Yield what the adjustments of a month bill already: those that are made, and the accepted amounts."""
    for each in corrections:
        if each["corrects"] == period and each["state"] in ("made", "accepted"):
            yield Decimal(each["amount"])
