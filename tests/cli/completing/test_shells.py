"""Completion in real shells: bash and zsh on a terminal, and fish by its own command `complete -C`."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.cli.completing.shells import script
from reconciler.ledger.store import Ledger, default_url
from tests.cli.completing.terminal import Terminal, environment, require, script_of, terminal

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ODD = [
    f"{number}{text}"
    for number, text in enumerate(
        [
            "it's", 'a"b', "two words", "$HOME", "$(touch pwned)", "`touch pwned`", "a:b", "a;touch pwned", "a\\b", "*",
            "~", "a&b", "naïve 日本", "#x", "!x", "{a,b}", "<x>", "\\$(touch pwned)", "(x)", "[x]", "a=b", "a|b",
        ],
        start=20,
    )
]  # fmt: skip
"""Customer ids that a shell could read in another way."""
HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata: {{name: {}}}\nspec: {{}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with manifests, some of them broken, and a ledger that knows odd customers."""
    place = tmp_path / "my repo"
    manifests = place / "manifests"
    (manifests / "customers").mkdir(parents=True)
    (manifests / "workspace.yaml").write_text(HEAD.format("Workspace", "acme"))
    (manifests / "customers" / "all.yml").write_text(
        HEAD.format("Company", "alder-dental")
        + "---\n"
        + HEAD.format("Company", "birchwood-legal")
        + "---\n"
        + HEAD.format("CustomerMapping", "alder-dental, proposed: true")
    )
    (manifests / "broken.yaml").write_text("kind: Company\nmetadata: {name: [\n")
    (manifests / "latin.yaml").write_bytes(b"kind: Company\nmetadata: {name: \xff}\n")
    (manifests / "evil.yaml").write_text('kind: Company\nmetadata: {name: "$(touch pwned)"}\nspec: {}\n')
    (place / "plan.json").write_text("{}")
    (place / "cases").mkdir()
    Ledger.open(default_url(manifests), now=NOW).close()
    with closing(sqlite3.connect(place / ".reconciler" / "ledger.sqlite")) as ledger:
        seen = "INSERT INTO customers VALUES ('cove', ?, 'The name', 1, 'InProduction', NULL, NULL, ?, ?)"
        ledger.executemany(seen, [(each, NOW.isoformat(), NOW.isoformat()) for each in [*ODD, "1001006"]])
        written = "INSERT INTO objects VALUES ('acme', ?, 1, 1, '{}', ?)"
        address = "Addition/alder-dental.storage:backup-gb@2026-10"
        ledger.execute(written, (address, NOW.isoformat()))
        ledger.execute(
            "INSERT INTO runs (id, workspace, plan_digest, started_at) VALUES (17, 'acme', 'd', '2026-11-01')"
        )
        ledger.commit()
    return place


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Terminal]:
    home = tmp_path / "home"
    home.mkdir()
    with terminal(request.param, folder, home) as driven:
        yield driven


