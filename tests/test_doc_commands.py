"""Every command that a page shows is run by a test, in the order of the page, or has a reason why not.

Most pages are run here, on the example estate. `OF_THEIR_OWN` names those whose reader starts elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.manifests.parsing import parse
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.blocks import PAGES, ROOT, blocks, commands, missing
from tests.test_schemas import validator
from tests.times import START

OF_THEIR_OWN = {
    "README.md": "test_readme.py",
    "adopting.md": "test_adopting.py",
    "alerts.md": "test_alerts_page.py",
    "first-billed-hour.md": "test_tutorial.py",
    "first-customer.md": "test_readme.py",
    "ledger.md": "test_ledger_docs.py",
}
"""Pages with a test of their own, and the module that it is in."""
NOT_RUN = {
    "make ": "a test below finds its target, and .ci/run runs make in a fresh clone",
    "reconciler init billing --name acme --ci ": ".ci/run runs it with the package that `make dist` builds",
    "uv tool install ": ".ci/run installs the same file with pip, and uv would change this machine",
    "python3 -m venv ": ".ci/run installs into an environment of its own",
    ". ~/reconciler-tutorial/": ".ci/run runs the installed program by its path",
    "python -m pip install ": ".ci/run installs from the same file",
    "~/.local/share/reconciler/bin/python -m pip ": "test_readme.py runs pip with the same arguments",
    "reconciler sandbox ": "it runs until Ctrl-C: test_sandbox.py starts it, and test_tutorial.py as a reader does",
    "source <(reconciler sandbox ": "the tests run against a sandbox already, and test_tutorial.py starts one so",
    "glab ": "it changes a project on GitLab",
    "7 * * * * ": "this is a line of a crontab, and its command is in the step before",
}
"""How commands begin that no test runs, each with the reason."""


def reason(command: str) -> str | None:
    """Return why a command is not run. None if it is."""
    return next((why for start, why in NOT_RUN.items() if command.startswith(start)), None)


OTHERS = [page for page in PAGES if page.name not in {*OF_THEIR_OWN, "undo.md", "life-of-objects.md"}]
WITH_COMMANDS = [page for page in OTHERS if any(reason(each.command) is None for each in commands(page))]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy the example estate to a new repository, and set its variables to those of a running sandbox."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "prices.yaml", tmp_path / "tests")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ann@msp.example")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "The example"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=tmp_path, check=True)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    clock = Clock(START)
    with RunningSandbox(Sandbox(clock=clock, console=Console(clock, World(1, 6, START)))) as running:
        for name, value in running.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_NOW", START.isoformat())
        monkeypatch.chdir(tmp_path)
        yield tmp_path


Said = list[tuple[str, str]]
"""Each command that was run, with what it printed."""


@pytest.fixture
def follow(example: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Said]:
    """Return a function that runs the commands of a page, and fails if one ends or prints otherwise than it says."""

    def follow_page(page: Path) -> Said:
        said: Said = []
        for each in commands(page):
            if reason(each.command) is None:
                code, printed = run_shown(each.command, capsys)
                assert code == each.code, f"{each.command}\n{printed}"
                assert missing(each.output, printed) is None, f"{each.command}\n{printed}"
                said.append((each.command, printed))
        return said

    return follow_page


def run_shown(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command of ours in this process, which is faster, and any other one in bash."""
    capsys.readouterr()
    words = shlex.split(command)
    if words[0] == "reconciler" and "\n" not in command and "$(" not in command and not {"|", ">", "||"} & set(words):
        code = run(words[1:])
        printed = capsys.readouterr()
        return code, printed.out + printed.err
    done = subprocess.run(
        ["bash", "-c", f"set -eu -o pipefail\n{command}"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_of_a_page_end_and_print_as_it_says(page: Path, follow: Callable[[Path], Said]) -> None:
    follow(page)


def quoted(page: Path) -> list[str]:
    """Return the lines of output that a page shows in blocks of their own, each up to a `…`."""
    lines = [line for block in blocks(page) if not block.language for line in block.text.splitlines()]
    return [part.rstrip() for line in lines if (part := line.partition("…")[0]).strip()]


def test_the_page_on_undo_ends_with_the_manifests_and_connectwise_as_before(
    example: Path, follow: Callable[[Path], Said]
) -> None:
    shutil.rmtree(example / ".git")  # the page makes the repository itself
    before = (example / "manifests" / "products.yaml").read_text(encoding="utf-8")

    said = follow(ROOT / "docs" / "how-to" / "undo.md")

    plans = [printed for command, printed in said if command.startswith("reconciler plan")]
    assert "No changes." in plans[0]
    assert "price = 0.15 → 0.18" in plans[1]
    assert "price = 0.18 → 0.15" in plans[2]
    assert "No changes." in plans[3]
    assert "price = 0.15 → 0.18" in plans[4]
    assert (example / "manifests" / "products.yaml").read_text(encoding="utf-8") == before


def test_the_page_on_the_life_of_objects_shows_what_the_commands_do(follow: Callable[[Path], Said]) -> None:
    """It shows a retirement, the return of the customer, and the list of objects that are no longer declared."""
    page = ROOT / "docs" / "how-to" / "life-of-objects.md"
    said = follow(page)

    plans = [printed for command, printed in said if command.startswith("reconciler plan")]
    leaves, returns, removed, pruned = plans
    assert "- Agreement/alder-dental  left in November; it bills 18.15 USD a month (1 addition)" in leaves
    assert "~ Agreement/alder-dental  retired in ConnectWise, and lives again" in returns
    assert "Agreement/birchwood-legal: no longer declared (id " in removed
    assert "- Agreement/birchwood-legal  no longer declared; it bills " in pruned
    everything = "".join(printed for _, printed in said)
    assert [line for line in quoted(page) if line not in everything] == []


def test_the_page_on_policies_shows_the_error_of_a_price_below_the_floor(
    follow: Callable[[Path], Said], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = ROOT / "docs" / "how-to" / "policies.md"
    follow(page)
    monkeypatch.chdir("new")
    products = Path("manifests/products.yaml")
    products.write_text(products.read_text(encoding="utf-8").replace("price: 0.15", "price: 0.04"), encoding="utf-8")

    assert run(["validate"]) == 1
    printed = capsys.readouterr()
    assert [line for line in quoted(page) if line not in printed.out + printed.err] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for each in commands(page):
        for words in (shlex.split(line, comments=True) for line in each.command.splitlines()):
            if words[:1] == ["make"]:
                assert [target for target in words[1:] if f"\n{target}:" not in makefile] == [], each.command


def test_the_pages_with_a_test_of_their_own_are_named_in_it() -> None:
    for page, module in OF_THEIR_OWN.items():
        assert page in {path.name for path in PAGES}
        assert page in (ROOT / "tests" / module).read_text(encoding="utf-8"), page


def test_every_reason_is_needed() -> None:
    shown_commands = [each.command for page in PAGES for each in commands(page)]
    assert [start for start in NOT_RUN if not any(each.startswith(start) for each in shown_commands)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_is_marked_as_one(page: Path) -> None:
    """Only `console`, `sh` and `bash` blocks are run."""
    languages = {"console", "sh", "bash", "yaml", "json", "python", "sql", "text", ""}
    for block in blocks(page):
        assert block.language in languages, block.language
        assert block.language or not re.match(r"(\$ |reconciler |make |git )", block.text), block.text


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_every_document_and_every_json_of_a_page_is_valid(page: Path) -> None:
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml" and "apiVersion: reconciler/v1" in block.text:
            for _, document in parse(block.text).documents:
                validator().validate(document)
