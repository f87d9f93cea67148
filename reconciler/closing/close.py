"""Decide whether a month can be closed, and freeze it (BILLING, Closed months).

A month is closed once for the workspace. A customer that was left open is closed by a later close, as soon as its month
is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.closing.month_gaps import Gap
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger.snapshot import AcceptedGap, Close

_SHOWN = 10
"""How many names a message shows."""


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
    """The charges of all mappings that were active in it, as `frozen` writes them."""
    gaps: Sequence[Gap]
    accepted: Sequence[str] = ()
    """The values of `--accept`, as `cove/1001006=no pull in the outage`."""
    before: Sequence[Close] = ()
    """The earlier closes of this month, oldest first."""


def close_of(inputs: ToClose) -> Close | None:
    """Return the close to record. None if the month is closed already and nothing of it can be closed now.

    Raises `Refused` if something of it is unknown that nobody has accepted, with all of it in `unknown` of the JSON.
    Raises `ReconcilerError` if an accepted address has nothing unknown, or no reason.
    """
    before = inputs.before[-1] if inputs.before else None
    open_before = {} if before is None else {each.address: each for each in before.left_open}
    gaps = [each for each in inputs.gaps if before is None or each.address in open_before]
    accepted = _accepted(inputs, gaps)
    unknown = [] if before is not None else [each for each in gaps if each.address not in accepted]
    if unknown:
        raise Refused(
            f"{inputs.period} cannot be closed while something of it is unknown",
            where="usage close",
            advice="Mend it, or accept it by name with --accept ADDRESS=REASON. Unknown: "
            + _some(dict.fromkeys(each.address for each in unknown)),
            more={"unknown": [each.to_json() for each in unknown]},
        )
    left = _left_open(gaps, accepted, open_before)
    if before is not None and left == open_before:
        return None
    charges = [
        each
        for each in inputs.charges
        if each["customer"] not in left and (before is None or each["customer"] in open_before)
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
    """Return the accepted gaps by their address. What an earlier close accepted for the same reason stays as it is."""
    names = {name for each in gaps if each.can_be_accepted for name in (each.address, each.mapping) if name}
    earlier = {each.address: each for close in inputs.before for each in (*close.accepted, *close.left_open)}
    found: dict[str, AcceptedGap] = {}
    for text in inputs.accepted:
        name, reason = _parts(text, names | earlier.keys())
        if name not in names and name in earlier:
            continue
        if name not in names:
            raise ReconcilerError(
                f"--accept {name}: nothing that can be accepted is unknown of it in {inputs.period}",
                advice=f"Accept one of these: {_some(sorted(names))}." if names else "Leave the option out.",
            )
        for address in {each.address: None for each in gaps if name in (each.address, each.mapping)}:
            what = "; ".join(each.what for each in gaps if each.address == address)
            gap = AcceptedGap(address, what, reason, inputs.by, inputs.now.isoformat(timespec="seconds"))
            known = earlier.get(address)
            found[address] = known if known is not None and known.reason == reason else gap
    return found


def _parts(text: str, names: Collection[str]) -> tuple[str, str]:
    """Return the address and the reason of an `--accept`. An id of a customer may hold an equals sign."""
    longest = max((name for name in names if text.startswith(f"{name}=")), key=len, default=None)
    address, _, reason = text.partition("=") if longest is None else (longest, "=", text[len(longest) + 1 :])
    if not address.strip() or not reason.strip():
        raise ReconcilerError(
            f"--accept {text}: a reason is missing", advice='Write --accept cove/1001006="no pull in the outage".'
        )
    return address.strip(), reason.strip()


def _some(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    found = list(names)
    more = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _left_open(
    gaps: Sequence[Gap],
    accepted: Mapping[str, AcceptedGap],
    before: Mapping[str, AcceptedGap],
) -> dict[str, AcceptedGap]:
    """Return the customers that this close leaves open: those with a gap that is accepted, now or before."""
    customers = dict.fromkeys(each.address for each in gaps if "/" in each.address)
    return {each: accepted[each] if each in accepted else before[each] for each in customers}
