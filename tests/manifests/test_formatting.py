"""`reconciler fmt` changes the layout of a file and never its values."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reconciler.manifests.formatting import FormatError, formatted
from reconciler.manifests.parsing import parse

EXAMPLE = sorted((Path(__file__).parents[2] / "manifests").rglob("*.yaml"))


def laid_out(text: str) -> str:
    return formatted(text, where="a.yaml")


@pytest.mark.parametrize("path", EXAMPLE, ids=lambda path: path.name)
def test_the_example_manifests_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert laid_out(text) == text


def test_indentation_is_corrected_and_comments_stay() -> None:
    assert laid_out("# top\nspec:\n        a:   1   # one\n        b:\n        - 2\n") == (
        "# top\nspec:\n  a: 1           # one\n  b:\n    - 2\n"
    )


def test_null_is_written_out_because_it_clears_a_field() -> None:
    assert laid_out("endDate: ~\nother:\n") == "endDate: null\nother: null\n"


def test_quotes_and_long_lines_stay() -> None:
    text = f'a: "1"\nb: {"word " * 60}end\n'

    assert laid_out(text) == text


def test_words_that_yaml_1_1_reads_as_flags_stay_text() -> None:
    text = "a: no\nb: on\nc: 2026-11-01\nd: 017\n"

    assert parse(laid_out(text)).documents == parse(text).documents


def test_an_empty_file_stays_empty() -> None:
    assert laid_out("# nothing\n") == "# nothing\n"


def test_a_file_with_yaml_errors_is_not_formatted() -> None:
    with pytest.raises(FormatError, match="has YAML errors"):
        laid_out("a: [1\n")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="ascii"), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcde", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_formatting_again_changes_nothing_and_no_value_changes(value: object) -> None:
    out = StringIO()
    YAML(typ="safe").dump({"value": value}, out)
    text = out.getvalue()
    if parse(text).flaws:
        return

    once = laid_out(text)

    assert laid_out(once) == once
    assert parse(once).documents == parse(text).documents


@pytest.mark.parametrize("number", ["123456789012.123456", "-0.1234567890123456789", "1.50", "1234567890.123456789e2"])
def test_a_number_keeps_all_its_digits(number: str) -> None:
    assert laid_out(f"a:   {number}\n") == f"a: {number}\n"


@pytest.mark.parametrize("error", [YAMLError("odd"), ValueError("hunter2"), RecursionError("hunter2")])
def test_a_file_that_ruamel_cannot_write_is_not_formatted(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise error

    monkeypatch.setattr(YAML, "dump_all", breaks)
    with pytest.raises(FormatError, match="cannot be formatted") as caught:
        laid_out("a: 1\n")
    assert "hunter2" not in str(caught.value)
