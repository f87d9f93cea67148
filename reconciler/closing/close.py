"""Decide whether a month can be closed, and freeze it (BILLING, Closed months).

A month is closed once for the workspace. A customer that was left open is closed by a later close, as soon as its month
is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.closing.month_gaps import Gap
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger.snapshot import AcceptedGap, Close


@dataclass(frozen=True, slots=True)
class ToClose:
    """Everything that a close needs."""

    period: str
    """The ended month, as `2026-10`."""
    now: datetime
    by: str
    """Who closes it, as `user@host`."""
    samples: str
    """The digest of the pulls that it was measured from."""
    charges: Sequence[Mapping[str, Any]]
    """The charges of all mappings that were active in it, as JSON."""
    gaps: Sequence[Gap]
    accepted: Mapping[str, str] = field(default_factory=dict)
    """The reasons of `--accept`, by address."""
    before: Sequence[Close] = ()
    """The earlier closes of this month, oldest first."""


def close_of(inputs: ToClose) -> Close | None:
    """Return the close to record. None if the month is closed already and nothing of it can be closed now.

    Raises `Refused` if something of it is unknown that nobody has accepted, and `ReconcilerError` if an accepted
    address has nothing unknown.
    """
    open_before = {each.address: each for each in inputs.before[-1].left_open} if inputs.before else None
    gaps = [each for each in inputs.gaps if open_before is None or each.address in open_before]
    accepted = _accepted(inputs, gaps)
    unknown = [] if open_before is not None else [each for each in gaps if each.address not in accepted]
    if unknown:
        raise Refused(
            f"{inputs.period} cannot be closed while something of it is unknown",
            where="usage close",
            advice="Mend it, or accept it by name with: --accept ADDRESS=REASON. Unknown: "
            + ", ".join(dict.fromkeys(each.address for each in unknown)),
            more={"unknown": [each.to_json() for each in unknown]},
        )
    left = _left_open(gaps, accepted, open_before or {})
    if open_before is not None and left == open_before:
        return None
    charges = [
        each
        for each in inputs.charges
        if each["customer"] not in left and (open_before is None or each["customer"] in open_before)
    ]
    return Close(
        period=inputs.period,
        closed_at=inputs.now,
        closed_by=inputs.by,
        samples=inputs.samples,
        charges=tuple(charges),
        left_open=tuple(left.values()),
        accepted=tuple(each for each in accepted.values() if "/" not in each.address),
    )


def _accepted(inputs: ToClose, gaps: Sequence[Gap]) -> dict[str, AcceptedGap]:
    """Return the accepted gaps by their address."""
    found: dict[str, AcceptedGap] = {}
    for name, reason in inputs.accepted.items():
        named = [each for each in gaps if each.can_be_accepted and name in (each.address, each.mapping)]
        if not named:
            raise ReconcilerError(
                f"--accept {name}: nothing that can be accepted is unknown of it in {inputs.period}",
                advice="Leave it out, or write an address that `usage close` lists.",
            )
        for address in dict.fromkeys(each.address for each in named):
            what = "; ".join(each.what for each in gaps if each.address == address)
            found[address] = AcceptedGap(address, what, reason, inputs.by, inputs.now.isoformat(timespec="seconds"))
    return found


def _left_open(
    gaps: Sequence[Gap],
    accepted: Mapping[str, AcceptedGap],
    before: Mapping[str, AcceptedGap],
) -> dict[str, AcceptedGap]:
    customers = dict.fromkeys(each.address for each in gaps if "/" in each.address)
    return {each: accepted[each] if each in accepted else before[each] for each in customers}
