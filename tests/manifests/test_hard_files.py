"""Hard files, such as very long lines and deep nesting: each is refused with a place, and in linear time."""

from __future__ import annotations

import time

import pytest

from reconciler.manifests.report import MOST
from tests.manifests.conftest import Estate

HEAD = "apiVersion: reconciler/v1\nkind: Company\nmetadata: {name: a}\n"
MANY = 100_000
MILLION = 1_000_000
SECONDS = 10
"""Seconds. Each file takes less than one second on an idle machine. A quadratic algorithm would take minutes."""

FILES = {
    "mappings in each other": HEAD + "spec: " + "{a: " * MANY,
    "lists in each other": HEAD + "spec: " + "[" * MANY,
    "dashes on one line": HEAD + "spec:\n  " + "- " * MANY,
    "question marks on one line": HEAD + "spec:\n  " + "? " * MANY,
    "a mapping deeper on each line": HEAD + "spec:\n" + "".join(" " * deep + "a:\n" for deep in range(1, 1000)),
    "secrets in each other": HEAD + "spec: " + "{password: {env: A}, " * (MANY // 5),
    "secrets one after the other": HEAD + "spec: {" + "password: {env: A}, " * (MANY // 5),
    "a key of dashes": HEAD + "spec: {" + "a-" * MANY + " {",
    "a key before blanks": HEAD + "spec: {password" + " " * MILLION + ": x}",
    "a text of ten million characters": HEAD + 'spec: {city: "' + "x" * 10 * MILLION + '"}',
    "a key of ten million characters": HEAD + '"' + "x" * 10 * MILLION + '": 1',
    "aliases that multiply": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "aliases by the hundred thousand": "x: &a 1\ny: [" + "*a, " * MANY + "]",
    "fields by the thousand": HEAD + "spec:\n" + "".join(f"  key{number}: 1\n" for number in range(10_000)),
    "one field again and again": HEAD + "spec:\n" + "  name: 1\n" * 20_000,
    "items by the thousand": HEAD + "spec: {types: [" + "1, " * 20_000 + "]}",
    "documents by the thousand": "---\n1\n" * 10_000,
    "percent signs": "%" * MILLION,
    "quotes": "'" * (MILLION + 1),
    "double quotes": '"' * (MILLION + 1),
    "colons": ":" * MILLION + " {",
    "tabs": "a:\n" + "\t\n" * MANY,
    "ampersands": "&" * MILLION,
    "commas": "[" + "," * MILLION,
    "zero bytes": "a: " + "\0" * MILLION,
    "an exponent beyond every number": HEAD + "spec: {price: 1e99999999999999999999}",
    "digits": HEAD + "spec: {price: " + "9" * MILLION + "}",
}


@pytest.mark.parametrize("name", FILES)
def test_a_hard_file_is_refused_at_its_place_and_in_time(estate: Estate, name: str) -> None:
    (estate.root / "hard.yaml").write_text(FILES[name], newline="")
    began = time.monotonic()

    found = estate.errors()

    assert time.monotonic() - began < SECONDS
    assert all(item.file == "hard.yaml" for item in found)
    assert len(found) <= MOST + 1
    assert max(len(str(item)) for item in found) < 2000


def test_a_file_with_very_many_errors_shows_the_first_ones_and_the_number_of_the_rest(estate: Estate) -> None:
    estate.add(
        "Company", "b", "identifier: B\nname: B\ncity: B\n" + "\n".join(f"k{each}: 1" for each in range(MOST + 7))
    )
    assert sum("and 7 more errors in this file" in item.message for item in estate.errors()) == 1


@pytest.mark.parametrize(("ending", "bom"), [("\r", b""), ("\r\n", b""), ("\n", b"\xef\xbb\xbf")])
def test_line_ends_and_byte_order_marks_of_other_systems_are_accepted(estate: Estate, ending: str, bom: bytes) -> None:
    path = estate.root / "acme.yaml"
    path.write_bytes(bom + path.read_bytes().replace(b"\n", ending.encode()))
    assert len(estate.load().documents) == 6


def test_documents_of_a_file_with_a_link_to_it_count_once_with_a_warning(estate: Estate) -> None:
    (estate.root / "north").mkdir()
    (estate.root / "north" / "acme.yaml").symlink_to("../acme.yaml")

    manifests = estate.load()

    assert len(manifests.documents) == 6
    (warning,) = manifests.warnings
    assert (warning.file, warning.message) == (
        "north/acme.yaml",
        "is a link to acme.yaml, which is already read: its documents count once",
    )


def test_defaults_apply_to_the_folder_of_each_link_to_them(estate: Estate) -> None:
    defaults = "apiVersion: reconciler/v1\nkind: Defaults\nmetadata: {name: d}\nspec: {Company: {city: Ulm}}\n"
    estate.write("north/defaults.yaml", defaults)
    estate.write("south/b.yaml", HEAD.replace("name: a", "name: b") + "spec: {identifier: B, name: B}\n")
    (estate.root / "south" / "defaults.yaml").symlink_to("../north/defaults.yaml")

    manifests = estate.load()

    assert manifests.by_address["Company/b"].defaulted == {"city": "south/defaults.yaml"}
    assert manifests.warnings == ()
