"""`plan --undo RUN` puts back what a run changed, if nobody has changed it since."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Shop

FILE = "customers/alder-dental.yaml"
SETUP = ("--only", "setup")


@pytest.fixture
def anns(shop: Shop) -> Shop:
    """Return a shop whose commands are run by Ann's CI job."""
    shop.patch.setenv("GITHUB_ACTOR", "ann")
    return shop


@prepared
def small(anns: Shop) -> Shop:
    """Return a shop with one customer, whose setup run 1 has applied."""
    anns.only(ALDER)
    anns.apply(*SETUP)
    return anns


def undo(shop: Shop, run: int) -> Any:
    """Plan the undo of a run, apply it, and return the plan."""
    path = shop.folder.parent / "undo.json"
    said = shop("--json", "plan", "--undo", str(run), "--out", str(path))
    assert said.code == 0, said.err
    applied = shop("apply", str(path))
    assert applied.code == 0, applied.err
    return said.json


def changed(shop: Shop, old: str, new: str, file: str = FILE) -> None:
    """Edit a manifest and apply the setup."""
    shop.edit(file, old, new)
    shop.apply(*SETUP)


def company(shop: Shop) -> Any:
    return shop.one("/company/companies", identifier="AlderDental")


def notes(plan: Any) -> list[str]:
    return [f"{note['address'] or ''}: {note['message']}" for note in plan["warnings"]]


