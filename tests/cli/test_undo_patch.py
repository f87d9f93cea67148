"""`git apply` takes the text of an undo plan whatever the manifests look like, or the plan says why it has no patch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.shop import ALDER, Shop

from .test_undo import FILE, SETUP, company, undo

CITY = "city: Tampa"


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def rewrite(path: Path, old: str, new: str) -> None:
    """Replace text in a file, and leave its line ends as they are."""
    data = path.read_bytes().decode()
    assert old in data
    path.write_bytes(data.replace(old, new).encode())


def undone(shop: Shop, path: Path, old: str = CITY, new: str = "city: Orlando") -> str:
    """Apply the estate, change a manifest, apply that, undo it, and return the text of the plan."""
    shop.apply(*SETUP)
    rewrite(path, old, new)
    shop.apply(*SETUP)
    undo(shop, 2)
    assert company(shop)["city"] == "Tampa"
    return shop("show", str(shop.folder.parent / "undo.json")).out


def takes(shop: Shop, text: str) -> None:
    """Check that `git apply` takes the text of a plan, and that the next plan is empty."""
    subprocess.run(["git", "apply"], input=text.encode(), check=True, cwd=shop.folder.parent)
    assert shop.plan(*SETUP)["actions"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("apiVersion", "#\ta comment\twith tabs\napiVersion"),
        ("apiVersion", "# a no-break\u00a0space, \u2602 and \u00fc\napiVersion"),
        (CITY, "city:\n      Tampa"),
        ("kind: Company\n", "kind: Company\n# It is in Tampa\n"),
    ],
    ids=[
        "line ends of Windows",
        "tabs",
        "characters of all kinds",
        "a value on its own line",
        "the value in a comment",
    ],
)
def test_the_patch_fits_the_file(small: Shop, old: str, new: str) -> None:
    path = small.folder / FILE
    rewrite(path, old, new)
    before = path.read_bytes()
    takes(small, undone(small, path, "Tampa,", "Orlando,"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["a b.yaml", "\u00fc.yaml", 'a"b.yaml', "a\\b.yaml", "a\tb.yaml"])
def test_the_patch_names_the_file_as_git_does(small: Shop, name: str) -> None:
    path = (small.folder / FILE).rename(small.folder / name)
    takes(small, undone(small, path))


def test_a_value_with_an_anchor_is_left_to_a_person_and_the_others_are_reverted(small: Shop) -> None:
    path = small.folder / FILE
    rewrite(path, CITY, "addressLine2: &here Tampa, city: *here")
    small.apply(*SETUP)
    rewrite(path, "&here Tampa", "&here Orlando")
    rewrite(path, "lastName: Alder", "lastName: Older")
    small.apply(*SETUP)
    text = undone_of(small, 2)
    assert text.count(". Edit it by hand\n") == 2
    subprocess.run(["git", "apply"], input=text.encode(), check=True, cwd=small.folder.parent)
    assert [action["address"] for action in small.plan(*SETUP)["actions"]] == ["Company/alder-dental"]
    assert "lastName: Alder" in path.read_text(encoding="utf-8")


def undone_of(shop: Shop, run: int) -> str:
    undo(shop, run)
    return shop("show", str(shop.folder.parent / "undo.json")).out


def test_if_no_line_can_be_edited_the_plan_says_so(small: Shop) -> None:
    path = small.folder / FILE
    rewrite(path, CITY, "city: &here Tampa")
    text = undone(small, path, "&here Tampa", "&here Orlando")
    assert "There is no patch here: none of these lines can be edited without a change of others." in text
    assert "Edit these lines, or revert the commit that changed them." in text
