"""Every command that the docs show works, in the order of the page, and every file that a page links to exists.

The README and docs/how-to/first-customer.md build an estate of their own: test_readme.py tests them.
test_adopting.py tests docs/how-to/adopting.md, and test_tutorial.py the tutorial.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS, GROUPS, run
from reconciler.planning.approvals import NAMES
from reconciler.sandbox.connectwise.api import habits
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.control import routes as control
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared import faults
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.times import START

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
EXIT = re.compile(r"#\s*exit (\d+)\s*$")


def commands(page: Path) -> list[tuple[list[str], int]]:
    """Return the `$ …` lines of a page's console blocks, each with the exit code of its `# exit N`, or 0."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                said = EXIT.search(line)
                found.append((shlex.split(line[2:], comments=True), int(said.group(1)) if said else 0))
    return found


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy the example estate to a new repository, and set its variables to those of a running sandbox."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "The example"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    clock = Clock(START)
    with RunningSandbox(Sandbox(clock=clock, console=Console(clock, World(1, 6, START)))) as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_NOW", START.isoformat())
        monkeypatch.chdir(tmp_path)
        yield tmp_path


UNDO = ROOT / "docs" / "how-to" / "undo.md"
"""This page edits manifests and calls git: it has a test of its own."""
LIFE = ROOT / "docs" / "how-to" / "life-of-objects.md"
"""This page edits manifests, too."""
WITH_EDITS = {"README.md", "first-billed-hour.md", "first-customer.md", "adopting.md", UNDO.name, LIFE.name}
OTHERS = [page for page in PAGES if page.name not in WITH_EDITS]


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_the_commands_of_a_page_end_as_it_says(page: Path, example: Path) -> None:
    for arguments, expected in commands(page):
        if arguments[0] == "reconciler" and arguments[1] != "sandbox":
            assert run(arguments[1:]) == expected, arguments


def test_the_page_on_undo_ends_with_the_manifests_and_connectwise_as_before(
    example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page also edits files and calls git, so each line that is more than one command of ours runs in a shell."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@msp.example")
    shutil.rmtree(example / ".git")  # the page makes the repository itself
    before = (example / "manifests" / "products.yaml").read_text(encoding="utf-8")
    plans = []
    for line in re.findall(r"^\$ (.*)$", "".join(BLOCK.findall(UNDO.read_text(encoding="utf-8"))), re.MULTILINE):
        if not line.startswith("reconciler") or "|" in line:
            subprocess.run(line, shell=True, check=True, capture_output=True, cwd=example)
            continue
        capsys.readouterr()
        assert run(shlex.split(line)[1:]) == 0, line
        if line.startswith("reconciler plan"):
            plans.append(capsys.readouterr().out)
    assert "No changes." in plans[0]
    assert "price = 0.15 → 0.18" in plans[1]
    assert "price = 0.18 → 0.15" in plans[2]
    assert "No changes." in plans[3]
    assert "price = 0.15 → 0.18" in plans[4]
    assert (example / "manifests" / "products.yaml").read_text(encoding="utf-8") == before


