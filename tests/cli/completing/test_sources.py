"""Tests of the values that a completion offers: from the manifests, from the ledger, and from the code."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.cli.completing import shells, stored
from reconciler.cli.completing.engine import table
from reconciler.cli.completing.manifests import named, proposed
from reconciler.cli.completing.sources import values_of
from reconciler.kinds.registry import declarable_kinds
from reconciler.ledger.store import Ledger, default_url
from reconciler.planning.approvals import NAMES
from tests.shop import EXAMPLE

VALUES = values_of(table())
HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata: {{name: {}}}\nspec: {{}}\n"


def words(source: str, word: str, folder: Path = EXAMPLE) -> list[str]:
    found = VALUES(source, word, {"folder": str(folder)})
    return [each.text for each in found if each.text.startswith(word)]


def document(folder: Path, file: str, kind: str, name: str) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(kind, name), encoding="utf-8")
    return path


def test_an_address_begins_with_its_kind() -> None:
    assert words("address", "") == [*(f"{kind.name}/" for kind in declarable_kinds()), "Addition/"]
    assert words("address", "Comp") == ["Company/"]


def test_an_address_goes_on_with_the_names_of_the_documents() -> None:
    assert words("address", "Company/c") == ["Company/cedar-logistics"]
    assert len(words("address", "CustomerMapping/")) == 5


def test_an_approval_is_a_guardrail_and_perhaps_an_address() -> None:
    assert words("approval", "") == list(NAMES)
    assert words("approval", "quantity=") == ["quantity=CustomerMapping/", "quantity=Addition/"]
    assert words("approval", "zero=CustomerMapping/a") == ["zero=CustomerMapping/alder-dental"]
    assert words("approval", "nothing=C") == []


def test_schemas_and_workspaces_are_offered_by_name() -> None:
    assert {"manifest", "plan", "Company", "Defaults"} <= set(words("schema", ""))
    assert words("workspace", "") == ["example"]
    assert words("", "x") == []


def test_only_proposed_documents_can_be_confirmed(tmp_path: Path) -> None:
    document(tmp_path, "a.yaml", "CustomerMapping", "a, proposed: true")
    document(tmp_path, "b.yaml", "CustomerMapping", "b, proposed: false")
    document(tmp_path, "c.yaml", "CustomerMapping", "proposed")
    (tmp_path / "d.yaml").write_text("- proposed: true\n")

    assert proposed(tmp_path) == ["CustomerMapping/a"]
    assert words("proposed address", "", tmp_path) == ["all", "CustomerMapping/a"]


def test_the_files_are_those_that_a_command_reads(tmp_path: Path) -> None:
    outside = document(tmp_path, "outside/o.yaml", "Company", "outside").parent
    root = tmp_path / "manifests"
    for file, name in {
        "a.yaml": "a",
        "b.YML": "b",
        "deep/er/c.yml": "c",
        ".hidden/d.yaml": "d",
        ".e.yaml": "e",
    }.items():
        document(root, file, "Company", name)
    document(root, "f.txt", "Company", "f")
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (root / "again.yaml").symlink_to("a.yaml")
    (root / "gone.yaml").symlink_to("nowhere.yaml")

    assert sorted(set(named(root, "Company"))) == ["a", "b", "c"]
    assert words("address", "Company/", root) == ["Company/a", "Company/b", "Company/c"]


@pytest.mark.parametrize("content", [b"kind: Company\nmetadata: {name: [\n", b"\xff\xfe", b"kind: Company\n", b""])
def test_a_broken_file_does_not_hide_the_others(tmp_path: Path, content: bytes) -> None:
    document(tmp_path, "good.yaml", "Company", "good")
    (tmp_path / "broken.yaml").write_bytes(content)

    assert words("address", "Company/", tmp_path) == ["Company/good"]


def test_a_name_that_no_document_can_have_is_left_out(tmp_path: Path) -> None:
    document(tmp_path, "a.yaml", "Company", '"$(touch x)"')

    assert words("address", "Company/", tmp_path) == []


def test_without_a_folder_there_are_no_names(tmp_path: Path) -> None:
    assert words("address", "Company/", tmp_path / "nowhere") == []
    assert named(tmp_path, "no word") == []


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Return a manifest folder beside a ledger with two runs, a customer and an addition."""
    root = tmp_path / "manifests"
    root.mkdir()
    now = datetime(2026, 11, 1, tzinfo=UTC)
    Ledger.open(default_url(root), now=now).close()
    with closing(sqlite3.connect(root.parent / ".reconciler" / "ledger.sqlite")) as opened:
        opened.execute(
            "INSERT INTO customers VALUES ('cove', '1001', 'Alder', 1, 'InProduction', NULL, NULL, '2026', '2026')"
        )
        opened.execute("INSERT INTO objects VALUES ('w', 'Addition/alder.storage:gb', 1, 1, '{}', '2026')")
        opened.execute("INSERT INTO objects VALUES ('w', 'Company/gone', 1, 1, '{}', '2026')")
        for number, undoes in ((1, None), (2, 1)):
            opened.execute(
                "INSERT INTO runs (id, workspace, plan_digest, started_at, undoes) VALUES (?, 'w', 'd', ?, ?)",
                (number, f"2026-11-0{number} 10:00:00", undoes),
            )
        opened.commit()
    return root


