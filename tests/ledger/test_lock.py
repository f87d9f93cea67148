from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.errors import Refused
from reconciler.ledger import lock, schema
from reconciler.ledger.lock import LEASE, Owner, hold, is_alive, this_process
from reconciler.ledger.store import Ledger

from .conftest import NOON

OTHER = Owner("other-host", 1)
GONE = Owner("this-host", 4711)
US = Owner("this-host", 4712)


def left_behind(ledger: Ledger, owner: Owner, **more: Any) -> None:
    """A lock whose holder never gave it back."""
    values = {"token": "lost", "host": owner.host, "pid": owner.pid, "since": NOON, "renewed_at": NOON, **more}
    with ledger.write() as connection:
        connection.execute(sa.insert(schema.locks).values(workspace="main", **values))


def holders(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger.read() as connection:
        rows = connection.execute(sa.select(schema.locks.c.host, schema.locks.c.pid))
        return [(host, pid) for host, pid in rows]


def test_one_apply_at_a_time_and_the_other_is_told_who_and_since_when(ledger: Ledger) -> None:
    with hold(ledger, "main", NOON), pytest.raises(Refused) as caught, hold(ledger, "main", NOON):
        pass
    text = str(caught.value)
    assert f"process {os.getpid()} on {this_process().host}, since 2025-11-22 12:00:00 UTC" in text
    assert "60 minutes after its last sign of life" in text
    assert caught.value.exit_code == 3


def test_workspaces_do_not_wait_for_each_other(ledger: Ledger) -> None:
    with hold(ledger, "main", NOON), hold(ledger, "test", NOON):
        assert len(holders(ledger)) == 2


def test_the_lock_is_given_back_also_after_an_error(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt), hold(ledger, "main", NOON):
        raise KeyboardInterrupt
    assert holders(ledger) == []
    with hold(ledger, "main", NOON):
        pass


def test_a_lock_of_a_dead_process_of_this_machine_is_taken_over(ledger: Ledger) -> None:
    left_behind(ledger, GONE)
    with hold(ledger, "main", NOON, owner=US, alive=lambda pid: pid != GONE.pid):
        assert holders(ledger) == [("this-host", US.pid)]


def test_a_lock_of_a_living_process_of_this_machine_is_not(ledger: Ledger) -> None:
    left_behind(ledger, GONE)
    with (
        pytest.raises(Refused, match="process 4711 on this-host"),
        hold(ledger, "main", NOON + 9 * LEASE, owner=US, alive=lambda _: True),
    ):
        pass


def test_a_lock_left_by_an_earlier_process_of_our_own_number_is_taken_over(ledger: Ledger) -> None:
    """Each start of a container may have one host name and one process id."""
    left_behind(ledger, US)
    with hold(ledger, "main", NOON, owner=US):
        pass


def test_a_lock_of_another_machine_holds_until_its_lease_ends(ledger: Ledger) -> None:
    left_behind(ledger, OTHER)
    with pytest.raises(Refused), hold(ledger, "main", NOON + LEASE, owner=US):
        pass
    with hold(ledger, "main", NOON + LEASE + timedelta(seconds=1), owner=US):
        assert holders(ledger) == [("this-host", US.pid)]


def test_a_renewed_lock_holds_on(ledger: Ledger) -> None:
    with hold(ledger, "main", NOON, owner=OTHER) as lease:
        lease.renew(NOON + LEASE)
        with pytest.raises(Refused), hold(ledger, "main", NOON + 2 * LEASE, owner=US):
            pass


def test_a_run_whose_lock_was_taken_over_is_told_and_does_not_free_the_new_one(ledger: Ledger) -> None:
    with hold(ledger, "main", NOON, owner=OTHER) as lease:
        with ledger.write() as connection:
            connection.execute(sa.update(schema.locks).values(token="new", host="third", pid=3))
        with pytest.raises(Refused, match="taken over the lock of workspace main"):
            lease.renew(NOON)
    assert holders(ledger) == [("third", 3)]


def test_of_two_that_reach_for_the_lock_at_once_one_is_refused(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL two can both see no row; the primary key decides. Here the look is made to see nothing."""
    left_behind(ledger, OTHER)
    first = {"look": True}
    select = sa.select

    def blind(*columns: Any) -> Any:
        query = select(*columns)
        return query.where(sa.false()) if first.pop("look", False) else query

    monkeypatch.setattr(lock.sa, "select", blind)  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="process 1 on other-host"), hold(ledger, "main", NOON, owner=US):
        pass


def test_of_two_that_replace_a_stale_lock_at_once_one_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(ledger, GONE)
    mine = lock._mine
    monkeypatch.setattr(lock, "_mine", lambda workspace, _: mine(workspace, "never"))
    with pytest.raises(Refused, match="process 4711"), hold(ledger, "main", NOON, owner=US, alive=lambda _: False):
        pass


def test_a_lock_that_is_freed_between_two_looks_asks_for_another_try() -> None:
    assert "run again" in str(lock._refusal("main", None))


def test_whether_a_process_lives_is_asked_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_alive(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_alive(ended.pid)

    def not_ours(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", not_ours)
    assert is_alive(1)
