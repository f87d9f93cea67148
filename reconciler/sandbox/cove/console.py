"""The state of the console: its data, its sessions, and what it allows.

A visa is valid for 15 minutes of the sandbox's time. Every answer brings a new one [docs, seen], and the old one stays
valid until its own end [guess]. Five failed logins lock the account [seen: "may lock"; the number is a guess] until the
controls unlock it.
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
"""How long a visa is valid."""
LOGINS_BEFORE_LOCK: Final = 5
"""The number of failed logins that locks the account."""
PAGE_CEILING: Final = 1000
"""The usual limit of rows in one answer."""


class Console:
    """One backup console.

    `page_ceiling` limits the rows in one answer of statistics, also when a call asks for more. The real limit is not
    documented.
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
        """Return whether the account refuses every login, also with the right password."""
        return self.failed_logins >= LOGINS_BEFORE_LOCK

    def unlock(self) -> None:
        """Set the number of failed logins to 0."""
        self.failed_logins = 0

    def log_in(self, given: tuple[str, str, str], known: tuple[str, str, str]) -> None:
        """Check partner, user name and password against the known ones. The partner must match exactly.

        Raises:
            RpcError: 2100 for any difference, without saying which; another error when the account is locked.
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
        """Return a new visa, valid for 15 minutes."""
        now = self.clock.now()
        self._issued += 1
        if self._issued % 1000 == 0:
            self._visas = {visa: since for visa, since in self._visas.items() if _alive(since, now)}
        visa = hashlib.sha256(f"{self.world.seed}/{self._issued}".encode()).hexdigest()
        self._visas[visa] = now
        return visa

    def check_visa(self, visa: object) -> None:
        """Check a visa.

        Raises:
            RpcError: 1701, the visa is missing, unknown or older than 15 minutes.
        """
        since = self._visas.get(visa) if isinstance(visa, str) else None
        if since is None or not _alive(since, self.clock.now()):
            raise stale_visa()

    def expire_visas(self) -> None:
        """End every session."""
        self._visas.clear()


def stale_visa(form: int = 0) -> RpcError:
    """Return the error for an invalid visa [seen]; `form` is an index of `VISA_FORMS`."""
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
"""Each form of the error for an invalid visa: code, message, data, and whether the message replaces the error.

Public code shows some of these forms, and the others are likely. The number is in `data` or `code`, as a number or as
text. In some forms only the words of `message` or `data` say it, and in one the error is a text.
"""


def _locked() -> RpcError:
    return refused(ACCOUNT_LOCKED, "The account is locked after too many failed logins")


def _alive(since: datetime, now: datetime) -> bool:
    return now - since < VISA_LIFE
