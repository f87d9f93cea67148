"""Loading a manifest folder, as `reconciler validate` does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.product import ProductSpec
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Origin
from reconciler.manifests.loading import load
from tests.manifests.conftest import WORKSPACE, Estate


def test_valid_manifests_load_as_documents_by_address(estate: Estate) -> None:
    manifests = estate.load()
    assert manifests.workspace.address == "Workspace/main"
    assert [item.address for item in manifests.documents] == [
        "Company/acme",
        "Contact/acme-office",
        "Agreement/acme-backup",
        "ManagementSolution/acme-backup",
        "Product/gb",
        "CustomerMapping/acme",
    ]
    assert [item.name for item in manifests.of_kind("Contact")] == ["acme-office"]
    assert manifests.of_kind("Exclusion") == ()
    assert manifests.warnings == ()
    assert manifests.files == 2


def test_documents_are_found_by_their_spec_model(estate: Estate) -> None:
    manifests = estate.load()
    assert [item.spec.price for item in manifests.of(ProductSpec)] == [Decimal("0.10")]
    assert manifests.get(ProductSpec, "Product/gb").spec.price == Decimal("0.10")
    assert manifests.of(ExclusionSpec) == ()


def test_an_address_of_another_kind_finds_nothing(estate: Estate) -> None:
    manifests = estate.load()
    assert manifests.find(ProductSpec, "Company/acme") is None
    assert manifests.find(ProductSpec, None) is None
    with pytest.raises(KeyError, match="Product/none"):
        manifests.get(ProductSpec, "Product/none")


def test_a_document_has_its_origin_and_its_declared_fields(estate: Estate) -> None:
    document = estate.load().by_address["Contact/acme-office"]
    assert document.origin == Origin("acme.yaml", 1)
    assert document.declared == {"company", "firstName", "email"}
    assert document.defaulted == {}


def test_a_field_with_null_is_declared_and_a_missing_field_is_not(estate: Estate) -> None:
    estate.add("Company", "beta", "identifier: BETA\nname: Beta\ncity: Bonn\nphoneNumber: null")
    assert estate.load().by_address["Company/beta"].declared == {"identifier", "name", "city", "phoneNumber"}


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="the manifest folder does not exist"):
        load(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(ManifestError, match="the manifest folder is not a folder"):
        load(tmp_path / "file")


def test_a_folder_without_manifests_is_an_error(empty_estate: Estate) -> None:
    assert "no manifests in this folder" in empty_estate.error().message


def test_a_folder_that_cannot_be_listed_is_an_error(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/secret")

    monkeypatch.setattr("reconciler.manifests.files.os.scandir", refuse)
    assert estate.error().message == "/secret cannot be read: Permission denied"


def test_an_empty_file_is_an_error(estate: Estate) -> None:
    estate.write("empty.yaml", "").write("comments.yaml", "# nothing yet\n")
    assert [(item.file, item.message) for item in estate.errors()] == [
        ("comments.yaml", "there is no document in this file"),
        ("empty.yaml", "there is no document in this file"),
    ]


def test_a_file_that_is_not_utf_8_does_not_hide_other_errors(estate: Estate) -> None:
    (estate.root / "latin.yaml").write_bytes(b"a: \xff\n")
    estate.write("broken.yaml", "a: 'open\n")
    assert [item.file for item in estate.errors()] == ["broken.yaml", "latin.yaml"]


GOOD = "apiVersion: reconciler/v1\nkind: Defaults\nmetadata: {name: a}\nspec: {}\n"
NAME_RULE = "a name may contain letters, digits, dots, dashes and underscores"


@pytest.mark.parametrize(
    ("old", "new", "message", "line", "column"),
    [
        (GOOD, "- a\n", "a document must be a mapping, got a list", 1, 1),
        (GOOD, "null\n", "a document must be a mapping, got null", 1, 1),
        ("metadata: {name: a}\n", "", "metadata is missing", 1, 1),
        ("spec: {}\n", "", "spec is missing", 1, 1),
        ("spec: {}", "spec:", "spec: expected a mapping, got null", 4, 6),
        ("reconciler/v1", "v1", "this version reads reconciler/v1 only", 1, 13),
        ("Defaults", "Compny", "there is no kind Compny", 2, 7),
        ("Defaults", "Xylophone", "there is no kind Xylophone", 2, 7),
        ("Defaults", "5", "kind: expected text, got a number", 2, 7),
        ("Defaults", "Addition", "a manifest cannot declare kind Addition, because it is created from usage", 2, 7),
        ("metadata", "metadta: {}\nmetadata", "there is no field metadta here", 3, 1),
        ("metadata", "status: {}\nmetadata", "there is no field status here", 3, 1),
        ("{name: a}", "{}", "name is missing", 3, 1),
        ("{name: a}", "{name: a b}", f"name cannot be a b: {NAME_RULE}", 3, 18),
    ],
)
def test_the_envelope_of_a_document_is_checked(
    estate: Estate, old: str, new: str, message: str, line: int, column: int
) -> None:
    found = estate.write("new.yaml", GOOD.replace(old, new)).error()
    assert (found.message, found.line, found.column) == (message, line, column)


def test_a_misspelt_kind_gives_a_suggestion(estate: Estate) -> None:
    estate.write("new.yaml", "apiVersion: reconciler/v1\nkind: CustomerMaping\nmetadata: {name: a}\nspec: {}\n")
    assert estate.error().suggestion == "did you mean CustomerMapping?"


def test_a_name_that_is_declared_twice_is_an_error_that_names_both_places(estate: Estate) -> None:
    estate.add("Company", "acme", "identifier: OTHER\nname: Other\ncity: Bonn")
    found = estate.error()
    assert found.message == "Company/acme is declared twice; the first one is at acme.yaml:3:18"
    assert (found.file, found.line, found.column) == ("company-acme.yaml", 3, 18)


def test_two_kinds_may_use_one_name(estate: Estate) -> None:
    estate.add("Exclusion", "acme", 'customer: {source: cove, id: "9"}\nreason: ours')
    assert "Exclusion/acme" in estate.load().by_address


def test_a_missing_workspace_is_an_error(empty_estate: Estate) -> None:
    empty_estate.add("Exclusion", "a", 'customer: {source: cove, id: "9"}\nreason: ours')
    assert empty_estate.error().message == "there is no Workspace"


def test_a_broken_workspace_is_not_reported_as_missing(empty_estate: Estate) -> None:
    empty_estate.write("workspace.yaml", WORKSPACE + "    nothing: 'open\n")
    assert ["not YAML" in item.message for item in empty_estate.errors()] == [True]
    empty_estate.write("workspace.yaml", WORKSPACE.replace("{name: main}", "{name: 5}"))
    assert [item.message for item in empty_estate.errors()] == ["name: expected text, got a number"]


def test_one_of_several_workspaces_is_chosen_by_name(estate: Estate) -> None:
    estate.write("second.yaml", WORKSPACE.replace("main", "second"))
    assert estate.error().message == "there are 2 workspaces: main and second"
    assert "--workspace" in estate.error().suggestion
    assert estate.load("second").workspace.name == "second"
    assert len(estate.load("second").documents) == 6


@pytest.mark.parametrize(("name", "advice"), [("secnd", "did you mean second?"), ("xyz", "there is main and second")])
def test_an_unknown_workspace_gives_a_suggestion(estate: Estate, name: str, advice: str) -> None:
    estate.write("second.yaml", WORKSPACE.replace("main", "second"))
    (found,) = estate.errors(name)
    assert (found.message, found.suggestion) == (f"there is no Workspace/{name}", advice)


def test_choosing_a_workspace_fails_if_there_is_none(empty_estate: Estate) -> None:
    empty_estate.add("Exclusion", "a", 'customer: {source: cove, id: "9"}\nreason: ours')
    (found,) = empty_estate.errors("main")
    assert found.suggestion == "add a document with kind: Workspace"


def test_all_errors_are_reported_at_once(estate: Estate) -> None:
    estate.write("broken.yaml", "a: 'open\n")
    estate.add("Company", "beta", "identifier: 'ACME '\nnmae: Beta\nphoneNumber: 5\nwebsite: [a]")
    estate.add("Agreement", "beta", "name: B\ncompany: bta\ncontact: 5\nstartDate: '2026-01-15'\nendDate: tomorrow")
    assert [(item.file, item.line, item.message.split(",")[0]) for item in estate.errors()] == [
        ("agreement-beta.yaml", 4, "type is missing"),
        ("agreement-beta.yaml", 6, "there is no Company/bta"),
        ("agreement-beta.yaml", 7, "contact: expected a manifest name or {email: …} or {id: …}"),
        ("agreement-beta.yaml", 8, "startDate 2026-01-15 is not the first of a month: use 2026-01-01"),
        ("agreement-beta.yaml", 9, "endDate: 'tomorrow' is not a date: write it as \"2026-11-01\""),
        ("broken.yaml", 1, "this is not YAML: found unexpected end of stream (while scanning a quoted scalar)"),
        ("company-beta.yaml", 4, "a company needs at least one address field: addressLine1"),
        ("company-beta.yaml", 4, "name is missing"),
        ("company-beta.yaml", 5, "Company/beta has the same identifier as Company/acme"),
        ("company-beta.yaml", 6, "there is no field nmae here"),
        ("company-beta.yaml", 7, "phoneNumber: expected text"),
        ("company-beta.yaml", 8, "website: expected text"),
    ]


def test_the_order_of_fields_and_files_comments_and_layout_do_not_change_the_digest(estate: Estate) -> None:
    before = estate.load().digest
    estate.add("Company", "z", "identifier: Z\nname: Zed\ncity: Ulm")
    changed = estate.load().digest
    (estate.root / "company-z.yaml").unlink()
    estate.write(
        "deep/er.yml",
        "# hello\nkind: Company\nspec: {name: 'Zed', city: Ulm, identifier: Z}\n"
        "metadata:\n  name: z\napiVersion: reconciler/v1\n",
    )
    assert estate.load().digest == changed != before


@pytest.mark.parametrize(
    "old_new", [("0.10", "0.11"), ("ACME", "ACMF"), ("acme-office", "acme-desk"), ("Berlin", "Bonn")]
)
def test_a_change_of_content_changes_the_digest(estate: Estate, old_new: tuple[str, str]) -> None:
    before = estate.load().digest
    path = estate.root / "acme.yaml"
    path.write_text(path.read_text().replace(*old_new))
    assert estate.load().digest != before


def test_the_digest_ignores_the_spelling_of_numbers_and_tells_numbers_from_text(estate: Estate) -> None:
    digests = []
    for value in ("5", "5.0", "5.5", "5.50", "'5.5'"):
        estate.add("Company", "c", f"identifier: C\nname: C\ncity: X\ncustomFields: {{Size: {value}}}")
        digests.append(estate.load().digest)
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60)
    | st.text(st.sampled_from("apiVersionkdmtsp:/1{}[],-\n \"'&*#!|"), max_size=80).map(str.encode)
)
def test_loading_any_bytes_gives_diagnostics_and_no_other_error(estate: Estate, raw: bytes) -> None:
    (estate.root / "any.yaml").write_bytes(raw)
    assert estate.errors()


DOCUMENT = """\
apiVersion: reconciler/v1
kind: {kind}
metadata: {{name: fuzz}}
spec: {spec}
"""
junk = st.recursive(
    st.sampled_from(["null", "true", "5", "-1.5", "text", "''", "acme", "'2026-01-01'", "{env: X}", "{id: 1}"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | st.dictionaries(st.sampled_from(["name", "company", "id", "source", "type", "upTo", "product"]), inner)
    .map(lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"),
    max_leaves=6,
)  # fmt: skip
FIELDS = [
    "identifier", "name", "company", "contact", "agreement", "customer", "solution", "managedId", "ranges", "product",
    "types", "email", "password", "apis", "startDate", "usage", "billing", "connectwise", "customFields", "included",
    "crossReferences", "integratorLogin", "price", "minimum", "rounding", "Company", "Defaults", "CustomerMapping",
]  # fmt: skip
KINDS = [
    "Agreement", "Company", "Contact", "CustomerMapping", "Defaults", "Exclusion", "IntegratorLogin", "Product",
    "ManagedDevicesIntegration", "ManagementItSolution", "ManagementSolution", "Workspace",
]  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), junk, max_size=6))
def test_loading_any_content_gives_manifests_or_diagnostics(estate: Estate, kind: str, fields: dict[str, str]) -> None:
    spec = "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"
    estate.write("fuzz.yaml", DOCUMENT.format(kind=kind, spec=spec))
    try:
        estate.load()
    except ManifestError as error:
        for found in error.diagnostics:
            assert found.message
            assert "Input" not in found.message
            assert "pydantic" not in str(found)