def fish(lines: list[str], folder: Path, home: Path) -> list[list[str]]:
    """Return the words that fish offers for the last one of each line."""
    require("fish")
    home.mkdir(exist_ok=True)
    script = script_of("fish", home)
    done = subprocess.run(
        ["fish", "--no-config", "-c", FISH, str(script), *lines],
        cwd=folder, env=environment(home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    parts = done.stdout.split("--end--\n")[:-1]
    return [[each.partition("\t")[0] for each in part.splitlines()] for part in parts]


FISH = 'source $argv[1]; for line in $argv[2..]; complete -C "$line"; echo -- --end--; end'


LINES = {
    "reconciler sch": "reconciler schema ",
    "reconciler plan --detai": "reconciler plan --detailed-exitcode ",
    "reconciler usage cov": "reconciler usage coverage ",
    "reconciler plan --only us": "reconciler plan --only usage ",
    "reconciler plan --only=us": "reconciler plan --only=usage ",
    "reconciler show Comp": "reconciler show Company/",
    "reconciler show Company/b": "reconciler show Company/birchwood-legal ",
    "reconciler --json history Company/b": "reconciler --json history Company/birchwood-legal ",
    "reconciler -C manifests/ show Company/b": "reconciler -C manifests/ show Company/birchwood-legal ",
    "reconciler show -C manifests Company/b": "reconciler show -C manifests Company/birchwood-legal ",
    "reconciler plan --target=Company/b": "reconciler plan --target=Company/birchwood-legal ",
    "reconciler apply --forget Company/b": "reconciler apply --forget Company/birchwood-legal ",
    "reconciler plan --approve retire": "reconciler plan --approve retirements ",
    "reconciler plan --approve quantity=CustomerMapping/a": (
        "reconciler plan --approve quantity=CustomerMapping/alder-dental "
    ),
    "reconciler import --confirm C": "reconciler import --confirm CustomerMapping/alder-dental ",
    "reconciler show Addition/alder-dental.sto": "reconciler show Addition/alder-dental.storage:backup-gb@2026-10 ",
    "reconciler show Addition/alder-dental.storage:ba": (
        "reconciler show Addition/alder-dental.storage:backup-gb@2026-10 "
    ),
    "reconciler show cove/100": "reconciler show cove/1001006 ",
    "reconciler history --run 1": "reconciler history --run 17 ",
    "reconciler plan --undo 1": "reconciler plan --undo 17 ",
    "reconciler schema Cont": "reconciler schema Contact ",
    "reconciler --workspace a": "reconciler --workspace acme ",
    "reconciler apply pl": "reconciler apply plan.json ",
    "reconciler show pl": "reconciler show plan.json ",
    "reconciler plan --out=pl": "reconciler plan --out=plan.json ",
    "reconciler --directory=man": "reconciler --directory=manifests/",
    "reconciler --json plan > pl": "reconciler --json plan > plan.json ",
    "reconciler schema --write ca": "reconciler schema --write cases/",
    'reconciler show "Company/b': 'reconciler show "Company/birchwood-legal" ',
    "reconciler show 'Company/b": "reconciler show 'Company/birchwood-legal' ",
    "reconciler nonsense Comp": "reconciler nonsense Comp",
    "reconciler show Company/nob": "reconciler show Company/nob",
    "FOO=1 reconciler show Company/b": "FOO=1 reconciler show Company/birchwood-legal ",
}


def test_a_shell_completes_commands_options_addresses_and_names(shell: Terminal) -> None:
    assert {line: shell.completed(line) for line in LINES} == LINES


def test_a_shell_lists_what_several_words_may_become(shell: Terminal) -> None:
    listed = shell.listed("reconciler show Company/", until="birchwood-legal")

    assert "alder-dental" in listed
    assert "pwned" not in listed


def test_a_name_is_data_and_never_runs(shell: Terminal, folder: Path) -> None:
    """The shell reads the completed line as one word, and it is the name."""
    for name in ODD:
        line = shell.completed(f"reconciler show cove/{name[:2]}")
        assert shell.words(line) == [f"cove/{name}"], line
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize(("quote", "names"), [('"', ODD[1:7]), ("'", ODD[3:7])])
def test_a_name_is_data_inside_quotes_too(shell: Terminal, folder: Path, quote: str, names: list[str]) -> None:
    for name in names:
        line = shell.completed(f"reconciler show {quote}cove/{name[:2]}")
        assert shell.words(line) == [f"cove/{name}"], line
    assert not (folder / "pwned").exists()


def test_nothing_is_printed_if_the_program_is_gone(shell: Terminal) -> None:
    shell.type("PATH=/nowhere\n")

    assert shell.completed("reconciler show Company/b") == "reconciler show Company/b"
    assert "not found" not in shell.seen


def test_fish_completes_the_same(folder: Path, tmp_path: Path) -> None:
    lines = [line for line in LINES if not line.startswith("FOO") and "'" not in line and '"' not in line]
    words = {line: (line.rsplit(" ", 1)[1], LINES[line].strip().rsplit(" ", 1)[1]) for line in lines}

    found = dict(zip(lines, fish(lines, folder, tmp_path / "home"), strict=True))

    assert found == {line: [whole] if whole != typed else [] for line, (typed, whole) in words.items()}


def test_fish_offers_odd_names_as_they_are(folder: Path, tmp_path: Path) -> None:
    [found] = fish(["reconciler show cove/"], folder, tmp_path / "home")

    assert {each.removeprefix("cove/") for each in found} == {*ODD, "1001006"}
    assert not (folder / "pwned").exists()


def test_fish_prints_nothing_if_the_program_is_gone(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = script_of("fish", home)
    done = subprocess.run(
        [require("fish"), "--no-config", "-c", 'source $argv[1]; complete -C "reconciler show Comp"', str(script)],
        cwd=folder, env={**environment(home), "PATH": "/nowhere"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")


STARTED = {
    "bash": ["-i", "-c", "complete -p reconciler"],
    "zsh": ["-i", "-c", "print complete with $_comps[reconciler]"],
    "fish": ["-c", 'complete -C "reconciler sch" && echo complete with _reconciler'],
}
"""How each shell says that it completes our program when it has just started."""


@pytest.mark.parametrize("shell", STARTED)
def test_an_installed_script_is_read_when_the_shell_starts(shell: str, tmp_path: Path) -> None:
    require(shell)
    for _ in range(2):  # a second install changes nothing
        done = subprocess.run(
            ["reconciler", "--install-completion", shell],
            env=environment(tmp_path), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"Installed {shell} completion in {tmp_path}" in done.stdout

    started = subprocess.run(
        [shell, *STARTED[shell]], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert re.search("complete .*_reconciler", started.stdout), started.stdout
    assert [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*reconciler*")] == [script(shell)]
