"""The console's state: its world, who is logged in, and what it allows.

A visa lives 15 minutes by the sandbox's clock, and every answer brings a fresh one [docs, seen]; an older one stays
good until its own end [guess]. Five failed logins lock the account [seen: "may lock"; the number is a guess] until
the controls unlock it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from reconciler.sandbox.cove.columns import Rights
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.cove.errors import (
    ACCOUNT_LOCKED,
    BAD_CREDENTIALS,
    INTERNAL_ERROR,
    VISA_EXPIRED,
    RpcError,
    refused,
)
from reconciler.sandbox.shared.clock import Clock

VISA_LIFE: Final = timedelta(minutes=15)
LOGINS_BEFORE_LOCK: Final = 5
PAGE_CEILING: Final = 1000


class Console:
    """Everything the backup console holds.

    `page_ceiling` is how many rows one answer of statistics holds at most, however many were asked for; the real
    one is undocumented.
    """

    def __init__(self, clock: Clock, world: World | None = None, *, page_ceiling: int = PAGE_CEILING) -> None:
        self.clock = clock
        self.world = world or World(started=clock.now())
        self.page_ceiling = page_ceiling
        self.rights = Rights()
        self.failed_logins = 0
        self._visas: dict[str, datetime] = {}
        self._issued = 0

    @property
    def locked(self) -> bool:
        """Whether the account takes no login, right or wrong."""
        return self.failed_logins >= LOGINS_BEFORE_LOCK

    def unlock(self) -> None:
        """Forget the failed logins."""
        self.failed_logins = 0

    def log_in(self, given: tuple[str, str, str], known: tuple[str, str, str]) -> None:
        """Check (partner, username, password) against what the console knows; the partner to the letter.

        Raises:
            RpcError: 2100 for any mismatch, without saying which; the lock's own error once it is shut.
        """
        if self.locked:
            raise _locked()
        if given == known:
            self.failed_logins = 0
            return
        if given[1] == known[1]:
            self.failed_logins += 1
        raise refused(BAD_CREDENTIALS, "Unknown partner, unknown user name, or wrong password")

    def issue_visa(self) -> str:
        """A fresh visa, good for 15 minutes."""
        now = self.clock.now()
        self._issued += 1
        if self._issued % 1000 == 0:
            self._visas = {visa: since for visa, since in self._visas.items() if _alive(since, now)}
        visa = hashlib.sha256(f"{self.world.seed}/{self._issued}".encode()).hexdigest()
        self._visas[visa] = now
        return visa

    def check_visa(self, visa: object) -> None:
        """Let a good visa pass.

        Raises:
            RpcError: 1701 for one that is missing, unknown or older than 15 minutes.
        """
        since = self._visas.get(visa) if isinstance(visa, str) else None
        if since is None or not _alive(since, self.clock.now()):
            raise stale_visa()

    def expire_visas(self) -> None:
        """End every session now."""
        self._visas.clear()


def stale_visa(form: int = 0) -> RpcError:
    """The answer to a visa that is not, or no longer, good [seen]; `form` is one of those of `VISA_FORMS`."""
    code, message, data, whole = VISA_FORMS[form]
    return RpcError(code, message, data, whole=whole)


_EXPIRED: Final = "The visa is not valid or has expired"
VISA_FORMS: Final[tuple[tuple[int | str, str, int | str | None, bool], ...]] = (
    (INTERNAL_ERROR, _EXPIRED, VISA_EXPIRED, False),
    (INTERNAL_ERROR, "Internal error", str(VISA_EXPIRED), False),
    (VISA_EXPIRED, "Internal error", None, False),
    (str(VISA_EXPIRED), "Internal error", None, False),
    (INTERNAL_ERROR, _EXPIRED, None, False),
    (INTERNAL_ERROR, "Internal error", "Visa expired", False),
    (INTERNAL_ERROR, f"Error {VISA_EXPIRED}", None, True),
)
"""Code, message and data of each form, and whether the message alone stands in place of the error object.

The forms were seen, or are worth accepting: in `data` as a number and as text, in `code` as a number and as text, in
the words of `message` and of `data`, and as a text.
"""


def _locked() -> RpcError:
    return refused(ACCOUNT_LOCKED, "The account is locked after too many failed logins")


def _alive(since: datetime, now: datetime) -> bool:
    return now - since < VISA_LIFE
