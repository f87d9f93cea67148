"""Format manifests: the same indentation and blanks everywhere. Values, comments, order and line ends stay.

`layout` writes the text. Then both texts are read and compared, and a file that would lose something is not written.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.manifests import line_ends
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.events import SCANNER_ERROR, ScalarEvent, events
from reconciler.manifests.files import SourceFile
from reconciler.manifests.layout import laid_out
from reconciler.manifests.parsing import parse
from reconciler.manifests.pieces import pieces
from reconciler.manifests.report import Report

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FIELDS: Final = ("anchor", "tag", "implicit", "value", "style", "flow_style", "explicit", "version", "tags")


def formatted(text: str, *, where: str) -> str:
    """Return the formatted text. `where` is the file's name for messages.

    Raises `ManifestError` if the text has YAML errors, or if it cannot be formatted without changing its content.
    """
    before = parse(text)
    if before.flaws:
        report = Report({where: SourceFile(where, text)})
        for flaw in before.flaws:
            report.flaw(where, flaw)
        raise ManifestError(report.diagnostics())
    if not before.documents:
        return text
    after = line_ends.as_before(laid_out(line_ends.unified(text)), text)
    if after != text and not _same(text, after):
        what = "cannot be formatted without changing a value or a comment"
        raise ManifestError([Diagnostic(what, "the file is not changed", where)])
    return after


def _same(text: str, after: str) -> bool:
    """Return whether two texts have the same content."""
    try:
        return _content(text) == _content(after)
    except SCANNER_ERROR:
        return False


def _content(text: str) -> tuple[list[Any], list[str]]:
    """Return the events of a text with anchors, tags and quotes, and its comments. All forms of `null` are the same."""
    found = [(event.__class__, *(getattr(event, name, None) for name in _FIELDS)) for event in events(text)]
    comments = [each.text for piece in pieces(line_ends.unified(text)) for each in piece.comments]
    return [each[:2] if _is_null(each) else each for each in found], comments


def _is_null(event: tuple[Any, ...]) -> bool:
    what, _anchor, tag, implicit, value, *_ = event
    return what is ScalarEvent and tag is None and implicit[0] and value in _NULLS
