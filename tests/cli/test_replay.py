"""`usage replay` computes a month again: by its own rules the same, by others as a what-if."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop

PERIOD = ("--period", "2026-11")


@prepared
def billed(shop: Shop) -> Shop:
    """Return a shop with two customers that was applied twice, with one device more the second time."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.advance()
    shop.world.add_device(ALDER, shop.time, 20 * 10**9)
    shop.apply()
    return shop


def test_by_its_own_rules_a_month_gives_the_same_lines(billed: Shop) -> None:
    billed.advance(5)
    billed("usage", "pull")
    billed.sandbox.log.clear()
    said = billed("usage", "replay", *PERIOD)
    assert said.code == 0
    assert "2026-11 by its own rules: 2 charges the same, 0 different." in said.out
    assert billed.sandbox.log.total == 0
    found = billed("--json", "usage", "replay", *PERIOD).json
    (charge,) = found["customers"][0]["charges"]
    assert [line["quantity"] for line in charge["rated"]] == ["141"]
    assert charge["rated_by"] == charge["billed_by"]


def test_each_measure_is_replayed_from_its_hours(billed: Shop) -> None:
    billed.edit(
        "customers/alder-dental.yaml", '  managedId: "1001001"\n  #', '  managedId: "1001001"\n  measure: peak\n  #'
    )
    billed.advance()
    billed.apply()
    billed.advance(3)
    billed("usage", "pull")
    assert billed("usage", "replay", *PERIOD).code == 0


def test_another_sample_is_a_difference_and_ends_with_1(billed: Shop) -> None:
    with closing(sqlite3.connect(billed.ledger)) as ledger, ledger:
        ledger.execute("UPDATE bills SET lines = '[]' WHERE customer_id = ?", (str(ALDER),))
    said = billed("usage", "replay", *PERIOD)
    assert said.code == 1
    assert "1 charge the same, 1 different." in said.out
    assert "nothing → 141 × 0.15" in said.out


def test_by_the_rules_of_today_the_difference_in_money_is_shown(billed: Shop) -> None:
    billed.edit("products.yaml", "price: 0.15", "price: 0.20")
    said = billed("--json", "usage", "replay", *PERIOD, "--rules", "today")
    assert said.code == 0
    alder = said.json["customers"][0]
    assert (alder["customer"], alder["before"], alder["after"], alder["difference"]) == (
        "cove/1001001",
        "21.15",
        "28.2",
        "7.05",
    )


def test_by_a_revision_the_manifests_of_git_count(billed: Shop) -> None:
    for arguments in (
        ["init", "-q"],
        ["-c", "user.name=Ann", "-c", "user.email=ann@msp.example", "commit", "-q", "--allow-empty", "-m", "empty"],
        ["add", "-A"],
        ["-c", "user.name=Ann", "-c", "user.email=ann@msp.example", "commit", "-qm", "as billed"],
    ):
        subprocess.run(["git", *arguments], cwd=billed.folder, check=True)
    billed.edit("products.yaml", "price: 0.15", "price: 0.20")
    said = billed("usage", "replay", *PERIOD, "--rules", "HEAD")
    assert "2026-11 by the rules of HEAD: 2 charges the same, 0 different." in said.out
    unknown = billed("usage", "replay", *PERIOD, "--rules", "nowhere")
    assert (unknown.code, "Git has no commit nowhere" in unknown.err) == (1, True)


def test_charges_that_come_and_go_are_priced(billed: Shop) -> None:
    with closing(sqlite3.connect(billed.ledger)) as ledger, ledger:
        ledger.execute("UPDATE bills SET charge = 'gone' WHERE customer_id = ?", (str(ALDER),))
    found = billed("--json", "usage", "replay", *PERIOD, "--rules", "today").json
    gone, new = found["customers"][0]["charges"]
    assert (gone["charge"], gone["why"], gone["rated"]) == ("gone", "these rules have no such charge", None)
    assert (new["charge"], new["billed"], new["after"]) == ("storage", None, "21.15")


def test_a_month_without_bills_is_an_error(billed: Shop) -> None:
    said = billed("usage", "replay", "--period", "2026-10")
    assert said.code == 1
    assert "the ledger has no bills of 2026-10" in said.err


def test_a_sealed_month_is_refused_with_the_reason(billed: Shop) -> None:
    with closing(sqlite3.connect(billed.ledger)) as ledger, ledger:
        ledger.execute(
            "INSERT INTO seals (workspace, period, sources, samples_before, keep_months, pulls, samples, sealed_at) "
            "SELECT workspace, '2026-11', '[]', billed_at, 13, 1, 1, billed_at FROM bills LIMIT 1"
        )
    said = billed("usage", "replay", *PERIOD)
    assert said.code == 1
    assert "2026-11 is sealed" in said.err


def test_a_held_charge_keeps_the_moment_of_its_last_bill(billed: Shop) -> None:
    with closing(sqlite3.connect(billed.ledger)) as ledger:
        before = ledger.execute("SELECT billed_at FROM bills ORDER BY customer_id").fetchall()
    billed.advance()
    billed.fault("html@/jsonapi")
    billed("apply", "--auto-approve")
    with closing(sqlite3.connect(billed.ledger)) as ledger:
        assert ledger.execute("SELECT billed_at FROM bills ORDER BY customer_id").fetchall() == before
        assert ledger.execute("SELECT count(*) FROM rule_versions").fetchone() == (2,)
    assert billed("usage", "replay", *PERIOD).code == 0
