"""`history` shows what was written when, by which run and whom, with the values before and after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.manifests.test_git_commit import commit_all
from tests.prepared import prepared
from tests.shop import ALDER, Shop

COMPANY = "Company/alder-dental"
FILE = "customers/alder-dental.yaml"


@pytest.fixture
def anns(shop: Shop) -> Shop:
    """Return a shop whose commands are run by Ann's CI job, on a wide terminal."""
    shop.patch.setenv("GITHUB_ACTOR", "ann")
    shop.patch.setenv("RECONCILER_COLUMNS", "200")
    return shop


@prepared
def small(anns: Shop) -> Shop:
    """Return a shop with one customer, which Ann's CI job applied at 06:00, and changed an hour later."""
    anns.only(ALDER)
    anns.apply("--only", "setup")
    anns.advance(1)
    anns.edit(FILE, "city: Tampa", "city: Orlando")
    anns.apply("--only", "setup")
    return anns


def test_the_runs_are_listed_oldest_first_with_their_counts(small: Shop) -> None:
    said = small("history")
    assert said.code == 0
    first, second, total = [line for line in said.out.splitlines() if "─" not in line][1:]
    assert first.split()[:2] == ["1", "2026-11-01"]
    assert "ann (GitHub)" in first
    assert "11 created" in first
    assert "1 updated" in second
    assert "complete" in second
    assert total == "2 runs."


def test_a_run_is_shown_whole_with_each_field_before_and_after(small: Shop) -> None:
    said = small("history", "--run", "2")
    assert "Run 2: 1 updated. Complete." in said.out
    assert "2026-11-01 07:00:00 UTC (2026-11-01 02:00:00 America/New_York)" in said.out
    assert 'city = "Tampa" → "Orlando"' in said.out
    assert "done, id 1" in said.out


def test_an_address_shows_every_write_of_its_object(small: Shop) -> None:
    found = small("--json", "history", COMPANY).json
    assert [(write["run"], write["action"]) for write in found["writes"]] == [(1, "create"), (2, "update")]
    (last,) = found["writes"][1:]
    assert last["changes"] == [{"path": "city", "before": "Tampa", "after": "Orlando"}]
    assert (last["who"], last["commit"], last["state"], last["id"]) == ("ann (GitHub)", None, "done", 1)
    assert (last["sent_at"], last["error"], last["recovered"]) == ("2026-11-01T07:00:00+00:00", None, False)
    assert last["plan_digest"].startswith("sha256:")


def test_numbers_and_secrets_are_marked_and_no_secret_is_shown(small: Shop) -> None:
    writes = {each["address"]: each for each in small("--json", "history", "--run", "1").json["writes"]}
    login = {change["path"]: change for change in writes["IntegratorLogin/backup"]["changes"]}
    assert login["password"]["after"] == {"env": "COVE_PASSWORD"}
    assert login["password"]["sensitive"] is True
    product = {change["path"]: change for change in writes["Product/backup-gb"]["changes"]}
    assert product["price"] == {"path": "price", "before": None, "after": "0.15", "number": True}
    shown = small("history", "--run", "1")
    assert "password = (sensitive, from $COVE_PASSWORD)" in shown.out
    assert not any(secret in shown.out for secret in small.secrets())


def test_links_to_objects_of_the_same_plan_have_their_ids(small: Shop) -> None:
    (write,) = small("--json", "history", "Agreement/alder-dental").json["writes"]
    company = next(change["after"] for change in write["changes"] if change["path"] == "company")
    assert company == {"name": "alder-dental", "id": 1, "address": COMPANY}


def test_writes_to_a_subcollection_belong_to_the_address_of_the_object(small: Shop) -> None:
    small.edit(FILE, "state: FL", "state: FL, types: [Customer, Vendor]")
    small.apply("--only", "setup")
    write = small("--json", "history", COMPANY).json["writes"][-1]
    assert write["path"] == "company/companies/1/typeAssociations"
    (change,) = write["changes"]
    assert [entry["name"] for entry in change["before"]] == ["Customer"]
    assert [entry["name"] for entry in change["after"]] == ["Customer", "Vendor"]


