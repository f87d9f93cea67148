"""Check the clock of this machine before anything is billed or recorded.

A clock in the past would bill the usage of another month. A clock in the future would record times in the ledger that
are after every later run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.connectwise.errors import ConnectWiseError
from reconciler.errors import Refused
from reconciler.ledger.latest_activity import latest_activity

if TYPE_CHECKING:
    from reconciler.cli.session import Session

TOLERANCE = timedelta(minutes=5)
"""How far this machine's clock may differ from ConnectWise's."""

_SET_CLOCK = "Nothing was billed or written. Correct this machine's clock and run again."
_SIMULATED = " For a sandbox with its own time, give that time: --now TIME"


async def check_clock(session: Session, *, on_notice: Callable[[str], None] | None = None) -> None:
    """Raise `Refused` if this clock differs from ConnectWise's, or is before the latest entry of the ledger.

    If ConnectWise cannot be reached, that is an error, or a note with `on_notice`: a usage pull needs no ConnectWise.
    """
    _check_ledger(session)
    try:
        await session.client.discover()
    except ConnectWiseError as error:
        if on_notice is None:
            raise
        on_notice(f"the clock could not be compared with ConnectWise: {error.what}")
        return
    seen = session.client.server_clock
    if seen is not None and seen.minimum_skew > TOLERANCE:
        now = session.context.now
        raise Refused(
            f"this machine says {_text(now)} and ConnectWise says {_text(now + seen.offset)}; "
            f"they differ by more than {_minutes(TOLERANCE)} minutes",
            where="clock",
            advice=_SET_CLOCK + _SIMULATED,
        )


def _check_ledger(session: Session) -> None:
    """Raise `Refused` if the ledger has a pull or a write that is later than now."""
    sources = [source.name for source in session.workspace.usage]
    newest = latest_activity(session.ledger, session.manifests.workspace.name, sources)
    now = session.context.now
    if newest is not None and newest - now > TOLERANCE:
        raise Refused(
            f"this machine says {_text(now)}, but the ledger has a pull or a write at {_text(newest)}",
            where="clock",
            advice=f"{_SET_CLOCK} If the clock is right now and was ahead before, move the ledger away.",
        )


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
