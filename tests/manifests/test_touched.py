"""Loading only the changes: the result equals the whole estate, limited to changed documents and those they touch."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.git import Differences
from reconciler.manifests.loading import load
from reconciler.manifests.references import references_of
from reconciler.manifests.relations import Relations
from reconciler.manifests.touched import LoadedPart, load_changed, load_difference, load_documents

from .conftest import CUSTOMER, WORKSPACE

Files = dict[str, str]


def write(root: Path, files: Mapping[str, str]) -> None:
    for path in [*root.rglob("*.yaml")]:
        path.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def difference(old: Files, new: Files) -> Differences:
    """Return what Git finds between two states of a folder."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return Differences("0" * 40, {name: old[name].encode() if name in old else None for name in names})


def changed_part(root: Path, old: Files, new: Files) -> LoadedPart:
    write(root, new)
    return load_difference(root, difference(old, new))


def expected(root: Path, old: Files, new: Files) -> tuple[set[str], set[str], set[str]]:
    """Return (touched, loaded, removed) by loading both states whole."""
    write(root, old)
    before = load(root)
    write(root, new)
    now = load(root)

    def content(manifests: Manifests) -> dict[str, Any]:
        return {
            address: (each.metadata, each.spec.model_dump(), each.declared)
            for address, each in manifests.by_address.items()
        }

    was, are = content(before), content(now)
    changed = {address for address in {**was, **are} if was.get(address) != are.get(address)}
    former = {**now.by_address, **{each: before.by_address[each] for each in changed if each in was}}
    touched: set[str] = set(changed)
    while True:
        more = set(touched)
        for documents in (now.by_address, former):
            more |= Relations(documents.values()).dependents([each for each in touched if each in documents])
        if more == touched:
            break
        touched = more
    touched &= are.keys()
    context = {
        f"{reference.kind}/{reference.value}"
        for each in changed & was.keys()
        for reference in references_of(before.by_address[each].spec)
    }
    return touched, set(Relations(now.documents).closure(touched | (context & are.keys()))), was.keys() - are.keys()


# ── a random estate ───────────────────────────────────────────────────────────────────────────────────────

CUSTOMERS = ("ada", "ada-2", "bob")


def escaped(text: str) -> str:
    return '"' + "".join(f"\\x{ord(each):02x}" for each in text) + '"'


