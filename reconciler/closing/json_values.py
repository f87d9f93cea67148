"""Values of the reports as JSON: decimals as text without an exponent, moments in UTC to the second."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.kinds.values import plain_decimal

Json = dict[str, Any]

_FINEST = Decimal("0.000001")


def decimal_text(value: Decimal | None) -> str | None:
    """Return a decimal as exact text. None stays None."""
    return None if value is None else plain_decimal(value)


def six_decimals(value: Decimal) -> str:
    """Return a decimal as text with at most six decimals: an intermediate figure may have eighty."""
    return plain_decimal(value.quantize(_FINEST))


def time_json(moment: datetime | None) -> str | None:
    """Return a moment as text. None stays None."""
    return None if moment is None else moment.isoformat(timespec="seconds")
