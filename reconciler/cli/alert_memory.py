"""Read and write what the ledger remembers of alerts, also if it cannot be written or read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from reconciler.alerts.known import Known, KnownCauses
from reconciler.alerts.stored import changed_rows, known_of
from reconciler.cli.context import Context
from reconciler.cli.output import print_note
from reconciler.cli.session import ledger_url
from reconciler.errors import ReconcilerError
from reconciler.ledger.alerts import last_good_run, load_alerts, record_good_run, store_alerts
from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.files import is_in_memory
from reconciler.ledger.read_only import open_for_reading
from reconciler.ledger.store import Ledger, parse_url
from reconciler.manifests.documents import Manifests

_USAGE = "usage"
"""The job whose last good run is stored."""


@dataclass(slots=True)
class Memory:
    """The open causes in the ledger. Without a ledger that can be written, nothing is remembered."""

    workspace: str
    ledger: Ledger | None
    """None if it cannot be read."""
    writable: bool
    """False once a write has failed."""

    def known(self) -> dict[str, Known]:
        """Return the known causes, by key."""
        return {} if self.ledger is None else known_in(self.ledger, self.workspace)

    def store(self, before: KnownCauses, after: KnownCauses) -> bool:
        """Store what has changed. Return false if it could not be stored."""
        changed, dropped = changed_rows(before, after)
        return self._write(lambda ledger: store_alerts(ledger, self.workspace, changed, dropped))

    def last_good_run(self) -> datetime | None:
        """Return when the last good apply of usage ended. None if it is not known."""
        return None if self.ledger is None else last_good_run(self.ledger, self.workspace, _USAGE)

    def record_good_run(self, now: datetime) -> None:
        """Record that an apply of usage has ended well."""
        self._write(lambda ledger: record_good_run(ledger, self.workspace, _USAGE, now))

    def _write(self, write: Callable[[Ledger], None]) -> bool:
        if self.ledger is None or not self.writable:
            return False
        try:
            write(self.ledger)
        except LedgerError as error:
            self.writable = False
            print_note(f"what was told is not recorded, so it is told again: {error.what}")
        return self.writable


def known_in(ledger: Ledger, workspace: str) -> dict[str, Known]:
    """Return the known causes of a workspace in a ledger, by key."""
    return known_of(load_alerts(ledger, workspace))


@contextmanager
def open_memory(context: Context, manifests: Manifests) -> Iterator[Memory]:
    """Open the ledger. One that cannot be written is read, and what is told is then not recorded."""
    ledger, writable = None, False
    try:
        url = ledger_url(context, manifests)
        try:
            ledger = Ledger.open(url, now=context.now)
            writable = not is_in_memory(parse_url(url))
        except Unwritable:
            ledger = open_for_reading(url, now=context.now, on_notice=lambda _text: None)
    except ReconcilerError as error:
        print_note(f"the ledger cannot be read, so what was told before is told again: {error.what}")
    try:
        yield Memory(manifests.workspace.name, ledger, writable)
    finally:
        if ledger is not None:
            ledger.close()
