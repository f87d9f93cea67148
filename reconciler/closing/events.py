"""List what happened to months: closes, adjustments with their approvals, and edits by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.closing.frozen import billed
from reconciler.closing.json_values import Json, time_json
from reconciler.closing.month_lines import month_of
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.runs import RunRecord, WriteRecord
from reconciler.ledger.snapshot import Approval, Close, SeenEdit


def close_events(closes: Iterable[Close], currency: str | None) -> Iterator[Json]:
    """Yield each close: who closed which month, what it froze, and what it left out."""
    for each in closes:
        count = len(each.charges)
        parts = [
            f"{count} {'charge' if count == 1 else 'charges'}, {amount_text(billed(each.charges), currency)} billed",
            f"samples {each.samples[:12]}…",
            *(f"left out {gap.address}: {gap.reason} ({gap.by})" for gap in each.accepted),
            *(f"left open {gap.address}: {gap.reason} ({gap.by})" for gap in each.left_open),
        ]
        yield {
            **_event("close", time_json(each.closed_at), each.closed_by, f"{each.period} closed: {'; '.join(parts)}"),
            "period": each.period,
        }


def adjustment_events(
    writes: Iterable[WriteRecord], runs: Mapping[int, RunRecord], approvals: Iterable[Approval]
) -> Iterator[Json]:
    """Yield each approval of an adjustment, and each adjustment that was written."""
    for each in approvals:
        text = f"{each.guardrail} {each.address} approved"
        month = month_of(each.address or "").month
        yield {**_event("approval", time_json(each.given_at), each.given_by, text, each.address), "period": month}
    for write in writes:
        month, number = month_of(write.address)
        if number and write.method == "POST":
            run = runs.get(write.run_id)
            who = None if run is None else run.actor
            text = f"{write.address} written ({write.state}): {write.reason}"
            yield {**_event("adjustment", time_json(write.sent_at), who, text, write.address), "period": month}


def edit_events(edits: Iterable[SeenEdit], addresses: Mapping[int, str]) -> Iterator[Json]:
    """Yield each edit of a line by hand, with the moment at which a run first read it. `addresses` are by id."""
    for each in edits:
        fields = {name: value for name, value in each.fields.items() if name != "lastUpdated"}
        values = ", ".join(f"{name} {_value(value)}" for name, value in fields.items())
        updated = each.fields.get("lastUpdated")
        when = f", last updated {updated} in ConnectWise" if updated else ""
        address = addresses[each.addition_id]
        text = f"{address} edited by hand: {values}{when}"
        yield {**_event("hand edit", time_json(each.seen_at), None, text, address), "period": month_of(address).month}


def _value(value: Any) -> str:
    return plain_decimal(value) if isinstance(value, Decimal) else str(value)


def in_order(events: Iterable[Json]) -> list[Json]:
    """Return events by their time, the oldest first. Those of one second stay in their order."""
    return sorted(events, key=lambda each: each["at"])


def _event(what: str, at: str | None, who: str | None, text: str, address: str | None = None) -> Json:
    return {"at": at, "what": what, "who": who, "address": address, "text": text}
