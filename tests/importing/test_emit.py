"""An emitted value is read back as the same value, and the formatter does not change its text."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.importing.drafts import Draft
from reconciler.importing.emit import document_text
from reconciler.kinds.registry import kind
from reconciler.manifests.files import SourceFile, decode
from reconciler.manifests.formatting import formatted
from reconciler.manifests.parsing import parse

AMBIGUOUS = [
    "yes", "NO", "on", "0o7", "0x1F", "1_000", "2026-11-01", "=", "<<", "~", "null", "1:30", "- a", "? a", "a: b",
    "a #b", "a b ", " a", "é è", "12 Mill Road", "a, b", "x" * 5000, "word " * 1500, "!t", "&a", "*a", "{", "[", "%",
    "@", "`", "",
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(AMBIGUOUS),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=12),
    st.text("abcXYZ019 ,.&-'()@/+:#", max_size=14),
)
KEY = TEXT.filter(lambda text: len(text) <= 100 and text.isprintable())
NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9)
SCALAR = st.one_of(TEXT, NUMBER, st.booleans(), st.none(), st.integers(-(10**12), 10**12))
BELOW = st.dictionaries(KEY, SCALAR, min_size=1, max_size=3)
VALUE = st.one_of(SCALAR, st.lists(SCALAR, max_size=3), BELOW, st.lists(BELOW, min_size=1, max_size=2))


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(KEY, VALUE, max_size=4), st.lists(TEXT, max_size=2))
def test_any_value_is_read_back_and_stays_formatted(spec: dict[str, Any], comment: list[str]) -> None:
    draft = Draft(kind("Company"), "a", spec, comment=tuple(comment))

    text = document_text(draft, spec, lambda _: "x")

    assert isinstance(decode("a.yaml", text.encode()), SourceFile)
    parsed = parse(text)
    assert parsed.flaws == ()
    assert parsed.documents[0][1]["spec"] == spec
    assert formatted(text, where="a.yaml") == text
