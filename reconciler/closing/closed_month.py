"""Describe a closed month as JSON, from its closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reconciler.closing.frozen import billed
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Close


def closed_json(closes: Sequence[Close], workspace: str, currency: str | None, *, is_new: bool) -> dict[str, Any]:
    """Return what `usage close --json` prints. `closes` are those of one month, oldest first."""
    charges = [charge for each in closes for charge in each.charges]
    return {
        "workspace": workspace,
        "period": closes[-1].period,
        "changed": is_new,
        "closes": [
            {
                "closed_at": each.closed_at.isoformat(timespec="seconds"),
                "closed_by": each.closed_by,
                "samples": each.samples,
                "charges": len(each.charges),
            }
            for each in closes
        ],
        "charges": [dict(each) for each in charges],
        "billed": plain_decimal(billed(charges)),
        "currency": currency,
        "left_open": [asdict(each) for each in closes[-1].left_open],
        "accepted": [asdict(gap) for each in closes for gap in each.accepted],
    }
