"""Import an estate that exists into manifests, over real HTTP against the sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.prepared import prepared
from tests.shop import Shop


def only_the_workspace(shop: Shop) -> None:
    """Remove all manifests but the workspace, so that the tenant exists and its manifests do not."""
    shutil.rmtree(shop.folder / "customers")
    for name in ("defaults.yaml", "products.yaml", "setup.yaml"):
        (shop.folder / name).unlink()


def files(shop: Shop) -> dict[str, bytes]:
    """Return the content of every file of the manifest folder."""
    found = (path for path in shop.folder.rglob("*") if path.is_file())
    return {path.relative_to(shop.folder).as_posix(): path.read_bytes() for path in found}


@prepared
def estate(shop: Shop) -> Shop:
    """Return a shop whose tenant has the example estate, and whose manifests have only the workspace."""
    shop.apply()
    only_the_workspace(shop)
    return shop


def test_an_estate_becomes_manifests_with_an_empty_plan(estate: Shop) -> None:
    said = estate("import")

    assert said.code == 0, said.err
    assert estate("validate").code == 0
    plan = estate.plan("--only", "setup")
    assert plan["actions"] == []
    assert plan["summary"]["unchanged"] > 20


def test_a_second_import_changes_no_byte(estate: Shop) -> None:
    estate("import")
    before = files(estate)

    said = estate("--json", "import")

    assert said.json["files"] == []
    assert files(estate) == before


def test_a_login_that_is_inactive_is_left_out_because_its_document_would_make_it_active_again(estate: Shop) -> None:
    login = estate.one("/system/integratorlogins", username="backup-billing")
    estate.patch_live(f"/system/integratorlogins/{login['id']}", inactiveFlag=True)

    said = estate("--json", "import")

    (left_out,) = [each for each in said.json["left_out"] if each["kind"] == "IntegratorLogin"]
    assert left_out["reason"] == "it is inactive, and a document would make it active again"
    assert estate.plan("--only", "setup")["actions"] == []


def test_a_company_whose_identifier_is_in_unicode_nfd_is_found_again_with_its_contacts(estate: Shop) -> None:
    identifier = "Mu\u0308ller"
    number = estate.post_live("/company/companies", identifier=identifier, name="M", city="Ulm").json()["id"]
    mail = {
        "type": {"id": estate.one("/company/communicationTypes", description="Email")["id"]},
        "value": "a@m.example",
    }
    estate.post_live("/company/contacts", firstName="A", company={"id": number}, communicationItems=[mail])

    estate("import", "--all")

    assert "kind: Contact" in (estate.folder / "customers/muller.yaml").read_text(encoding="utf-8")
    for target in ((), ("--target", "Company/muller"), ("--target", "Contact/muller-a")):
        assert estate.plan("--only", "setup", *target)["actions"] == []


def test_the_formatter_accepts_what_import_writes(estate: Shop) -> None:
    estate("import")

    assert estate("fmt", "--check").code == 0


def test_a_customer_with_our_tag_is_mapped_again(estate: Shop) -> None:
    said = estate("--json", "import")

    alder = next(each for each in said.json["proposals"] if each["customer"] == "1001001")
    assert (alder["confidence"], alder["proposed"]) == ("certain", False)
    assert estate("apply", "--only", "usage", "--auto-approve").code in (0, 5)
    assert len(estate.additions("Alder Dental - Managed Backup")) == 1


def test_existing_documents_keep_their_bytes_and_names(estate: Shop) -> None:
    company = (
        "# Our first customer.\r\napiVersion: reconciler/v1\r\nkind: Company\r\nmetadata: {name: first}   # ours\r\n"
        "spec: {identifier: AlderDental, name: Alder Dental, city: Tampa}"
    )
    (estate.folder / "alder.yaml").write_bytes(b"\xef\xbb\xbf" + company.encode())

    estate("import")

    after = (estate.folder / "alder.yaml").read_bytes()
    assert after.startswith(b"\xef\xbb\xbf" + company.encode() + b"\r\n---\r\n")
    assert b"company: first\r\n" in after
    assert b"kind: Company" not in after[len(company) :]
    assert estate("validate").code == 0
    assert estate.plan("--only", "setup")["actions"] == []


def test_new_defaults_change_no_existing_document(estate: Shop) -> None:
    estate.write("own.yaml", COMPANY.format(name="own", identifier="AlderDental"))

    estate("import")

    shown = estate("--json", "show", "Company/own").json
    assert "status" not in str(shown.get("spec", shown))
    assert "Company:" not in (estate.folder / "defaults.yaml").read_text(encoding="utf-8")
    assert estate.plan("--only", "setup")["actions"] == []


def test_an_existing_default_is_overridden_where_an_object_differs(estate: Shop) -> None:
    estate.write("defaults.yaml", DEFAULTS)

    said = estate("import")

    assert said.code == 0, said.err
    assert (estate.folder / "defaults.yaml").read_text(encoding="utf-8").startswith(DEFAULTS)
    assert estate("--json", "import").json["files"] == []
    assert "website: null" in (estate.folder / "customers" / "alder-dental.yaml").read_text(encoding="utf-8")
    assert estate.plan("--only", "setup")["actions"] == []


COMPANY = """\
apiVersion: reconciler/v1
kind: Company
metadata: {{name: {name}}}
spec: {{identifier: {identifier}, name: Alder Dental, city: Tampa}}
"""
DEFAULTS = """\
apiVersion: reconciler/v1
kind: Defaults
metadata: {name: ours}
spec:
  Company: {website: https://msp.example, status: Inactive}
"""


def test_only_the_selected_companies_are_written(estate: Shop) -> None:
    said = estate("--json", "import", "--company", "alderdental", "--into", str(estate.folder / "new"))

    assert said.json["documents"]["Company"] == 1
    assert "new/customers/alder-dental.yaml" in said.json["files"]
    assert {each["customer"] for each in said.json["proposals"]} == {"1001001"}
    assert (estate.folder / "new" / "import-review.md").exists()


def test_companies_are_chosen_by_the_type_of_their_agreements(estate: Shop) -> None:
    assert estate("--json", "import", "--agreement-type", "managed service").json["documents"]["Company"] == 5
    said = estate("import", "--agreement-type", "Managed Servce")
    assert said.code == 1
    assert "did you mean Managed Service?" in said.err


def test_a_dry_run_writes_nothing(estate: Shop) -> None:
    before = files(estate)

    said = estate("import", "--dry-run")

    assert "would be written" in said.out
    assert "customers/alder-dental.yaml" in said.out
    assert files(estate) == before


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--company", "AlderDentl"], "did you mean AlderDental?"),
        (["--into", "/elsewhere"], "is not in the manifest folder"),
        (["--confirm", "all", "--all"], "--confirm takes addresses"),
        (["CustomerMapping/alder-dental"], "--confirm takes addresses"),
        (["--confirm", "CustomerMapping/nobody"], "there is no CustomerMapping/nobody"),
    ],
)
def test_a_wrong_argument_is_an_error(estate: Shop, arguments: list[str], what: str) -> None:
    said = estate("import", *arguments)

    assert said.code != 0
    assert what in said.err


def test_a_source_that_cannot_be_read_is_named_and_the_setup_is_written(estate: Shop) -> None:
    estate.patch.setenv("COVE_PASSWORD", "wrong-password")

    said = estate("import")

    assert said.code == 0, said.err
    assert "The usage source cove could not be read, so nothing is proposed for its customers" in said.out
    assert [each["source"] for each in estate("--json", "import").json["unread"]] == ["cove"]
    assert "could not be read" in (estate.folder / "import-review.md").read_text(encoding="utf-8")
    assert estate.plan("--only", "setup")["actions"] == []


def test_a_proposed_mapping_is_confirmed_without_any_request(estate: Shop) -> None:
    only_untagged(estate)
    proposed = [each for each in estate("--json", "import").json["proposals"] if each["proposed"]]
    before = files(estate)
    served = len(estate.sandbox.tenant.tables["addition"].rows)

    said = estate("--json", "import", "--confirm", *[each["document"] for each in proposed], "--dry-run")
    assert files(estate) == before
    assert said.json["confirmed"]

    estate("import", "--confirm", "all")
    assert not any(b"proposed: true" in content for name, content in files(estate).items() if name.endswith(".yaml"))
    assert len(estate.sandbox.tenant.tables["addition"].rows) == served


def only_untagged(shop: Shop) -> None:
    """Remove our tags, as if a person had typed the additions in, and the Managed IDs that name the customers."""
    for row in shop.tenant.tables["addition"].rows.values():
        row.data["serialNumber"] = ""
    for row in shop.tenant.tables["managementSummary"].rows.values():
        row.data["groupIdentifier"] = "5"
    shutil.rmtree(shop.ledger.parent)


def test_new_objects_get_no_second_defaults(estate: Shop) -> None:
    folder = str(estate.folder / "new")
    estate(
        "import",
        "--company",
        "AlderDental",
        "--company",
        "CedarLogistics",
        "--company",
        "DogwoodClinic",
        "--into",
        folder,
    )

    said = estate("import", "--into", folder)

    assert said.code == 0, said.err
    assert estate("validate").code == 0
    assert estate.plan("--only", "setup")["actions"] == []


def test_lines_typed_in_by_hand_are_adopted_and_not_doubled(estate: Shop) -> None:
    only_untagged(estate)
    before = estate.additions("Alder Dental - Managed Backup")
    estate("import")
    estate("import", "--confirm", "CustomerMapping/alder-dental")

    plan = estate.plan()
    mine = [each for each in plan["actions"] if each["address"].startswith("Addition/alder-dental")]

    assert [each["action"] for each in mine] == ["adopt"]
    estate.apply(code=5)
    assert estate.additions("Alder Dental - Managed Backup") == before


@pytest.mark.parametrize("name", ["defaults.yaml", "alder-dental.yaml"])
def test_an_import_that_was_killed_between_two_files_is_finished_by_the_next(
    estate: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    estate("import")
    whole = files(estate)
    only_the_workspace(estate)
    (estate.folder / "import-review.md").unlink()

    with monkeypatch.context() as patch:
        die_after(patch, name)
        estate("import")
    part = files(estate)
    assert name in {each.rpartition("/")[2] for each in part}

    refused = estate("validate")
    assert refused.code == 1
    assert "run `reconciler import` again" in refused.out
    assert estate("import", "--dry-run").code == 1
    assert files(estate) == part

    said = estate("import")
    assert said.code == 0, said.err
    assert "an earlier import was killed" in said.err
    assert files(estate) == whole


def die_after(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the import die when this file has got its name."""
    replace = Path.replace

    def dying(path: Path, target: Path) -> Path:
        replaced = replace(path, target)
        if target.name == name:
            raise Died
        return replaced

    monkeypatch.setattr(Path, "replace", dying)


class Died(Exception):  # noqa: N818 (a name says what happened)
    """The process died here."""


def test_the_last_lines_of_an_import_say_what_to_do_next(estate: Shop) -> None:
    rehearsed = estate("import", "--dry-run")
    assert "Nothing was written" in rehearsed.out
    assert "--confirm" not in rehearsed.out

    assert "confirm what is right with: reconciler import --confirm ADDRESS" in estate("import").out
    estate("import", "--confirm", "all")
    assert estate("import", "--confirm", "all").out.startswith("Nothing is proposed")
    said = estate("import")
    assert said.out.startswith("Nothing new; ")
    assert "0 proposed" in said.out
    assert "--confirm" not in said.out
    assert "import-review.md says for the others what to write." in said.out