def test_a_later_write_of_the_same_field_shows_what_was_sent(small: Shop) -> None:
    small.edit(FILE, "state: FL", "state: FL, types: [Vendor]")
    small.apply("--only", "setup")
    said = small("history", "--run", "3")
    assert "types = [Customer] → [Vendor]" in said.out
    assert "DELETE company/companies/1/typeAssociations/" in said.out


def test_the_object_of_a_renamed_document_keeps_its_history(small: Shop) -> None:
    text = (small.folder / FILE).read_text(encoding="utf-8")
    renamed = text.replace("company: alder-dental", "company: alder").replace(
        "kind: Company\nmetadata: {name: alder-dental}", "kind: Company\nmetadata: {name: alder}"
    )
    small.write(FILE, renamed.replace("city: Orlando", "city: Miami"))
    small.apply("--only", "setup")
    found = small("--json", "history", "Company/alder").json
    assert found["addresses"] == ["Company/alder", COMPANY]
    assert [write["address"] for write in found["writes"]] == [COMPANY, COMPANY, "Company/alder"]
    table = small("history", "Company/alder").out
    assert "address" in table.splitlines()[0]


@pytest.mark.parametrize(
    "address",
    ["Addition/alder-dental.storage:backup-gb", "Addition/alder-dental:backup-gb", "CustomerMapping/alder-dental"],
)
def test_additions_have_the_addresses_that_a_plan_prints(small: Shop, address: str) -> None:
    small.apply()
    (write,) = small("--json", "history", address).json["writes"]
    assert write["address"] == "Addition/alder-dental.storage:backup-gb"


def test_a_customer_shows_the_writes_of_its_additions(small: Shop) -> None:
    small.apply()
    assert len(small("--json", "history", "cove/1001001").json["writes"]) == 1


def test_a_mapping_that_is_gone_still_shows_its_additions(small: Shop) -> None:
    small.apply()
    (small.folder / FILE).unlink()
    assert len(small("--json", "history", "CustomerMapping/alder-dental").json["writes"]) == 1


def test_since_leaves_out_what_is_older(small: Shop) -> None:
    assert [run["run"] for run in small("--json", "history", "--since", "30m").json["runs"]] == [2]
    assert [run["run"] for run in small("--json", "history", "--since", "2026-11-01").json["runs"]] == [1, 2]
    assert [write["run"] for write in small("--json", "history", COMPANY, "--since", "30m").json["writes"]] == [2]
    assert small("--json", "history", "--run", "1", "--since", "30m").json["writes"] == []


def test_an_address_and_a_run_show_the_writes_of_both(small: Shop) -> None:
    assert [write["run"] for write in small("--json", "history", COMPANY, "--run", "1").json["writes"]] == [1]


