"""`apply --wait` waits for another apply, and then works with what is true when the wait ends."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.session import running_clock
from reconciler.ledger.lease import hold_lock
from reconciler.ledger.store import Ledger
from tests.ledger.locks import ELSEWHERE, insert_lock
from tests.prepared import prepared
from tests.shop import ALDER, Shop

BEFORE_MIDNIGHT = datetime(2026, 12, 1, 4, 50, tzinfo=UTC)
"""Ten minutes before the end of November in New York."""
AGREEMENT = "Alder Dental - Managed Backup"


class Wait:
    """Another apply that holds the lock of the shop for some minutes. Nothing sleeps: a clock of the test moves."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.seconds = 0.0
        self.minutes = 15.0
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while this run waits."""
        shop.patch.setitem(running_clock.__kwdefaults__, "seconds", lambda: self.seconds)
        held: Any = hold_lock
        shop.patch.setitem(held.__wrapped__.__kwdefaults__, "clock", lambda: self.seconds)
        shop.patch.setitem(held.__wrapped__.__kwdefaults__, "sleep", self._sleep)

    def begin(self) -> None:
        with Ledger.open(str(self.shop.ledger), now=self.shop.time) as ledger:
            insert_lock(ledger, ELSEWHERE, workspace="example")

    async def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds >= self.minutes * 60 and self.held():
            self.shop.sandbox.clock.advance(timedelta(minutes=self.minutes))
            self.meanwhile()
            self._execute("DELETE FROM locks")

    def held(self) -> bool:
        return bool(self._execute("SELECT 1 FROM locks"))

    def _execute(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.shop.ledger)) as connection, connection:
            return connection.execute(statement).fetchall()


@prepared
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    shop.advance(1)
    shop.uses(ALDER, "130")
    return shop


@pytest.fixture
def wait(small: Shop) -> Wait:
    return Wait(small)


def test_a_second_apply_waits_for_the_first_and_names_it(small: Shop, wait: Wait) -> None:
    wait.begin()
    said = small("apply", "--auto-approve", "--wait", "20m")
    assert said.code == 0
    assert said.err.startswith("note: another apply of workspace example is running: process 1 on host, since ")
    assert said.err.count("waiting for it for up to 20 minutes\n") == 1
    assert "note:" not in said.out
    assert small.additions(AGREEMENT)["BACKUP-GB"][0] == 130


def test_after_the_wait_a_held_lock_is_refused_with_3(small: Shop, wait: Wait) -> None:
    wait.begin()
    wait.minutes = 25
    said = small("--json", "apply", "--auto-approve", "--wait", "20m")
    assert said.code == 3
    assert said.json["error"]["code"] == 3
    assert "process 1 on host" in said.json["error"]["message"]
    assert said.json["error"]["advice"].startswith("This run waited 20 minutes for it. ")
    assert wait.held()
    assert small.additions(AGREEMENT)["BACKUP-GB"][0] != 130


def test_the_plan_is_made_after_the_wait(small: Shop, wait: Wait) -> None:
    """The other apply bills, and the customer stores more, while this run waits."""
    wait.begin()
    wait.meanwhile = lambda: small.uses(ALDER, "145")
    said = small("apply", "--only", "usage", "--auto-approve", "--wait", "20m")
    assert said.code == 0, said.err
    assert small.additions(AGREEMENT)["BACKUP-GB"][0] == 145


def test_a_run_that_waited_past_the_end_of_a_month_bills_the_new_month(small: Shop, wait: Wait) -> None:
    small.advance((BEFORE_MIDNIGHT - small.time) / timedelta(hours=1))
    wait.begin()
    said = small("--json", "apply", "--only", "usage", "--auto-approve", "--wait", "20m")
    assert said.code in {0, 5}, said.err
    with closing(sqlite3.connect(small.ledger)) as connection:
        ((newest,),) = connection.execute("SELECT max(started_at) FROM pulls")
    assert newest > "2026-12-01 05:0"  # in New York it is December


def test_a_usage_plan_file_is_refused_if_its_month_ended_during_the_wait(
    small: Shop, wait: Wait, tmp_path: Path
) -> None:
    small.advance((BEFORE_MIDNIGHT - small.time) / timedelta(hours=1))
    file = tmp_path / "plan.json"
    small("plan", "--only", "usage", "--out", str(file))
    wait.begin()
    said = small("apply", str(file), "--auto-approve", "--wait", "20m")
    assert said.code == 3
    assert "the plan bills usage of 2026-11, but it is 2026-12 now" in said.err
    assert small.additions(AGREEMENT)["BACKUP-GB"][0] != 130


def test_a_plan_file_is_refused_if_the_other_apply_changed_its_object(small: Shop, wait: Wait, tmp_path: Path) -> None:
    small.edit("products.yaml", "price: 0.15", "price: 0.18")
    file = tmp_path / "plan.json"
    small("plan", "--only", "setup", "--out", str(file))
    product = small.one("/procurement/catalog", identifier="BACKUP-GB")
    wait.begin()
    wait.meanwhile = lambda: small.patch_live(f"/procurement/catalog/{product['id']}", price=0.17)
    said = small("apply", str(file), "--wait", "20m")
    assert said.code == 3
    assert "price" in said.err
    assert small.one("/procurement/catalog", identifier="BACKUP-GB")["price"] == Decimal("0.17")


def test_an_approved_plan_is_checked_again_after_a_wait(small: Shop, wait: Wait) -> None:
    """The other apply begins while this run asks, and changes the price that the plan would change."""
    small.edit("products.yaml", "price: 0.15", "price: 0.18")
    product = small.one("/procurement/catalog", identifier="BACKUP-GB")
    wait.meanwhile = lambda: small.patch_live(f"/procurement/catalog/{product['id']}", price=0.17)

    def answer() -> str:
        wait.begin()
        return "yes"

    small.patch.setattr("reconciler.cli.asking._answer", answer)
    said = small("apply", "--only", "setup", "--wait", "20m")
    assert said.code == 3
    assert "waiting for it for up to 20 minutes" in said.err
    assert small.one("/procurement/catalog", identifier="BACKUP-GB")["price"] == Decimal("0.17")


def test_ctrl_c_during_the_wait_ends_with_130(small: Shop) -> None:
    with Ledger.open(str(small.ledger), now=small.time) as ledger:
        insert_lock(ledger, ELSEWHERE, workspace="example")
    with small.start("apply", "--auto-approve", "--wait", "10m") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "waiting for it for up to 10 minutes" in line
    assert process.returncode == 130
    assert err == "interrupted; nothing was written to ConnectWise\n"


@pytest.mark.parametrize("text", ["", "20", "m", "-5m", "1.5h", "soon", "999999m"])
def test_a_text_that_is_no_duration_is_an_error_with_the_forms(small: Shop, text: str) -> None:
    said = small("apply", "--auto-approve", f"--wait={text}")
    assert said.code == 1
    assert said.err == (
        f"error: --wait: {text or 'an empty text'} is no duration\n"
        "  Write how long to wait, such as 30m, 24h, 7d, 2w.\n"
    )
