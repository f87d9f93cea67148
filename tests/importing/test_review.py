"""Tests of text from outside on the page `import-review.md`."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from reconciler.importing.estate import LeftOut
from reconciler.importing.review import review_text
from reconciler.importing.usage import Usage
from reconciler.rendering.paint import escaped
from tests.rendering.plans import HOSTILE

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def page(name: str) -> str:
    left = [LeftOut(name, "a reason"), LeftOut("Company/acme", name, field=f"customFields.{name}")]
    return review_text([], left, Usage(unread=((name, name),)), {})


@pytest.mark.parametrize("name", [*HOSTILE, "\u202eevil", "zero\u200bwidth"])
def test_a_name_stays_text_and_moves_no_text(name: str) -> None:
    found = page(name)
    types = {token.type for token in MARKDOWN.parse(found)}
    children = {child.type for token in MARKDOWN.parse(found) for child in token.children or ()}

    assert types <= {
        "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close",
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    }  # fmt: skip
    assert children <= {"text", "code_inline", "softbreak"}
    assert escaped(found.replace("\n", " ")) == found.replace("\n", " ")
