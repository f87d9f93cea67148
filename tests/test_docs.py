"""The docs name what exists: files, modules, commands, faults, guardrails, words and tests.

test_doc_commands.py runs the commands that they show.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from reconciler.cases.model import State
from reconciler.cli.main import COMMANDS, GROUPS
from reconciler.planning.approvals import NAMES
from reconciler.sandbox.connectwise.api import habits
from reconciler.sandbox.server.control import routes as control
from reconciler.sandbox.shared import faults
from tests.blocks import PAGES, ROOT, commands
from tests.exit_codes import command_of


def test_the_command_page_shows_every_command() -> None:
    page = ROOT / "docs" / "reference" / "commands.md"
    shown = {str(command_of(each.command.split())).split()[0] for each in commands(page)}
    assert shown >= {*COMMANDS, *GROUPS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_links_to_are_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_first_page_links_to_every_other_one() -> None:
    """The pages of the kinds are in `manifests.md`."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f"({page})" not in index and "/kinds/" not in page and page != "index.md"] == []


TO_WRITE = {"reconciler/kinds/site.py", "tests/kinds/test_site.py"}
"""Files that CONTRIBUTING.md tells you to write."""


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
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


def test_the_billing_page_says_what_each_state_of_coverage_means() -> None:
    page = (ROOT / "docs" / "explanation" / "billing.md").read_text(encoding="utf-8")
    _, _, section = page.partition("## Account for every customer")
    rows = re.findall(r"^\| ([\w, ]+) \|", section.partition("\n## ")[0], re.MULTILINE)

    assert {*get_args(State), "orphan"} <= {state for row in rows for state in row.split(", ")}


def test_every_guardrail_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "guardrails.md").read_text(encoding="utf-8")
    _, generated, counts, effects = re.split(r"<!-- end -->|<!-- generated|^## What happens", page, flags=re.MULTILINE)
    for name in NAMES:
        assert all(f"`{name}`" in part for part in (generated, counts, effects)), name
