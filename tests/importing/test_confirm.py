"""Confirming removes the mark of a proposed document, and no other byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.importing.confirm import to_confirm, without_marks
from reconciler.manifests.files import SourceFile
from reconciler.manifests.loading import load

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: w}
spec:
  connectwise: {site: s, company: c, clientId: i, publicKey: p, privateKey: {env: K}}
  usage: [{name: cove, type: csv, unit: GB, path: u.csv}]
  billing: {timezone: UTC}
"""
SPEC = """\
spec:
  customer: {source: cove, id: "7"}
  company: {id: 1}
  agreement: {id: 2}
  solution: S
  managedId: "7"
  product: {id: 3}"""
SOLUTION = 'spec: {company: {id: 1}, solution: S, managedId: "7"}'


def document(kind: str, metadata: str, spec: str) -> str:
    return f"apiVersion: reconciler/v1\nkind: {kind}\n{metadata}\n{spec}\n"


def confirmed(tmp_path: Path, text: str, *wanted: str) -> str:
    (tmp_path / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "a.yaml").write_bytes(text.encode())
    documents = to_confirm(load(tmp_path), wanted or ("all",))
    return without_marks(SourceFile("a.yaml", text, b""), documents)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("metadata:\n  name: a\n  proposed: true", "metadata:\n  name: a"),
        ("metadata:\n  proposed: true\n  name: a", "metadata:\n  name: a"),
        ("metadata:\n  name: a\n  proposed: true # why", "metadata:\n  name: a\n  # why"),
        ("metadata:\n  name: a # who\n  proposed: True", "metadata:\n  name: a # who"),
        ("metadata: {name: a, proposed: true}", "metadata: {name: a}"),
        ("metadata: {proposed: true, name: a}", "metadata: {name: a}"),
        ("metadata: {\n  name: a,\n  proposed: true\n}", "metadata: {\n  name: a,\n}"),
        ('metadata: {name: a, "proposed": true}', "metadata: {name: a}"),
        ("metadata:\r\n  name: a\r\n  proposed: true\r", "metadata:\r\n  name: a\r"),
    ],
)
def test_only_the_mark_is_removed(tmp_path: Path, before: str, after: str) -> None:
    comment = "# proposed: true stays in a comment\n"

    found = confirmed(tmp_path, comment + document("CustomerMapping", before, SPEC))

    assert found == comment + document("CustomerMapping", after, SPEC)


def test_a_mark_that_is_written_in_another_way_is_left_to_a_person(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="cannot be removed"):
        confirmed(tmp_path, document("CustomerMapping", "metadata: {name: a, proposed: !!bool true}", SPEC))


def test_the_management_solution_of_a_mapping_is_confirmed_with_it(tmp_path: Path) -> None:
    text = document("ManagementSolution", "metadata: {name: s, proposed: true}", SOLUTION)
    text += "---\n" + document("CustomerMapping", "metadata: {name: a, proposed: true}", SPEC)

    assert "proposed" not in confirmed(tmp_path, text, "CustomerMapping/a")


def test_a_mapping_can_be_named_by_its_customer(tmp_path: Path) -> None:
    text = document("CustomerMapping", "metadata: {name: a, proposed: true}", SPEC)

    assert "proposed" not in confirmed(tmp_path, text, "cove/7")


@pytest.mark.parametrize(
    ("address", "what"), [("CustomerMapping/b", "there is no"), ("CustomerMapping/a", "is not proposed")]
)
def test_an_address_without_a_mark_is_an_error(tmp_path: Path, address: str, what: str) -> None:
    with pytest.raises(ReconcilerError, match=what):
        confirmed(tmp_path, document("CustomerMapping", "metadata: {name: a}", SPEC), address)


def test_all_beside_an_unknown_address_confirms_nothing(tmp_path: Path) -> None:
    text = document("CustomerMapping", "metadata: {name: a, proposed: true}", SPEC)

    with pytest.raises(ReconcilerError, match="there is no CustomerMapping/other"):
        confirmed(tmp_path, text, "all", "CustomerMapping/other")


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("CustomerMapping/a", "CustomerMapping/a is not proposed"),
        ("cove/7", "CustomerMapping/a of cove/7 is not proposed"),
    ],
)
def test_a_confirmed_mapping_is_said_to_be_confirmed_and_no_other_one_is_suggested(
    tmp_path: Path, address: str, what: str
) -> None:
    other = SPEC.replace('id: "7"', 'id: "8"')
    text = document("CustomerMapping", "metadata: {name: a}", SPEC)
    text += "---\n" + document("CustomerMapping", "metadata: {name: b, proposed: true}", other)

    with pytest.raises(ReconcilerError, match=what) as refused:
        confirmed(tmp_path, text, address)

    assert refused.value.advice == "Its document in a.yaml has no `proposed: true`, so there is nothing to confirm."