def test_only_the_newest_runs_are_listed(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.cli.history.NEWEST", 1)
    said = small("history")
    assert said.out.splitlines()[-1] == "1 run; 1 earlier ones are left out: --since 30d shows more."


def test_an_unknown_address_is_an_error_with_a_suggestion(small: Shop) -> None:
    said = small("history", "Company/alder-dentle")
    assert said.code == 1
    assert "nothing was written to an address Company/alder-dentle" in said.err
    assert "Did you mean Company/alder-dental" in said.err
    nothing_near = small("history", "zzzzzzzz")
    assert "List the runs with: reconciler history" in nothing_near.err


def test_a_suggestion_is_made_once(small: Shop) -> None:
    assert small("history", "Company/").err.count("Company/alder-dental") == 1
    assert "nothing was written to an address without a name" in small("history", "").err


def test_manifests_with_errors_have_their_history(small: Shop) -> None:
    small.edit(FILE, "kind: Contact", "kind: Contacts")
    said = small("history", "Company/alder-dental")
    assert said.code == 0
    assert "2 writes." in said.out
    assert "the history leaves out documents with errors (1 error in 1 file)" in said.err
    (small.folder / "workspace.yaml").unlink()
    assert small("history").code == 1


def test_a_document_that_was_never_written_says_so(small: Shop) -> None:
    said = small("history", "CustomerMapping/alder-dental")
    assert said.code == 1
    assert "nothing was written to CustomerMapping/alder-dental so far" in said.err


def test_an_unknown_run_is_an_error_that_names_the_newest(small: Shop) -> None:
    said = small("history", "--run", "9")
    assert said.code == 1
    assert "workspace example has no run 9" in said.err
    assert "The newest is run 2." in said.err
    assert small("history", COMPANY, "--run", "9").code == 1


def test_without_a_run_the_list_is_empty(shop: Shop) -> None:
    assert shop("history").out == "0 runs.\n"
    assert "It has no runs." in shop("history", "--run", "1").err


def test_a_failed_write_shows_what_connectwise_answered(small: Shop) -> None:
    small.edit(FILE, 'zip: "33602"', 'zip: "33603"')
    small.fault("forgets")
    small.apply("--only", "setup", code=4)
    (write,) = small("--json", "history", "--run", "3").json["writes"]
    assert write["state"] == "failed"
    assert write["error"]
    said = small("history", "--run", "3")
    assert "error:" in said.out
    assert "Partial." in said.out


def test_neither_credentials_nor_connectwise_are_needed(small: Shop) -> None:
    for name in small.variables:
        small.patch.delenv(name)
    assert small("history").code == 0
    assert small("history", COMPANY).code == 0


@pytest.fixture
def unwritable(small: Shop) -> Iterator[Path]:
    """Return the ledger in a folder in which nothing can be written."""
    small.ledger.chmod(0o400)
    small.ledger.parent.chmod(0o500)
    yield small.ledger
    small.ledger.parent.chmod(0o700)


def test_a_ledger_that_cannot_be_written_is_enough(small: Shop, unwritable: Path) -> None:
    assert unwritable.exists()
    assert small("history", COMPANY).code == 0


def test_writes_of_earlier_versions_show_what_was_sent(small: Shop) -> None:
    with closing(sqlite3.connect(small.ledger)) as connection:
        connection.execute("UPDATE writes SET action = NULL, reason = NULL, changes = NULL")
        connection.execute("UPDATE runs SET actor = NULL, git_commit = NULL, outcome = NULL, ended_at = NULL")
        connection.commit()
    runs = small("history").out
    assert "unknown" in runs
    assert "1 PATCH" in runs
    assert "died" in runs
    said = small("history", COMPANY)
    assert "PATCH company/companies/1" in said.out
    assert 'city = "Orlando"' in said.out


def test_the_outcomes_of_earlier_versions_are_counted(small: Shop) -> None:
    with closing(sqlite3.connect(small.ledger)) as connection:
        old = '{"results": [{"action": "update", "status": "done"}, {"action": "update", "status": "done"}]}'
        connection.execute("UPDATE runs SET outcome = ? WHERE id = 2", (old,))
        connection.commit()
    assert small("--json", "history").json["runs"][1]["counts"] == {"update": {"done": 2}}


def test_the_commit_of_the_manifests_is_recorded(shop: Shop) -> None:
    shop.only(ALDER)
    commit_all(shop.folder)
    shop.apply("--only", "setup")
    (run,) = shop("--json", "history").json["runs"]
    assert len(run["commit"]) == 40
    shop.edit(FILE, "city: Tampa", "city: Orlando")
    shop.apply("--only", "setup")
    assert shop("--json", "history").json["runs"][1]["commit"] == f"{run['commit']}+dirty"
    assert f"{run['commit'][:8]}+dirty" in shop("history").out
