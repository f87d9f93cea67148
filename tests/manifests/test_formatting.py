"""`reconciler fmt` changes the layout of a file. It keeps values, comments, quotes, anchors and order."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reconciler.manifests import formatting
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.formatting import formatted
from reconciler.manifests.parsing import parse
from tests.manifests.yaml_texts import yaml_texts

EXAMPLE = sorted((Path(__file__).parents[2] / "manifests").rglob("*.yaml"))


def laid_out(text: str) -> str:
    return formatted(text, where="a.yaml")


@pytest.mark.parametrize("path", EXAMPLE, ids=lambda path: path.name)
def test_the_example_manifests_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert laid_out(text) == text


LAYOUTS = {
    "mappings are indented by two spaces": ("a:\n        b:\n         c: 1\n", "a:\n  b:\n    c: 1\n"),
    "lists are indented below their key": ("a:\n- 1\n-   b: 2\n    c: 3\n", "a:\n  - 1\n  - b: 2\n    c: 3\n"),
    "lists of lists": ("a:\n    -   - 1\n        - 2\n", "a:\n  - - 1\n    - 2\n"),
    "one blank after a colon, a dash and a comma": ("a:   {b:1,c:   [1,2 , 3]}\n", "a: {b:1, c: [1, 2, 3]}\n"),
    "no blanks inside brackets": ("a: { b: [ ], c: { } }\n", "a: {b: [], c: {}}\n"),
    "no blank before a colon": ("a : 1\n", "a: 1\n"),
    "no blanks at the end of a line": ("a: 1  \n  \nb:   \n  c: 2\n", "a: 1\n\nb:\n  c: 2\n"),
    "null is written out, because it clears a field": (
        "a: ~\nb:\nc: {d: , e: Null}\nf:\n  -\n  - NULL # why\ng: &x\n",
        "a: null\nb: null\nc: {d: null, e: null}\nf:\n  - null\n  - null # why\ng: &x null\n",
    ),
    "text that looks like null stays": ("a: !!str\nb: '~'\nc: {d}\n", "a: !!str\nb: '~'\nc: {d}\n"),
    "brackets over several lines": (
        "a: [1, # one\n  2,\n # three\n  {b: 3,\nc: 4}\n]\n",
        "a: [1, # one\n    2,\n    # three\n    {b: 3,\n      c: 4}\n  ]\n",
    ),
    "text over several lines is indented": (
        'a: one\n          two\nb: "one\n\n  two"\nc:\n     three\n',
        'a: one\n  two\nb: "one\n\n  two"\nc:\n  three\n',
    ),
    "block text is indented, and its own blanks stay": (
        "a: |\n       one\n         two\n\nb: >2-\n    three\n   four\n",
        "a: |\n  one\n    two\n\nb: >2-\n    three\n   four\n",
    ),
    "a comment behind a value moves with its line": (
        "a:\n      b: 1   # one\n      c: 22  # two\n",
        "a:\n  b: 1   # one\n  c: 22  # two\n",
    ),
    "a comment on a line of its own stands as what follows": (
        "a:\n# about b\n     b: 1\n # about c\nc: 2\n",
        "a:\n  # about b\n  b: 1\n# about c\nc: 2\n",
    ),
    "a comment at the end of a block stays in it": (
        "a:\n    - b: 1\n      # about b\n    # about the list\n# about c\nc: 2\n    # end\n",
        "a:\n  - b: 1\n    # about b\n  # about the list\n# about c\nc: 2\n# end\n",
    ),
    "document marks stay": (
        "%YAML 1.2\n---   # one\na:   1\n...\n\n# two\n--- {b:   2}\n",
        "%YAML 1.2\n---   # one\na: 1\n...\n\n# two\n--- {b: 2}\n",
    ),
    "explicit keys": ("?   a\n:   - 1\n    - 2\n", "? a\n: - 1\n  - 2\n"),
    "blank lines stay": ("\n\na: 1\n\n\n\nb: 2\n\n", "\n\na: 1\n\n\n\nb: 2\n\n"),
    "no line end at the end of the file": ("a:   1", "a: 1"),
}


@pytest.mark.parametrize(("before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_layout(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


@pytest.mark.parametrize(
    "text",
    [
        f'a: "1"\nb: {"word " * 60}end\n',
        "a: 1_000\nb: 0x1F\nc: 1e3\nd: 010\ne: 0o17\nf: +1\ng: .5\nh: 1.\ni: -0.0\nj: 1.50\n",
        "a: 123456789012.123456\nb: -0.1234567890123456789\nc: 1234567890.123456789e2\n",
        "a: no\nb: on\nc: 2026-11-01\nd: 12:30:45\n",
        'a: "\\u263a\\x41\\/"\nb: "one \\\n  two"\n',
        "a: &x {b: 1}\nc: *x\nd: !!str 1\n",
        "# only a comment\n\n\n#   and another\n",
        "---\n---\n# nothing\n",
        "just text\n",
    ],
)
def test_these_texts_stay_as_they_are(text: str) -> None:
    assert laid_out(text) == text


COMMENT = re.compile(r"#c[0-9]+[^\r\n]*")


def values(text: str) -> list[Any] | None:
    """Return the documents as ruamel.yaml reads them. None if it cannot: it allows no tab between two tokens."""
    try:
        return list(YAML(typ="safe", pure=True).load_all(text))
    except (YAMLError, ValueError):
        return None


@settings(max_examples=80, deadline=None)
@given(yaml_texts())
def test_formatting_keeps_values_and_comments_and_formatting_again_changes_nothing(
    text_and_comments: tuple[str, list[str]],
) -> None:
    text, comments = text_and_comments
    before = parse(text)
    if before.flaws:
        with pytest.raises(ManifestError):
            laid_out(text)
        return

    try:
        once = laid_out(text)
    except ManifestError as error:
        assert "\t" in text
        assert [each.severity for each in error.diagnostics] == ["warning"]  # noqa: PT017 - as above
        return

    assert repr(parse(once).documents) == repr(before.documents)  # as text: 1, 1.0 and true are equal in Python
    assert [each.rstrip() for each in COMMENT.findall(once)] == [each.rstrip() for each in comments]
    assert laid_out(once) == once
    if (read := values(text)) is not None:
        assert repr(values(once)) == repr(read)


@given(st.text(st.sampled_from("ab:-?#[]{},&*!|>'\"%~ \n\t1"), max_size=30))
def test_any_text_is_formatted_without_a_loss_or_refused(text: str) -> None:
    before = parse(text)
    assume(not before.flaws and before.documents)

    try:
        once = laid_out(text)
    except ManifestError:
        return
    assert repr(parse(once).documents) == repr(before.documents)
    assert laid_out(once) == once


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="ascii"), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcde", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain_values)
def test_what_another_program_wrote_keeps_its_values(value: object) -> None:
    out = StringIO()
    YAML(typ="safe").dump({"value": value}, out)
    text = out.getvalue()
    assume(not parse(text).flaws)

    assert parse(laid_out(text)).documents == parse(text).documents


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "this is not YAML"),
        ("a: 1\na: 2\n", "a.yaml:2:1: error: a is in this mapping twice"),
        ("a: {<<: {b: 1}}\n", "merge keys"),
        ("a: .inf\n", "not a finite number"),
        ("a: !!binary x\n", "the tag !!binary is not allowed"),
        ("1: a\n", "the key 1 is not text"),
    ],
)
def test_a_text_with_errors_is_refused_at_their_lines(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        laid_out(text)

    assert message in str(caught.value)
    assert all(each.line for each in caught.value.diagnostics)


@pytest.mark.parametrize("loss", ["a: 1\n", "a: 2 # why\n", "a: [\n"])
def test_a_text_that_would_lose_something_is_refused(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "laid_out", lambda _: loss)

    with pytest.raises(ManifestError, match="is not formatted: a value or a comment would change"):
        laid_out("a:   1 # why\n")


def test_a_text_that_ruamel_cannot_read_is_refused_at_the_line() -> None:
    with pytest.raises(ManifestError, match=r"a.yaml:2:5: warning: is not formatted: ruamel.yaml cannot read this"):
        laid_out("a:   1\nb: 1\t# tab\n")


def test_text_at_the_top_that_would_become_a_document_mark_is_refused() -> None:
    with pytest.raises(ManifestError, match="is not formatted"):
        laid_out("  ---\n")
