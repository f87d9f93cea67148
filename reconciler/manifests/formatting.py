"""Format manifests: the same indentation and blanks everywhere. Values, comments, order and line ends stay.

ruamel.yaml gives the tokens, and `layout` places them. Then libyaml reads both texts, and a file that would lose
something is left as it is.
"""

from __future__ import annotations

from typing import Any, Final

from ruamel.yaml.error import MarkedYAMLError, YAMLError

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

    Raises `ManifestError` with errors if the text has YAML errors, and with a warning if it is valid, but cannot be
    formatted without changing its content.
    """
    before = parse(text)
    if before.flaws:
        report = Report({where: SourceFile(where, text)})
        for flaw in before.flaws:
            report.flaw(where, flaw)
        raise ManifestError(report.diagnostics())
    if not before.documents:
        return text
    try:
        after = line_ends.as_before(laid_out(line_ends.unified(text)), text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _left("ruamel.yaml cannot read this, such as a tab between two words", where, *place) from None
    if after != text and not _same(text, after):
        raise _left("a value or a comment would change", where)
    return after


def _left(why: str, where: str, line: int = 0, column: int = 0) -> ManifestError:
    advice = "the file is left as it is, and is valid"
    return ManifestError([Diagnostic(f"is not formatted: {why}", advice, where, line, column, severity="warning")])


def _same(text: str, after: str) -> bool:
    """Return whether two texts have the same content."""
    try:
        return _content(text) == _content(after)
    except (SCANNER_ERROR, YAMLError):
        return False


def _content(text: str) -> tuple[list[Any], list[str]]:
    """Return the events of a text with anchors, tags and quotes, and its comments. All forms of `null` are the same."""
    found = [(event.__class__, *(getattr(event, name, None) for name in _FIELDS)) for event in events(text)]
    comments = [each.text for piece in pieces(line_ends.unified(text)) for each in piece.comments]
    return [each[:2] if _is_null(each) else each for each in found], comments


def _is_null(event: tuple[Any, ...]) -> bool:
    what, _anchor, tag, implicit, value, *_ = event
    return what is ScalarEvent and tag is None and implicit[0] and value in _NULLS
