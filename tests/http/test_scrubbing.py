"""Secrets are removed from a message in every encoding."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.scrubbing import PLACEHOLDER, Secrets

SECRET = 'pä"ss/w+rd\\ &1'
FORMS = {
    "plain": SECRET,
    "percent": quote(SECRET, safe=""),
    "percent in lower case": quote(SECRET, safe="").lower(),
    "percent, partly": quote(SECRET),
    "percent, all of it": "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    "percent twice": quote(quote(SECRET, safe=""), safe=""),
    "form": quote_plus(SECRET),
    "json": json.dumps(SECRET)[1:-1],
    "json with letters": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "json with slashes": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "json twice": json.dumps(json.dumps(SECRET))[3:-3],
    "repr": repr(SECRET)[1:-1],
    "html": escape(SECRET),
    "html by number": "".join(f"&#{ord(character)};" for character in SECRET),
    "base64": b64encode(SECRET.encode()).decode(),
    "base64 for URLs": urlsafe_b64encode(SECRET.encode()).decode(),
    "base64, percent-encoded": quote(b64encode(SECRET.encode()).decode(), safe=""),
    "hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_removed_in_each_encoding(form: str) -> None:
    text = Secrets([SECRET]).scrub(f"the server says <{FORMS[form]}>, twice: {FORMS[form]}")
    assert PLACEHOLDER in text
    assert FORMS[form] not in text
    assert text.count(PLACEHOLDER) == 2


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=9, max_size=40), st.binary(max_size=9), st.binary())
def test_a_secret_inside_a_longer_base64_text_is_removed(secret: str, before: bytes, after: bytes) -> None:
    text = b64encode(before + secret.encode() + after).decode()
    assert Secrets([secret]).scrub(text) != text


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), st.text(), st.text())
def test_a_secret_is_removed_at_any_position(secret: str, before: str, after: str) -> None:
    if secret not in PLACEHOLDER:
        left = Secrets([secret]).scrub(before + secret + after).split(PLACEHOLDER)
        assert not [part for part in left if secret in part]


def test_the_start_of_a_secret_is_removed_where_the_text_was_cut_off() -> None:
    assert Secrets(["Private456"]).scrub("it says Private4") == f"it says {PLACEHOLDER}"


def test_a_text_without_secrets_does_not_change() -> None:
    text = 'company object is invalid: %41 \\u0041 &amp; "x"'
    assert Secrets(["Private456"]).scrub(text) == text
    assert Secrets().scrub(text) == text
    assert Secrets([""]).scrub(text) == text


def test_secrets_can_be_added_for_one_request() -> None:
    known = Secrets(["Private456"])
    assert known.with_values(()) is known
    assert known.with_values(["hunter2"]).scrub("Private456 hunter2") == f"{PLACEHOLDER} {PLACEHOLDER}"
    assert known.scrub("hunter2") == "hunter2"
