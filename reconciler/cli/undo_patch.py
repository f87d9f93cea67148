"""Find the lines in the manifests that would bring an undone change back, and make a patch that reverts them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from reconciler.cli.session import Session
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.editing import with_key, with_value, without_document, without_key
from reconciler.manifests.files import FoundFile, SourceFile, read
from reconciler.manifests.git import toplevel_of
from reconciler.manifests.loading import try_out
from reconciler.manifests.parsing import parse
from reconciler.manifests.positions import places_of
from reconciler.planning.plan import ManifestLine
from reconciler.planning.undo_lines import Cause

MOST_TO_PARSE = 50_000_000
"""The most characters that are parsed for the edits of one file. With more, no patch is made."""

_BY_HAND = "Edit it by hand"
_NOT_ALONE = "none of these lines can be edited without a change of others"
_NOTHING = "apiVersion: reconciler/v1\nkind: Defaults\nmetadata: {name: removed-by-the-undo}\nspec: {}\n"
"""Stands for a file that the patch deletes, because a file without a document is an error."""


@dataclass(frozen=True, slots=True)
class Reversion:
    """What to change in the manifests after an undo."""

    lines: tuple[ManifestLine, ...]
    patch: str
    """A unified diff for `git apply`. Empty if there is nothing to revert, or if no patch can be made."""
    no_patch: str = ""
    """Why no patch can be made."""


def reversion_of(session: Session, causes: Sequence[Cause]) -> Reversion:
    """Return the lines and the patch for these causes."""
    manifests = session.manifests
    sources = {name: source for name in sorted({each.file for each in causes}) if (source := _read(manifests, name))}
    placed = [_at_default(each, sources) for each in causes if each.file in sources]
    edited, texts = _edited(placed, sources)
    lines = tuple(_line(each, sources[each.file].text) for each in edited)
    no_patch = "" if not lines or texts else _NOT_ALONE
    if texts and (errors := _errors(manifests, texts)):
        no_patch = f"the manifests would not be valid with it: {errors[0]}"
    if no_patch or not texts:
        return Reversion(lines, "", no_patch)
    top = toplevel_of(manifests.root, session.context.environ) or manifests.root.resolve().parent
    patch = "".join(_diff(manifests.root / name, top, sources[name], text) for name, text in texts.items())
    return Reversion(lines, patch)


def _read(manifests: Manifests, name: str) -> SourceFile | None:
    found = read(FoundFile(name, manifests.root / name))
    return found if isinstance(found, SourceFile) else None


def _at_default(cause: Cause, sources: Mapping[str, SourceFile]) -> Cause:
    """Return the cause with the position of the `Defaults` document that has the default."""
    if not cause.default_of:
        return cause
    field = cause.path[2]
    for index, document in parse(sources[cause.file].text).documents:
        if isinstance(document, dict) and document.get("kind") == "Defaults":
            fields = (document.get("spec") or {}).get(cause.default_of) or {}
            if field in fields:
                return Cause(cause.address, cause.file, index, cause.path, cause.message, cause.edit, cause.value)
    return cause


def _line(cause: Cause, text: str) -> ManifestLine:
    places = places_of(text).get(cause.index)
    line, column = (1, 1) if places is None else places.value(cause.path)
    field = ".".join(str(part) for part in cause.path[1:])
    message = f"{cause.message}. {_BY_HAND}" if cause.edit == "by hand" else cause.message
    return ManifestLine(file=cause.file, line=line, column=column, address=cause.address, path=field, message=message)


def _edited(causes: Sequence[Cause], sources: Mapping[str, SourceFile]) -> tuple[list[Cause], dict[str, str]]:
    """Return the causes, and the edited texts by file. A cause whose edit cannot be made becomes one by hand."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(causes):
        if each.edit != "by hand":
            by_file[each.file].append(number)
    found, texts = [*causes], dict[str, str]()
    for name, numbers in by_file.items():
        text = sources[name].text
        too_large = len(numbers) * len(text) > MOST_TO_PARSE
        # Remove whole documents last, and from the end of the file, so that the other positions stay right.
        for number in sorted(numbers, key=lambda at: (causes[at].edit == "remove document", -causes[at].index)):
            edited = None if too_large else _with_edit(text, causes[number])
            if edited is None:
                found[number] = replace(causes[number], edit="by hand")
            else:
                text = edited
        if text != sources[name].text:
            texts[name] = text
    return found, texts


def _with_edit(text: str, cause: Cause) -> str | None:
    if cause.edit == "remove document":
        return without_document(text, cause.index)
    if cause.edit == "remove":
        return without_key(text, cause.index, cause.path)
    edit = with_key if cause.edit == "add" else with_value
    return edit(text, cause.index, cause.path, cause.value)


def _errors(manifests: Manifests, texts: Mapping[str, str]) -> list[str]:
    """Return the errors of the manifests with these texts. A patch must not break them."""
    tried = {name: text if text.strip() else _NOTHING for name, text in texts.items()}
    try:
        trial = try_out(manifests.root, tried, workspace=manifests.workspace.name)
    except ManifestError as error:
        return [f"{each.file}: {each.message}" for each in error.diagnostics]
    return [f"{each.location.origin.file}: {each.message}" for each in trial.errors]


def _diff(path: Path, top: Path, source: SourceFile, text: str) -> str:
    """Return the diff of one file, as git writes it. An empty file is deleted."""
    name = path.resolve().relative_to(top).as_posix()
    mark = source.bom.decode("utf-8")
    deleted = not text.strip()
    before, after = (_lines(f"{mark}{each}") for each in (source.text, text))
    new = "/dev/null" if deleted else _name("b", name)
    head = f"diff --git {_name('a', name)} {_name('b', name)}\n" + ("deleted file mode 100644\n" if deleted else "")
    return head + "".join(unified_diff(before, [] if deleted else after, _name("a", name), new))


def _name(side: str, name: str) -> str:
    """Return the name of a file as git writes it: in quotes if it has quotes, backslashes or control characters."""
    whole = f"{side}/{name}"
    quoted = json.dumps(whole, ensure_ascii=False)
    return whole if quoted == f'"{whole}"' else quoted


def _lines(text: str) -> list[str]:
    """Return the lines of a text with their line ends, as a diff has them."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return lines if not last else [*lines, f"{last}\n\\ No newline at end of file\n"]
