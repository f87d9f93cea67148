"""The clock rule: time is the tenant's, and nothing is billed or noted by a clock that is wrong.

A clock set back into March would bill March's figure; one that runs ahead would leave moments in the ledger that
every later run would lie before. So it holds for whatever bills, and for whatever notes a moment in the ledger.
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

_SET_IT = "Nothing was billed or written. Set this machine's clock right, and run again."
_SIMULATED = " Where the tenant is a sandbox with a time of its own, name that time: --now TIME."


async def check_clock(session: Session, *, on_notice: Callable[[str], None] | None = None) -> None:
    """Raises `Refused` where the clock here differs from the tenant's, or lies before what the ledger holds.

    With `on_notice` a tenant that cannot be reached is told and no error: a reading of usage does not need it.
    """
    _not_before_the_ledger(session)
    try:
        await session.client.discover()
    except ConnectWiseError as error:
        if on_notice is None:
            raise
        on_notice(f"the clock here could not be held against the tenant's: {error.what}")
        return
    seen = session.client.server_clock
    if seen is not None and seen.minimum_skew > TOLERANCE:
        now = session.context.now
        raise Refused(
            f"the clock here says {_text(now)}, and the tenant's {_text(now + seen.offset)}: "
            f"they differ by more than {_minutes(TOLERANCE)} minutes",
            where="clock",
            advice=_SET_IT + _SIMULATED,
        )


def _not_before_the_ledger(session: Session) -> None:
    sources = [source.name for source in session.workspace.usage]
    newest = latest_activity(session.ledger, session.manifests.workspace.name, sources)
    now = session.context.now
    if newest is not None and newest - now > TOLERANCE:
        raise Refused(
            f"the clock here says {_text(now)}, and the ledger holds a pull or a write of {_text(newest)}",
            where="clock",
            advice=f"{_SET_IT} If the clock is right, and an earlier one was ahead: move the ledger away.",
        )


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