def test_a_changed_field_is_put_back(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    plan = undo(small, 2)
    (action,) = plan["actions"]
    assert action["changes"] == [{"path": "city", "before": "Orlando", "after": "Tampa"}]
    assert action["reason"] == "undoes run 2"
    assert company(small)["city"] == "Tampa"
    assert small("--json", "history").json["runs"][-1]["undoes"] == 2


def test_an_undo_of_an_undo_puts_back_again(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    undo(small, 2)
    undo(small, 3)
    assert company(small)["city"] == "Orlando"
    undo(small, 2)
    assert company(small)["city"] == "Tampa"


def test_an_undo_of_an_undo_names_no_commit_because_no_commit_made_its_changes(small: Shop) -> None:
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
        subprocess.run(["git", *who, *command], cwd=small.folder, check=True)
    changed(small, "city: Tampa", "city: Orlando")
    assert small.plan("--undo", "2")["undo"]["commit"] is not None
    undo(small, 2)

    assert small.plan("--undo", "3")["undo"]["commit"] is None


def test_an_undo_that_is_done_already_changes_nothing(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    undo(small, 2)
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    assert plan["summary"]["unchanged"] == 1


def test_a_later_hand_edit_is_left_out_with_its_time_and_person(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    small.patch_live(f"/company/companies/{company(small)['id']}", city="Miami")
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    (note,) = notes(plan)
    assert note.startswith("Company/alder-dental: left out: city was changed in ConnectWise since: Orlando → Miami")
    assert ", last updated 2026-11-01" in note
    assert " by " in note


def test_a_field_that_a_later_run_wrote_is_left_out_with_the_run(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    changed(small, "city: Orlando", "city: Miami")
    (note,) = notes(small.plan("--undo", "2"))
    assert "city was written since by run 3 (2026-11-01 06:00 UTC, ann (GitHub)). Undo that run first" in note
    undo(small, 3)
    undo(small, 2)
    assert company(small)["city"] == "Tampa"


def test_a_set_in_a_subcollection_is_put_back(small: Shop) -> None:
    changed(small, "state: FL", "state: FL, types: [Vendor]")
    undo(small, 2)
    assert [each["name"] for each in company(small)["types"]] == ["Customer"]


def test_objects_that_the_run_created_are_retired_dependents_first(small: Shop) -> None:
    before = small.counts()
    text = (small.folder / FILE).read_text(encoding="utf-8")
    contact = "---\n" + text.split("---\n")[1].replace("office@", "second@").replace(
        "metadata: {name: alder-dental}", "metadata: {name: second}"
    )
    small.write("customers/second.yaml", contact.removeprefix("---\n"))
    small.apply(*SETUP)
    plan = undo(small, 2)
    (action,) = plan["actions"]
    assert (action["address"], action["action"]) == ("Contact/second", "retire")
    rows = [each for each in small.get("/company/contacts") if each["inactiveFlag"]]
    assert len(rows) == 1
    assert small.counts()["contact"] == before["contact"] + 1
    undo(small, 3)
    assert not [each for each in small.get("/company/contacts") if each["inactiveFlag"]]


def test_the_first_run_is_undone_whole(small: Shop) -> None:
    plan = small.plan("--undo", "1")
    assert {action["action"] for action in plan["actions"]} == {"retire"}
    assert len(plan["actions"]) == 11
    assert any("IntegratorLogin/backup: password was set and cannot be put back" in note for note in notes(plan))


def test_a_retired_object_becomes_active_again(small: Shop) -> None:
    (small.folder / FILE).write_text(
        (small.folder / FILE)
        .read_text(encoding="utf-8")
        .replace(
            "kind: Agreement\nmetadata: {name: alder-dental}",
            "kind: Agreement\nmetadata: {name: alder-dental, ensure: retired}",
        )
        .split("---\napiVersion: reconciler/v1\nkind: ManagementSolution")[0],
        encoding="utf-8",
    )
    small.apply(*SETUP)
    assert small.one("/finance/agreements")["cancelledFlag"] is True
    plan = undo(small, 2)
    assert plan["actions"][0]["reason"] == "undoes run 2: lives again"
    assert small.one("/finance/agreements")["cancelledFlag"] is False


def test_prices_of_additions_are_put_back_and_quantities_left_to_usage(small: Shop) -> None:
    small.apply()
    small.uses(ALDER, "200")
    small.edit("products.yaml", "price: 0.15", "price: 0.18")
    small.advance(1)
    small.apply()
    (before,) = small.additions("Alder Dental - Managed Backup").values()
    plan = undo(small, 3)
    assert [each["address"] for each in plan["actions"]] == [
        "Product/backup-gb",
        "Addition/alder-dental.storage:backup-gb",
    ]
    assert any("the quantity of 1 addition is left to usage" in note for note in notes(plan))
    (after,) = small.additions("Alder Dental - Managed Backup").values()
    assert str(before[1]) == "0.18"
    assert str(after[1]) == "0.15"
    assert before[0] == after[0]
    small.edit("products.yaml", "price: 0.18", "price: 0.15")
    last = small.plan()
    assert last["actions"] == []
    assert last["warnings"] == []


def test_additions_that_a_run_created_stay(small: Shop) -> None:
    small.apply()
    plan = small.plan("--undo", "2")
    assert plan["actions"] == []
    (note,) = notes(plan)
    assert "1 addition that the run created stays: Addition/alder-dental.storage:backup-gb." in note


def test_undo_takes_no_other_selection(small: Shop) -> None:
    said = small("plan", "--undo", "1", "--only", "setup")
    assert said.code == 1
    assert "--only cannot be used with --undo" in said.err


def test_an_unknown_run_is_an_error(small: Shop) -> None:
    said = small("plan", "--undo", "9")
    assert said.code == 1
    assert "workspace example has no run 9" in said.err


def test_a_stale_undo_is_refused(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    path = str(small.folder.parent / "undo.json")
    assert small("plan", "--undo", "2", "--out", path).code == 0
    small.patch_live(f"/company/companies/{company(small)['id']}", city="Miami")

    said = small("apply", path)

    assert said.code == 3
    assert "What moved in the plan:\n  - Company/alder-dental  is no longer in the plan: update" in said.err
    assert "Make a new plan: reconciler plan --undo 2 --out FILE" in said.err


def test_of_a_run_that_failed_in_part_only_what_was_done_is_put_back(small: Shop) -> None:
    small.edit(FILE, "city: Tampa", "city: Orlando")
    small.edit(FILE, "firstName: Ada", "firstName: Eva")
    small.fault("forgets@contacts")
    small.apply(*SETUP, code=4)
    small.fault()
    plan = undo(small, 2)
    assert [action["address"] for action in plan["actions"]] == ["Company/alder-dental"]
    assert plan["summary"]["unchanged"] == 1
    assert company(small)["city"] == "Tampa"


def test_a_rename_is_put_back(small: Shop) -> None:
    changed(small, "metadata: {name: alder-dental}\nspec: {identifier: AlderDental", RENAMED)
    assert company_named(small, "Alder2")
    undo(small, 2)
    assert company_named(small, "AlderDental")


RENAMED = "metadata: {name: alder-dental, previously: [AlderDental]}\nspec: {identifier: Alder2"


def company_named(shop: Shop, identifier: str) -> Any:
    return shop.one("/company/companies", identifier=identifier)


# ── the manifests ────────────────────────────────────────────────────────────────────────────────────────


def git_apply(shop: Shop, text: str) -> None:
    """Let git apply a patch in the folder that holds the manifest folder."""
    subprocess.run(["git", "apply"], input=text, text=True, check=True, cwd=shop.folder.parent)


def test_the_lines_that_would_bring_a_change_back_are_named_with_a_patch_that_git_applies(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    plan = undo(small, 2)
    (line,) = plan["undo"]["lines"]
    assert (line["file"], line["line"], line["column"]) == (FILE, 6, 87)
    assert (line["address"], line["path"]) == ("Company/alder-dental", "city")
    assert line["message"] == "Orlando; it was Tampa before the run"
    git_apply(small, plan["undo"]["patch"])
    assert "city: Tampa" in (small.folder / FILE).read_text(encoding="utf-8")
    assert small.plan(*SETUP)["actions"] == []


def test_git_applies_the_text_of_the_plan_as_it_is(small: Shop) -> None:
    changed(small, "price: 0.15", "price: 0.18", "products.yaml")
    said = small("plan", "--undo", "2")
    assert f"{'products.yaml:11:10'}: Product/backup-gb price: 0.18; it was 0.15 before the run" in said.out
    git_apply(small, said.out)
    assert "price: 0.15\n" in (small.folder / "products.yaml").read_text(encoding="utf-8")


def test_a_document_that_the_run_created_is_removed_by_the_patch(small: Shop) -> None:
    text = (small.folder / FILE).read_text(encoding="utf-8")
    contact = text.split("---\n")[1].replace("office@", "second@").replace("{name: alder-dental}", "{name: second}")
    small.write("customers/second.yaml", contact)
    small.apply(*SETUP)
    plan = undo(small, 2)
    assert [line["message"] for line in plan["undo"]["lines"]] == ["declares it, and the undo retires it"]
    git_apply(small, plan["undo"]["patch"])
    assert not (small.folder / "customers/second.yaml").exists()
    assert small.plan(*SETUP)["actions"] == []


def test_a_default_is_put_back_if_the_run_changed_all_its_documents(small: Shop) -> None:
    changed(small, "status: Active", "status: Inactive", "defaults.yaml")
    plan = undo(small, 2)
    (line,) = plan["undo"]["lines"]
    assert (line["file"], line["path"]) == ("defaults.yaml", "Company.status")
    git_apply(small, plan["undo"]["patch"])
    assert small.plan(*SETUP)["actions"] == []


def test_manifests_that_are_reverted_already_need_no_patch(small: Shop) -> None:
    changed(small, "city: Tampa", "city: Orlando")
    small.edit(FILE, "city: Orlando", "city: Tampa")
    plan = undo(small, 2)
    assert plan["undo"] == {"run": 2, "commit": None, "lines": [], "patch": "", "no_patch": ""}
    assert small.plan(*SETUP)["actions"] == []


def test_the_document_of_a_created_object_that_someone_deleted_is_removed_by_the_patch(small: Shop) -> None:
    contact = "{company: alder-dental, firstName: Ben, email: ben@alder-dental.example}"
    small.write(
        "customers/second.yaml",
        f"apiVersion: reconciler/v1\nkind: Contact\nmetadata: {{name: second}}\nspec: {contact}\n",
    )
    small.apply(*SETUP)
    number = small.one("/company/contacts", firstName="Ben")["id"]
    assert small.http.delete(f"/company/contacts/{number}").status_code == 204
    plan = undo(small, 2)
    assert (plan["actions"], plan["warnings"]) == ([], [])
    git_apply(small, plan["undo"]["patch"])
    assert small.plan(*SETUP)["actions"] == []