def test_the_ledger_knows_customers_additions_and_objects_without_a_document(ledger: Path) -> None:
    assert words("address", "c", ledger) == ["cove/"]
    assert words("address", "cove/", ledger) == ["cove/1001"]
    assert words("address", "other/", ledger) == []
    assert words("address", "Addition/", ledger) == ["Addition/alder.storage:gb"]
    assert words("address", "Company/", ledger) == ["Company/gone"]


def test_shrink_is_approved_for_a_source(ledger: Path) -> None:
    assert words("approval", "shrink=", ledger) == ["shrink=cove"]
    assert words("approval of a pull", "", ledger) == ["shrink"]
    assert words("approval of a pull", "shrink=", ledger) == ["shrink=cove"]
    assert words("gap", "", ledger) == ["cove=", "CustomerMapping/", "cove/"]
    assert words("gap", "cove=", ledger) == []


def test_runs_are_offered_with_their_start_the_newest_first(ledger: Path) -> None:
    found = [(each.text, each.help) for each in VALUES("run", "", {"folder": str(ledger)})]

    assert found == [("2", "undo of 1 2026-11-02 10:00"), ("1", "apply 2026-11-01 10:00")]


def test_a_ledger_that_is_none_gives_nothing(ledger: Path) -> None:
    (ledger.parent / ".reconciler" / "ledger.sqlite").write_bytes(b"no database")

    assert words("run", "", ledger) == []
    assert stored.customers(ledger) == []


def test_the_ledger_is_only_read(ledger: Path) -> None:
    path = ledger.parent / ".reconciler" / "ledger.sqlite"
    before = path.read_bytes()
    words("address", "", ledger)
    words("run", "", ledger)

    assert path.read_bytes() == before


def test_an_answer_imports_no_command_and_no_model() -> None:
    program = (
        "import sys; from reconciler.cli.completing.shells import answer; "
        f"list(answer({{'_RECONCILER_COMPLETE': 'zsh'}}, ['-C', {str(EXAMPLE)!r}, 'show', 'Company/'])); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert not {"pydantic", "typer", "sqlalchemy", "httpx", "rich", "yaml"} & set(done.stdout.split())


def test_an_error_leaves_the_answer_empty(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shells.main({"_RECONCILER_COMPLETE": "bash"}, [])  # bash gives its line

    said = capsysbinary.readouterr()
    assert (said.out, said.err) == (b"\n", b"")


def test_a_name_with_a_control_character_is_left_out_and_a_description_has_none(
    ledger: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with closing(sqlite3.connect(ledger.parent / ".reconciler" / "ledger.sqlite")) as opened:
        opened.execute(
            "INSERT INTO customers VALUES ('cove', 'a' || char(27) || 'b', 'x', 1, 's', NULL, NULL, '2026', '2026')"
        )
        opened.execute("UPDATE customers SET name = 'A' || char(10) || 'B' WHERE customer_id = '1001'")
        opened.commit()

    shells.main({"_RECONCILER_COMPLETE": "fish"}, ["-C", str(ledger), "show", "cove/"])

    assert capsysbinary.readouterr().out == b"files\ncove/1001\tA B\n"


def test_no_words_are_the_first_word(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shells.main({"_RECONCILER_COMPLETE": "zsh"}, [])
    assert b"\nplan\tShow what would change in ConnectWise.\n" in capsysbinary.readouterr().out
    shells.main({"_RECONCILER_COMPLETE": "bash", "COMP_LINE": "reconciler", "COMP_POINT": "10"}, [])
    assert b"\nplan\n" in capsysbinary.readouterr().out
