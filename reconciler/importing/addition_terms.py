"""The fields that a charge takes from the addition that it takes over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.importing.outcome import number_text
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject


def terms_of(addition: LiveObject, *, adopt: bool) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that a charge takes from an addition in addition to its price, and the notes for a person."""
    fields: dict[str, Any] = {}
    notes: list[str] = []
    price, included = addition.raw.get("unitPrice"), Decimal(addition.raw.get("lessIncluded") or 0)
    if adopt and price is not None and not Decimal(price):
        notes.append(f"addition {addition.id} has the price 0, and so has the mapping: it bills nothing")
    if included > 0:
        fields["included"] = {"amount": included, "per": "customer"}
    elif included < 0:
        more = number_text(-included)
        notes.append(
            f"addition {addition.id} bills {more} more than its quantity, because its included quantity is negative: "
            "the mapping bills only the quantity"
        )
    if (bills := addition.raw.get("billCustomer")) not in (None, "Billable"):
        notes.append(f"addition {addition.id} is marked {bills}: adopting it makes it Billable")
    last_day = date_text(addition.raw.get("cancelledDate"))
    if adopt and last_day is not None:
        fields["end"] = last_day
        notes.append(f"addition {addition.id} ends on {last_day}, and so does the mapping")
    return fields, notes
