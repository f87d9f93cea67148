"""The tutorial works as it is written: every command in its order, in one shell, with the output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks import ROOT, Shown, blocks, missing, shown
from tests.test_doc_commands import reason
from tests.times import START

PAGE = ROOT / "docs" / "tutorial" / "first-billed-hour.md"
SANDBOX = "reconciler sandbox --format env"


def script() -> tuple[str, list[Shown]]:
    """Return the page as a script for bash, and its commands. The sandbox's clock stands still, so that output does."""
    lines, commands = ["exec 2>&1"], []
    for block in blocks(PAGE):
        if block.language == "yaml":
            lines.append(f"cat >{block.file} <<'END'\n{block.text}END")
        for each in shown(block):
            if not each.command.startswith("source <(") and reason(each.command) is not None:
                continue
            commands.append(each)
            lines += [each.command.replace(SANDBOX, f"{SANDBOX} --clock {START.isoformat()}"), 'echo "=> $?"']
    return "\n".join(lines) + "\n", commands


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Shown, int, str]]:
    """Follow the page in an empty home folder. Return each command with its exit code and what it printed."""
    home = tmp_path_factory.mktemp("home")
    (home / "reconciler-tutorial").mkdir()
    text, commands = script()
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RECONCILER_NOW": START.isoformat(),
        "LANG": "C.UTF-8",
    }
    run = subprocess.run(
        ["bash"], input=text, cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    said = re.split(r"^=> (\d+)\n", run.stdout, flags=re.MULTILINE)
    assert len(said) == 2 * len(commands) + 1, run.stdout
    return list(zip(commands, map(int, said[1::2]), said[::2], strict=False))


def test_every_command_ends_as_the_page_says(followed: list[tuple[Shown, int, str]]) -> None:
    for each, code, printed in followed:
        assert code == each.code, f"{each.command}\n{printed}"


def test_every_command_prints_what_the_page_shows(followed: list[tuple[Shown, int, str]]) -> None:
    assert sum(1 for each, _, _ in followed if each.output) >= 8
    for each, _, printed in followed:
        if each.output:
            assert missing(each.output, printed) is None, f"{each.command}\n{printed}"
