"""The candidates for the last word of a command line, from the table of all commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from reconciler.cli.commands import COMMANDS, GROUPS
from reconciler.cli.completing.engine import Candidate, Reply, complete, table

TABLE = table()


def values(source: str, word: str, options: Mapping[str, str]) -> Iterable[Candidate]:
    """Return one candidate that says what was asked for."""
    return [Candidate(f"{word}<{source}{options or ''}>")] if source else []


def words(line: str) -> list[str]:
    return [each.text for each in reply(line).candidates]


def reply(line: str) -> Reply:
    return complete(line.split(" "), TABLE, values)


def test_every_command_is_offered_with_its_help() -> None:
    found = reply("").candidates

    assert [each.text for each in found] == [*COMMANDS, *GROUPS]
    assert found[1] == Candidate("validate", "Check the manifests offline.")


def test_a_group_has_its_own_commands() -> None:
    assert {"pull", "coverage", "report"} <= set(words("usage "))
    assert words("usage cov") == ["coverage"]


def test_options_are_those_of_the_command_and_of_every_command() -> None:
    found = words("plan -")

    assert {"--approve", "--detailed-exitcode", "--json", "-C", "--help"} <= set(found)
    assert "--auto-approve" not in found
    assert words("--js") == ["--json"]


def test_an_option_is_offered_once_unless_it_may_be_repeated() -> None:
    assert words("plan --prune --pru") == []
    assert words("plan --approve=zero --app") == ["--approve"]
    assert words("--json plan --js") == []


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("show A", "file or address"),
        ("history A", "address"),
        ("apply A", "file"),
        ("apply --target A", "address"),
        ("apply --prune --forget A", "address"),
        ("plan --approve A", "approval"),
        ("plan --out A", "file"),
        ("plan --undo 1", "run"),
        ("history --run 1", "run"),
        ("--workspace A", "workspace"),
        ("validate --workspace A", "workspace"),
        ("schema A", "schema"),
        ("schema --write A", "folder"),
        ("import --confirm A", "proposed address"),
        ("import --confirm x A", "proposed address"),
        ("-C A", "folder"),
        ("test a b A", "file"),
        ("plan -- --target", None),
        ("plan A", None),
        ("history a A", None),
        ("plan --nothing A", None),
        ("init --name A", None),
    ],
)
def test_each_value_comes_from_its_source(line: str, source: str | None) -> None:
    assert words(line) == ([] if source is None else [f"{line.rsplit(' ', 1)[1]}<{source}>"])


def test_a_value_behind_an_equals_sign_keeps_the_option() -> None:
    assert words("plan --target=A") == ["--target=A<address>"]
    assert words("plan --only=s") == ["--only=setup"]
    assert words("plan --nothing=A") == []


def test_the_folder_and_the_workspace_reach_the_source() -> None:
    given = "{'folder': 'x', 'workspace': 'w'}"
    for line in (
        "-C x --workspace w history A",
        "history -Cx --workspace=w A",
        "--directory=x history --workspace w A",
    ):
        assert words(line) == [f"A<address{given}>"]


def test_choices_are_offered() -> None:
    assert words("plan --only ") == ["setup", "usage"]
    assert words("show plan.json --format m") == ["markdown"]
    assert words("--show-completion ") == ["bash", "zsh", "fish"]


def test_the_shell_completes_paths() -> None:
    assert [reply(f"{line} A").paths for line in ("apply", "schema --write", "show", "history", "plan --only")] == [
        "files", "folders", "files", "", "",
    ]  # fmt: skip


def test_behind_an_unknown_command_nothing_is_offered() -> None:
    assert reply("nonsense A") == Reply()
    assert reply("nonsense --js") == Reply()
    assert reply("usage nonsense --js") == Reply()


def test_a_dash_alone_is_an_argument() -> None:
    assert words("history - A") == []
