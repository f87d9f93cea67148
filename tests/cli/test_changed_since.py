"""Tests of `plan --changed-since`: a plan of what Git changed, with the usage of the newest stored pull."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes

ALDER_FILE = "customers/alder-dental.yaml"
BIRCH_FILE = "customers/birchwood-legal.yaml"
SINCE = ("--changed-since", "main")


def git(folder: Path, *arguments: str) -> str:
    """Run Git in a folder, with a name and an address for commits."""
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "a change")


@prepared
def pair(shop: Shop) -> Shop:
    """Return a shop with two customers after their first apply, whose estate is in a repository of Git."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    git(shop.folder.parent, "init", "-q")
    (shop.folder.parent / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    commit(shop.folder.parent)
    git(shop.folder.parent, "switch", "-qc", "work")
    shop.sandbox.log.clear()
    return shop


def addresses(plan: Any) -> set[str]:
    return {action["address"] for action in plan["actions"]}


def requests(shop: Shop) -> list[str]:
    return [entry.path for entry in shop.sandbox.log.entries if not entry.path.startswith("/sandbox")]


def test_without_a_change_the_plan_is_empty(pair: Shop) -> None:
    plan = pair.plan(*SINCE)

    assert plan["actions"] == []
    assert plan["coverage"] == []


def test_only_the_changed_document_and_what_refers_to_it_is_planned(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    pair.patch_live(f"/company/companies/{pair.one('/company/companies', identifier='BirchwoodLegal')['id']}", city="X")

    plan = pair.plan(*SINCE)

    assert addresses(plan) == {"Company/alder-dental"}
    assert plan["changed_since"] == "main"
    assert "CustomerMapping/alder-dental" in plan["documents"]
    assert not any("birchwood" in address for address in plan["documents"])


def test_a_committed_change_counts_like_one_in_the_working_tree(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    commit(pair.folder)

    assert addresses(pair.plan(*SINCE)) == {"Company/alder-dental"}


def test_later_changes_of_main_are_not_part_of_the_plan(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    commit(pair.folder)
    git(pair.folder, "switch", "-q", "main")
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")
    commit(pair.folder)
    git(pair.folder, "switch", "-q", "work")

    assert addresses(pair.plan(*SINCE)) == {"Company/alder-dental"}


def test_a_price_changes_the_additions_of_all_mappings_with_that_product(pair: Shop) -> None:
    pair.edit("products.yaml", "price: 0.15", "price: 0.16")

    plan = pair.plan(*SINCE)

    whole = {action["address"]: action for action in pair.plan()["actions"]}
    assert {action["address"]: action for action in plan["actions"]} == whole
    assert addresses(plan) == {"Product/backup-gb", "Addition/alder-dental.storage:backup-gb"}


def test_a_new_customer_is_planned_as_in_the_whole_plan(pair: Shop) -> None:
    text = (pair.folder / ALDER_FILE).read_text(encoding="utf-8")
    text = text.replace("alder-dental", "zeta").replace("AlderDental", "Zeta").replace("Alder Dental", "Zeta")
    pair.write("customers/zeta.yaml", text.replace(str(ALDER), "1009999"))

    plan = pair.plan(*SINCE)

    whole = {action["address"]: action for action in pair.plan("--only", "setup")["actions"]}
    assert {action["address"]: action for action in plan["actions"]} == whole
    assert len(whole) == 4


def test_an_object_that_a_new_one_needs_is_created_first_although_git_did_not_change_it(shop: Shop) -> None:
    shop.only(ALDER, BIRCHWOOD)
    git(shop.folder.parent, "init", "-q")
    commit(shop.folder)
    shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")

    plan = shop.plan("--changed-since", "HEAD", "--only", "setup")

    whole = {action["address"]: action for action in shop.plan("--only", "setup")["actions"]}
    needed = {address: each for address, each in whole.items() if "birch" not in address and "gb-" not in address}
    assert {action["address"]: action for action in plan["actions"]} == needed
    assert "ManagementItSolution/managed-backup" in needed


def test_a_removed_document_is_listed(pair: Shop) -> None:
    (pair.folder / BIRCH_FILE).unlink()

    said = pair("plan", *SINCE)

    assert said.code == 0
    assert "Warning: Company/birchwood-legal: no longer declared since main; nothing is removed" in said.out
    assert "CustomerMapping/birchwood-legal: no longer declared since main; nothing is removed in ConnectWise; its" in (
        said.out
    )


def test_a_document_that_still_refers_to_a_removed_one_is_an_error(pair: Shop) -> None:
    text = (pair.folder / ALDER_FILE).read_text(encoding="utf-8")
    pair.write(ALDER_FILE, "\n---\n".join(part for part in text.split("\n---\n") if "kind: Contact" not in part))

    said = pair("plan", *SINCE)

    assert said.code == 1
    assert "there is no Contact/alder-dental" in said.err


def test_the_plan_says_that_it_is_partial_and_who_checks_the_rest(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")

    said = pair("plan", *SINCE)

    assert "Warning: this plan is partial: 1 document changed since main (commit " in said.out
    assert "`reconciler validate` and a plan without --changed-since check the whole estate" in said.out


def test_no_source_is_read_and_usage_comes_from_the_newest_stored_pull(pair: Shop) -> None:
    pair.uses(ALDER, "200")
    pair("usage", "pull")
    pair.uses(ALDER, "300")
    pair.patch.delenv("COVE_PASSWORD")
    pair.edit(ALDER_FILE, "name: Alder Dental}", "name: Alder}")
    pair.sandbox.log.clear()

    plan = pair.plan(*SINCE, "--only", "usage")

    (action,) = plan["actions"]
    changes = {change["path"]: (change["before"], change["after"]) for change in action["changes"]}
    assert changes == {"quantity": ("121", "200")}
    assert not [path for path in requests(pair) if "jsonapi" in path]


def test_without_a_stored_pull_the_plan_says_that_usage_is_unknown(pair: Shop) -> None:
    shutil.rmtree(pair.ledger.parent)
    pair.edit(ALDER_FILE, "name: Alder Dental}", "name: Alder}")

    said = pair("plan", *SINCE)

    assert said.code == 0
    assert "usage is unknown: the ledger has no complete pull of cove, and this plan reads no source" in said.out


def test_a_changed_workspace_touches_every_document(pair: Shop) -> None:
    pair.edit("workspace.yaml", "graceHours: 24", "graceHours: 25")
    pair.uses(BIRCHWOOD, "462")
    pair("usage", "pull")

    said = pair("plan", *SINCE)

    assert "every document counts as changed since main" in said.out
    assert "Addition/birchwood-legal.storage:backup-gb-500" in said.out


def test_a_changed_mapping_needs_few_requests(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")

    pair.plan(*SINCE)

    assert len(requests(pair)) < 20


def test_a_plan_file_is_applied_if_its_documents_are_the_same(pair: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    pair.plan(*SINCE, "--out", file)
    pair.edit(BIRCH_FILE, "city: Buffalo", "city: Naples")

    said = pair("apply", file)

    assert said.code == 0, said.err
    assert pair.one("/company/companies", identifier="AlderDental")["city"] == "Miami"
    assert pair.one("/company/companies", identifier="BirchwoodLegal")["city"] == "Buffalo"


def test_a_plan_file_of_other_documents_is_refused_with_what_moved(pair: Shop, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    pair.plan(*SINCE, "--out", file)
    pair.edit(ALDER_FILE, "city: Miami", "city: Orlando")

    said = pair("apply", file)

    assert said.code == 3
    assert 'approved: "Tampa" → "Miami"' in said.err
    assert 'now:      "Tampa" → "Orlando"' in said.err
    assert writes(pair) == []


def test_apply_with_the_digest_of_a_pull_request(pair: Shop) -> None:
    pair.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    digest = pair.plan(*SINCE, "--only", "setup")["digest"]

    assert pair("apply", *SINCE, "--only", "setup", "--expect-digest", digest).code == 0
    assert pair.one("/company/companies", identifier="AlderDental")["city"] == "Miami"


def test_targets_and_changes_cannot_be_combined(pair: Shop) -> None:
    said = pair("plan", *SINCE, "--target", "Company/alder-dental")

    assert said.code == 1
    assert "--target and --changed-since cannot be used together" in said.err


def test_the_json_of_the_plan_has_its_documents(pair: Shop) -> None:
    pair.edit(ALDER_FILE, 'managedId: "1001001"\n  #', 'managedId: "1001001"\n  minimum: 5\n  #')

    plan = json.loads(pair("--json", "plan", *SINCE).out)

    assert plan["documents"] == ["CustomerMapping/alder-dental"]