def test_the_page_on_the_life_of_objects_shows_what_the_commands_do(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows a retirement, the return of the customer, and the list of objects that are no longer declared."""
    plans = []
    for line in re.findall(r"^ *\$ (.*)$", LIFE.read_text(encoding="utf-8"), re.MULTILINE):
        if not line.startswith("reconciler"):
            subprocess.run(line, shell=True, check=True, capture_output=True, cwd=example)
            continue
        capsys.readouterr()
        code = run(shlex.split(line)[1:])
        said = capsys.readouterr()
        assert code == 0, f"{line}: {said.err}"
        if line.startswith("reconciler plan"):
            plans.append(said.out)
    leaves, returns, removed, pruned = plans
    assert "- Agreement/alder-dental  left in November; it bills 18.15 USD a month (1 addition)" in leaves
    assert "~ Agreement/alder-dental  retired in ConnectWise, and lives again" in returns
    assert "Agreement/birchwood-legal: no longer declared (id " in removed
    assert "- Agreement/birchwood-legal  no longer declared; it bills " in pruned


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for arguments, _ in commands(page):
        if arguments[0] == "make":
            for target in arguments[1:]:
                assert f"\n{target}:" in makefile, f"make {target}"


def test_the_command_page_shows_every_command() -> None:
    shown = {
        arguments[1] if not arguments[1].startswith("-") else arguments[2]
        for arguments, _ in commands(ROOT / "docs" / "reference" / "commands.md")
    }
    assert shown >= {*COMMANDS, *GROUPS, "version"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_links_to_are_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


TO_WRITE = {"reconciler/kinds/site.py", "tests/kinds/test_site.py"}
"""Files that CONTRIBUTING.md tells you to write."""
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_modules_that_a_page_names_are_there(page: Path) -> None:
    for name in set(re.findall(r"`([\w/]+/\w+\.py)`", page.read_text(encoding="utf-8"))) - TO_WRITE:
        assert (ROOT / name).exists() or (ROOT / "reconciler" / name).exists(), name


def test_every_command_that_a_message_advises_is_there() -> None:
    advised = re.compile(r"(?:`|: |with )reconciler ((?:-\S+ [^\s`]+ )*)([a-z]+)")
    named = {
        found.group(2): path.name
        for folder in ("reconciler", "manifests")
        for path in (ROOT / folder).rglob("*.[py]*")
        if path.suffix in (".py", ".yaml")
        for found in advised.finditer(path.read_text(encoding="utf-8"))
    }

    assert named.keys() - {*COMMANDS, *GROUPS, "version"} == set(), named


def test_every_fault_and_every_control_of_the_sandbox_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "sandbox.md").read_text(encoding="utf-8")
    rows = [
        line
        for text in (faults.__doc__, control.__doc__, habits.__doc__)
        for line in str(text).splitlines()
        if line[:1] == "|"
    ]
    assert [line for line in rows if line not in page] == []
    assert [kind for kind in faults.KINDS if f"`{kind}" not in page] == []


WORDS = (
    "charge", "addition", "tag", "ownership", "desired addition", "live state", "match", "drift", "adopt", "orphan",
    "unmapped", "snapshot", "customer status", "rating trace", "recover", "read-back", "pull", "sample", "meter",
    "period", "close", "adjustment",
)  # fmt: skip
"""The words of the project's design: one word for one thing, in code, output and docs."""
ENTRY = re.compile(r"^\| \*\*(?P<word>[^*|]+)\*\* \| (?P<meaning>[^|]+) \| (?P<elsewhere>[^|]+) \|$", re.MULTILINE)


def test_the_glossary_has_each_word_of_the_design_once() -> None:
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    entries = ENTRY.findall(page)
    named = [word for word, _, _ in entries]

    assert set(WORDS) <= set(named)
    assert len(named) == len(set(named)) == page.count("\n| **")
    for word, meaning, elsewhere in entries:
        assert meaning.endswith("."), word
        assert meaning.count(". ") < 3, word
        assert elsewhere == "–" or re.match(r"(ConnectWise|Terraform|billing): ", elsewhere), word


def test_the_glossary_has_each_action_of_a_plan_and_each_state_of_coverage() -> None:
    named = {
        word for word, _, _ in ENTRY.findall((ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8"))
    }

    assert {"adopt", "retire"} <= named
    assert {"billed", "waiting", "never seen", "refused", "excluded", "unmapped", "unattributed"} <= named
    assert {"vanished", "unknown", "stale", "held", "orphan", "invoiced"} <= named


def test_each_billing_rule_has_its_row_of_tests() -> None:
    page = (ROOT / "docs" / "explanation" / "billing.md").read_text(encoding="utf-8")
    rules, _, tests = page.partition("## The test of each rule")
    first = re.compile(r"^\| ([^|]+?) \|", re.MULTILINE)
    headings = {"rule", "step", "name", "state", "---"}

    told = [name for name in first.findall(rules) if name not in headings]
    proved = [name for name in first.findall(tests) if name not in headings]
    guardrails = [f"`{name}`" for name in NAMES]
    assert [name for name in proved if name not in guardrails] == [*told, "matching by id"]
    assert sorted(name for name in proved if name in guardrails) == sorted(guardrails)
    assert len(told) > 50


def test_every_guardrail_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "guardrails.md").read_text(encoding="utf-8")
    _, generated, counts, effects = re.split(r"<!-- end -->|<!-- generated|^## What happens", page, flags=re.MULTILINE)
    for name in NAMES:
        assert all(f"`{name}`" in part for part in (generated, counts, effects)), name
