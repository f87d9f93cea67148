"""The existing documents: which objects they declare, and in which files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.importing.estate import Estate, ObjectKey
from reconciler.importing.kinds_in_files import COMPANY
from reconciler.importing.reading import company_of
from reconciler.kinds.registry import kind
from reconciler.live.match import Matcher
from reconciler.live.problems import MatchError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import find


@dataclass(frozen=True, slots=True)
class Existing:
    """The objects that the manifests declare before the import."""

    manifests: Manifests
    names: Mapping[ObjectKey, str]
    """The manifest name of each declared object."""
    company_files: Mapping[int, str]
    """By id of a company: the file with its own document, or else the first file with a document that belongs to it."""
    matcher: Matcher
    """The matcher of all objects that were read."""
    files: frozenset[str]
    """The names of all manifest files, relative to the manifest folder."""


def matcher_of(manifests: Manifests, estate: Estate) -> Matcher:
    """Return a matcher of the documents, with all objects that were read."""
    matcher = Matcher(manifests)
    for name, objects in estate.objects.items():
        matcher.add(kind(name), objects)
    for name, below in estate.children.items():
        if kind(name).declarable:
            matcher.add(kind(name), (each for objects in below.values() for each in objects))
        prerequisites = [obj.raw for other, _, _ in kind(name).created_after for obj in estate.of(other)]
        matcher.indexes.add_prerequisites(kind(name), prerequisites)
    return matcher


def recognise(manifests: Manifests, estate: Estate) -> Existing:
    """Return which objects the documents declare already. Raises `MatchError` if they cannot be matched."""
    matcher = matcher_of(manifests, estate)
    matches = matcher.matches(manifests.documents)
    if matcher.problems:
        raise MatchError(matcher.problems)
    names: dict[ObjectKey, str] = {}
    files: dict[int, str] = {}
    own: dict[int, str] = {}
    for document in manifests.documents:
        live = matches.get(document.address)
        if live is None:
            continue
        names[live.kind, live.id] = document.name
        if live.kind == COMPANY:
            own[live.id] = document.origin.file
        elif (number := live.parent_id if document.kind.parent == "company" else company_of(live)) is not None:
            files.setdefault(number, document.origin.file)
    found = frozenset(each.name for each in find(manifests.root))
    return Existing(manifests, names, files | own, matcher, found)
