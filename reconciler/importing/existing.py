"""The existing documents: which objects they declare, and in which files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.importing.estate import Estate, ObjectKey
from reconciler.importing.kinds_in_files import COMPANY
from reconciler.importing.reading import company_of
from reconciler.kinds.agreement import KIND as _AGREEMENT
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.live.match import Matcher
from reconciler.live.problems import MatchError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import find
from reconciler.planning.rekeyed import rekeyed, without_key
from reconciler.planning.undeclared import LedgerKnows

_WHOLE: Final = frozenset({COMPANY, _AGREEMENT.name})
"""The kinds of a customer of which an import reads every object."""


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
    absent: tuple[str, ...]
    """The addresses of companies and agreements that are declared and not in ConnectWise."""


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


def recognise(manifests: Manifests, estate: Estate, knows: LedgerKnows) -> Existing:
    """Return which objects the documents declare already. Raises `MatchError` if they cannot be matched.

    `knows` is what the ledger knows of their objects. An object that has another key now is an error, because a
    second document would be written for it.
    """
    matcher = matcher_of(manifests, estate)
    matches = matcher.matches(manifests.documents)
    if problems := [*matcher.problems, *_rekeyed(manifests, matcher, matches, knows)]:
        raise MatchError(problems)
    names: dict[ObjectKey, str] = {}
    files: dict[int, str] = {}
    own: dict[int, str] = {}
    absent: list[str] = []
    for document in manifests.documents:
        live = matches.get(document.address)
        if live is None:
            if document.kind.name in _WHOLE and not document.retired and not document.metadata.proposed:
                absent.append(document.address)
            continue
        names[live.kind, live.id] = document.name
        if live.kind == COMPANY:
            own[live.id] = document.origin.file
        elif (number := live.parent_id if document.kind.parent == "company" else company_of(live)) is not None:
            files.setdefault(number, document.origin.file)
    found = frozenset(each.name for each in find(manifests.root))
    return Existing(manifests, names, files | own, matcher, found, tuple(absent))


def _rekeyed(
    manifests: Manifests, matcher: Matcher, matches: Mapping[str, LiveObject], knows: LedgerKnows
) -> Iterator[str]:
    """Yield a problem for each document whose object is in ConnectWise under another key."""
    lost = without_key(knows, manifests.documents, LiveState(matches=matches))
    links = {each.address: matcher.links(manifests.by_address[each.address]) for each in lost}
    found = (matcher.indexes.of(each.of).by_id.get(each.id or 0) for each in lost)
    objects = {(live.kind, live.id): live for live in found if live is not None}
    yield from rekeyed(lost, objects, manifests.by_address, LiveState(matches=matches, links=links))
