"""The generated parts of `docs/reference/` are what the code gives, and say something about every field and option."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests.schemas import schemas
from reconciler.planning.approvals import ALWAYS_ON, NAMES
from reconciler.planning.published import published
from tests.exit_codes import command_of
from tools.reference import exits
from tools.reference.commands import all_commands
from tools.reference.fields import default, fields, nested, value
from tools.reference.kinds import WRITTEN, page
from tools.reference.pages import FOLDER, KINDS, pages
from tools.reference.regions import filled

KIND_PAGES = {kind.name: page(kind) for kind in declarable_kinds()}


def test_the_pages_are_up_to_date() -> None:
    """If this fails after a change of the code, run `make reference`."""
    wanted = pages()
    assert set((FOLDER / KINDS).glob("*.md")) <= set(wanted)
    for path, text in wanted.items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize("name", KIND_PAGES)
def test_a_page_describes_every_field_of_its_kind(name: str) -> None:
    text = KIND_PAGES[name]
    assert "\n## Fields\n" in text
    assert [line for line in text.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
    assert " any value " not in text


def test_a_page_shows_the_document_of_the_example_estate() -> None:
    assert "```yaml\napiVersion: reconciler/v1\nkind: Exclusion\n" in KIND_PAGES["Exclusion"]


def test_a_reference_links_to_the_kind_and_names_its_look_ups() -> None:
    assert "| `company` | name of a [Company](Company.md), `{identifier: …}` or `{id: …}` |" in KIND_PAGES["Agreement"]
    assert "| `contact` | name of a [Contact](Contact.md), `{email: …}` or `{id: …}` |" in KIND_PAGES["Agreement"]


def test_a_field_that_defaults_can_give_is_required_all_the_same() -> None:
    [row] = [line for line in KIND_PAGES["Agreement"].splitlines() if line.startswith("| `type` |")]
    assert "| required |" in row


@pytest.mark.parametrize("name", ["plan", "outcome"])
def test_every_field_of_a_published_format_is_described(name: str) -> None:
    schema = published()[name]
    for title, part in [(name, schema), *schema["$defs"].items()]:
        lacking = [field for field, each in part["properties"].items() if not each.get("description")]
        assert lacking == [], title


def test_every_option_of_every_command_is_described() -> None:
    for name, (command, _) in all_commands().items():
        assert command.help, name
        assert [option.name for option in command.params if not option.help] == [], name


def test_every_command_with_exit_codes_of_its_own_exists() -> None:
    assert set(exits.OTHERS) <= set(all_commands())
    assert exits.codes_of("apply") == {0, 1, 3, 4, 5, 130}
    assert exits.exit_codes_of("validate") == "0, 1, 130"


def test_the_command_of_a_command_line_is_found_behind_its_options() -> None:
    assert command_of(["-C", "manifests", "plan"]) == "plan"
    assert command_of(["usage", "--json", "pull"]) == "usage pull"
    assert command_of(["--version"]) is None


OLD = {"customerChange", "lineToZero", "totalChange", "customersChanged"}
"""The names of limits in version 0.1."""


def test_a_guardrail_has_a_limit_in_the_workspace_or_is_always_on() -> None:
    limits = set(schemas()["Workspace"]["$defs"]["Guardrails"]["properties"])
    assert sorted(NAMES) == sorted([*ALWAYS_ON, *(limits - OLD)])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "maxLength": 9}, "text, at most 9 characters"),
        ({"type": "string", "format": "date"}, 'day, such as `"2026-11-01"`'),
        ({"type": "integer", "minimum": 1, "maximum": 64}, "whole number from 1 to 64"),
        ({"type": "number", "exclusiveMinimum": 0}, "number above 0"),
        ({"type": "number", "maximum": 5}, "number of at most 5"),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        ({"const": 2}, "`2`"),
        ({"type": "array", "items": {"type": "boolean"}}, "list of `true` or `false`"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map of text"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"anyOf": [{"$ref": "#/$defs/EnvSecret"}, {"$ref": "#/$defs/FileSecret"}]}, "`{env: NAME}` or `{file: PATH}`"),
        ({}, "any value"),
    ],
)
def test_values_are_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert value(schema, WRITTEN) == words


def test_a_long_default_is_left_to_the_table_of_its_fields() -> None:
    assert default({"default": {"percent": 50, "money": None}}) == "`{percent: 50, money: null}`"
    assert default({"default": {f"field{number}": number for number in range(9)}}) == ""
    assert default({"default": []}) == ""


@pytest.mark.parametrize(
    ("description", "examples", "meaning"),
    [
        ("City.", ["Tampa", "Leeds"], "City. Example: `Tampa`."),
        ("Types.", [["Customer", "Vendor"]], "Types. Example: `[Customer, Vendor]`."),
        ("No end.", [None, {"env": "A"}], "No end. Example: `{env: A}`."),
        ("Such as Active.", ["Active"], "Such as Active."),
        ("A zone, such as UTC.", ["Europe/Berlin"], "A zone, such as UTC."),
        ("Long.", ["x" * 80], "Long."),
        ("An id.", ["1001001"], 'An id. Example: `"1001001"`.'),
    ],
)
def test_a_field_has_an_example_if_its_description_has_none(
    description: str, examples: list[Any], meaning: str
) -> None:
    text = fields({"properties": {"a": {"type": "string", "description": description, "examples": examples}}}, (), {})

    assert text.splitlines()[-1] == f"| `a` | text |  | {meaning} |"


def test_an_object_that_two_fields_hold_has_one_table_with_both_paths() -> None:
    inner = {"properties": {"x": {"type": "string"}}}
    root = {"properties": {"a": {"$ref": "#/$defs/In"}, "b": {"items": {"anyOf": [{"$ref": "#/$defs/In"}]}}}}

    [found] = nested(root, {"In": inner}, ())

    assert (found.heading, found.link) == ("`a`, `b[]`", "[`a`, `b[]`](#a-b)")


def test_a_part_replaces_what_stands_between_its_comments() -> None:
    page = "# Page\n\n<!-- generated: a -->\nold\n<!-- end -->\n\nBy hand.\n"

    text = filled(page, {"a": lambda: "new"}, where="page.md")

    assert text == "# Page\n\n<!-- generated: a -->\n\nnew\n\n<!-- end -->\n\nBy hand.\n"
    assert filled(text, {"a": lambda: "new"}, where="page.md") == text


@pytest.mark.parametrize("page", ["# Page\n", "<!-- generated: b -->\n<!-- end -->\n"])
def test_a_page_without_a_part_or_with_an_unknown_one_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match=r"page\.md must have each of these parts once: \['a'\]"):
        filled(page, {"a": str}, where="page.md")