@st.composite
def documents(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Draw the documents of an estate by file. References are names or look-ups."""
    files: dict[str, list[dict[str, Any]]] = {}

    def put(kind: str, name: str, /, **spec: Any) -> None:
        folder = draw(st.sampled_from(["", "a/", "a/b/", "c/"]))
        file = f"{folder}{draw(st.sampled_from(['x', 'y']))}.yaml"
        files.setdefault(file, []).append({"kind": kind, "name": name, "spec": spec})

    def company(name: str) -> Any:
        return draw(st.sampled_from([name, {"identifier": name.upper()}, {"identifier": name}]))

    price = draw(st.sampled_from([1, 2]))
    for name in ("gb", "gb-2"):
        put(
            "Product", name, identifier=name.upper(), description=name, customerDescription=name,
            subcategory="Backup", type="Agreement", price=price,
        )  # fmt: skip
    put("ManagementItSolution", "cove", name="Cove", type="Custom", solutionName="Cove")
    for number, name in enumerate(CUSTOMERS):
        if draw(st.integers(0, 5)) == 0:
            continue
        put("Company", name, identifier=name.upper(), name=name, city=draw(st.sampled_from(["A", "B"])))
        put("Contact", name, company=company(name), firstName="A", email=f"{name}@x.example")
        put(
            "Agreement", name, company=company(name), type="Managed Service", startDate="2026-01-01",
            contact=draw(st.sampled_from([name, {"email": f"{name}@x.example"}])),
            name=draw(st.sampled_from(["Backup", f"Backup of  {name}"])),
        )  # fmt: skip
        solution = {"solution": "Cove", "managedId": str(number)}
        put("ManagementSolution", name, company=company(name), agreement=name, **solution)
        product = draw(st.sampled_from([{}, {"product": "gb"}, {"product": {"identifier": "GB-2"}}]))
        put(
            "CustomerMapping", name, customer={"source": "cove", "id": str(number)}, company=company(name),
            agreement=name, **solution, **product,
        )  # fmt: skip
        if draw(st.booleans()):
            put("Exclusion", name, customer={"source": "cove", "id": str(number)}, device="d1", reason="a lab")
    files.setdefault("defaults.yaml", []).append(
        {
            "kind": "Defaults",
            "name": "all",
            "spec": {"CustomerMapping": {"product": draw(st.sampled_from(["gb", "gb-2"]))}},
        }
    )
    if draw(st.booleans()):
        spec = {"Company": {"state": draw(st.sampled_from(["FL", "NY"]))}}
        files.setdefault("a/d.yaml", []).append({"kind": "Defaults", "name": "a", "spec": spec})
    return files


LAYOUTS: tuple[Callable[[dict[str, Any]], str], ...] = (
    lambda each: (
        f"apiVersion: reconciler/v1\nkind: {each['kind']}\nmetadata:\n  name: {each['name']}\n"
        f"spec: {json.dumps(each['spec'])}\n"
    ),
    lambda each: (
        f"apiVersion: reconciler/v1\nkind: {each['kind']}\nmetadata: {{name: {each['name']}}}\n"
        f"spec: {json.dumps(each['spec'])}\n"
    ),
    lambda each: (
        f"# a comment\nmetadata: # {{}}\n  name:\n    {each['name']}\nspec: {json.dumps(each['spec'])}\n"
        f"kind: {each['kind']}\napiVersion: reconciler/v1\n"
    ),
    lambda each: (
        f"apiVersion: reconciler/v1\nkind: {each['kind']}\nmetadata: {{name: {escaped(each['name'])}}}\n"
        f"spec: {json.dumps(each['spec'])}\n"
    ),
    lambda each: json.dumps(
        {"apiVersion": "reconciler/v1", "kind": each["kind"], "metadata": {"name": each["name"]}, "spec": each["spec"]}
    ) + "\n",
)  # fmt: skip


@st.composite
def estates(draw: st.DrawFn) -> tuple[Files, Files]:
    """Draw two states of an estate. The second is the first with some of its files from another drawing."""
    layouts = st.sampled_from(LAYOUTS)

    def render(found: dict[str, list[dict[str, Any]]]) -> Files:
        texts = {name: "---\n".join(draw(layouts)(each) for each in inside) for name, inside in found.items()}
        return {"workspace.yaml": dedent(WORKSPACE).lstrip("\n"), **texts}

    first = draw(documents())
    old = render(first)
    changed = json.loads(json.dumps(first))
    for _ in range(draw(st.integers(1, 3))):
        change(draw, changed)
    fresh = render(changed)
    new = {name: old[name] if first.get(name) == changed.get(name) else fresh[name] for name in fresh if name in fresh}
    return old, {**new, "workspace.yaml": old["workspace.yaml"]}


def change(draw: st.DrawFn, files: dict[str, list[dict[str, Any]]]) -> None:
    """Change, move or remove one document."""
    file = draw(st.sampled_from(sorted(files)))
    inside = files[file]
    each = draw(st.sampled_from(inside))
    how = draw(st.sampled_from(["field", "move", "remove", "rename", "file"]))
    if how == "field":
        values: dict[str, Any] = {
            "Company": {"city": "C"},
            "Product": {"price": 3},
            "Contact": {"firstName": "Z"},
            "Agreement": {"type": "Other"},
            "CustomerMapping": {"minimum": 5},
            "Exclusion": {"reason": "gone"},
            "Defaults": {"Company": {"state": "TX"}},
        }
        each["spec"] = {**each["spec"], **values.get(each["kind"], {})}
    elif how == "rename":
        each["name"] = f"{each['name']}-new"
    elif how == "file":
        files[f"moved/{file}"] = files.pop(file)
    else:
        inside.remove(each)
        if how == "move":
            files.setdefault(draw(st.sampled_from(["a/x.yaml", "z.yaml"])), []).append(each)
        if not inside:
            files.pop(file)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(estates())
def test_a_change_loads_what_the_whole_estate_says_that_it_touches(pair: tuple[Files, Files]) -> None:
    old, new = pair
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            touched, loaded, removed = expected(root, old, new)
        except ManifestError:
            assume(False)
        part = changed_part(root, old, new)

        assert set(part.touched) == touched
        assert set(part.manifests.by_address) == loaded
        assert set(part.removed) == removed
        assert part.manifests.planned == frozenset(touched)
        whole = load(root)
        assert {each.address: each for each in part.manifests.documents} == {
            address: each for address, each in whole.by_address.items() if address in loaded
        }
        assert sum((part.manifests.elsewhere or {}).values()) == len(whole.documents) - len(loaded)
        again = load_documents(root, part.touched, part.context)
        assert again.manifests.digest == part.manifests.digest


# ── single cases ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def files(root: Path) -> Files:
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.rglob("*.yaml")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, {"workspace.yaml": dedent(WORKSPACE).lstrip("\n"), "acme.yaml": dedent(CUSTOMER).lstrip("\n")})
    return tmp_path


@pytest.mark.parametrize("changed", ["renamed", "acme"])
def test_a_document_with_the_former_name_of_another_one_is_planned_with_it(
    root: Path, files: Files, changed: str
) -> None:
    other = (
        "apiVersion: reconciler/v1\nkind: Company\nmetadata: {name: renamed, previously: [ACME]}\n"
        "spec: {identifier: NEW, name: New, city: Bonn}\n"
    )
    old = {**files, "other.yaml": other}
    file, word = ("other.yaml", "Bonn") if changed == "renamed" else ("acme.yaml", "Berlin")

    part = changed_part(root, old, {**old, file: old[file].replace(word, "Köln")})

    assert {"Company/renamed", "Company/acme"} <= set(part.touched)


def test_a_comment_changes_nothing(root: Path, files: Files) -> None:
    part = changed_part(root, files, {**files, "acme.yaml": "# a comment\n" + files["acme.yaml"]})

    assert part.touched == ()
    assert part.changed == 0


def test_a_changed_workspace_changes_everything(root: Path, files: Files) -> None:
    part = changed_part(root, files, {**files, "workspace.yaml": files["workspace.yaml"].replace("EUR", "USD")})

    assert part.whole
    assert len(part.manifests.documents) == 6


def test_a_changed_link_changes_everything(root: Path) -> None:
    assert load_difference(root, Differences("0" * 40, {}, links=["a.yaml"])).whole


def test_mistakes_in_a_changed_file_are_reported(root: Path, files: Files) -> None:
    broken = files["acme.yaml"] + "---\napiVersion: reconciler/v1\nkind: Company\nmetadata: {}\nspec: {}\n"

    with pytest.raises(ManifestError, match="name is missing"):
        changed_part(root, files, {**files, "acme.yaml": broken})


def test_yaml_that_cannot_be_read_in_a_changed_file_is_reported(root: Path, files: Files) -> None:
    broken = files["acme.yaml"] + "---\nspec: {name: 'Acme' Ltd}\n"

    with pytest.raises(ManifestError, match="this is not YAML"):
        changed_part(root, files, {**files, "acme.yaml": broken})


def test_yaml_that_could_not_be_read_in_the_commit_can_be_corrected(root: Path, files: Files) -> None:
    broken = {**files, "acme.yaml": "spec: {name: 'Acme' Ltd}\n"}

    assert "Company/acme" in changed_part(root, broken, files).touched


def test_a_name_that_is_declared_twice_is_reported(root: Path, files: Files) -> None:
    twice = files["acme.yaml"].split("---\n")[0]

    with pytest.raises(ManifestError, match="Company/acme is declared twice"):
        changed_part(root, files, {**files, "other.yaml": twice.replace("Acme Ltd", "Other")})


def test_a_file_that_cannot_be_read_is_reported(root: Path, files: Files) -> None:
    (root / "latin.yaml").write_bytes(b"# \xff\n")

    with pytest.raises(ManifestError, match="is not UTF-8"):
        load_difference(root, difference(files, files))


def test_mistakes_in_other_files_are_left_to_validate(root: Path, files: Files) -> None:
    old = {**files, "other.yaml": "apiVersion: reconciler/v1\nkind: Company\nmetadata: {name: other}\nspec: {}\n"}

    part = changed_part(root, old, {**old, "acme.yaml": files["acme.yaml"].replace("Berlin", "Bonn")})

    assert "Company/acme" in part.touched


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    for call in (lambda: load_changed(tmp_path / "no", "HEAD"), lambda: load_documents(tmp_path / "no", ())):
        with pytest.raises(ManifestError, match="does not exist"):
            call()
