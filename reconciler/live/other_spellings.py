"""Decides which objects to read a second time, in other spellings than that of the manifests. Pure.

A condition finds an object only in its own spelling. If ConnectWise spells the key differently, a plan would create the
object a second time, or would not bill its usage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from reconciler.kinds.base import Kind
from reconciler.kinds.fields import ById
from reconciler.kinds.live_state import Key, LiveObject, keys_of
from reconciler.kinds.near import near_key
from reconciler.kinds.references import references_of
from reconciler.kinds.registry import kind
from reconciler.live.keys import ignoring_case, lookup_key, old_key
from reconciler.live.match import Matcher
from reconciler.manifests.documents import Document


def documents_without_object(matcher: Matcher, documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the documents of top-level collections that have no object among those that were read."""
    for document in documents:
        of = document.kind
        if of.collection is None or of.owner is not None or document.metadata.id is not None:
            continue
        key = matcher.references.key_of(document)
        if key is None or matcher.indexes.of(of).with_key(key):
            continue
        if not matcher.candidates.with_old_keys(document, key):
            yield document


def unresolved_lookups(matcher: Matcher, documents: Iterable[Document]) -> dict[str, set[Key]]:
    """Return, by kind, the keys in lower case that documents look up and that no object and no document has."""
    found: dict[str, set[Key]] = defaultdict(set)
    for reference in (each for document in documents for each in references_of(document.spec)):
        of = kind(reference.kind)
        if of.owner is not None or of.parent is not None or isinstance(reference.value, str | ById):
            continue
        key = lookup_key(of, reference.value, None)
        index = matcher.indexes.of(of)
        if not (
            index.with_key(key) or index.with_key_in_any_case(key) or matcher.references.declared_in_any_case(of, key)
        ):
            found[of.name].add(ignoring_case(key))
    return found


def names_to_find(of: Kind, documents: Iterable[Document], lookups: Iterable[Key]) -> set[str]:
    """Return the names of which a near miss must be found: of documents without an object, and of look-ups."""
    attribute = of.by_name[of.key[0]].attribute
    found = {str(part) for key in lookups for part in key}
    for document in documents:
        if document.kind is of:
            found |= {str(getattr(document.spec, attribute)), *document.metadata.previously}
    return found


def add_keys(
    matcher: Matcher, of: Kind, objects: Iterable[LiveObject], lookups: Collection[Key] = ()
) -> frozenset[int]:
    """Add objects of which only the keys were read, so that no similar object is created.

    Return the ids of those that a document declares, or that `lookups` (keys in lower case) ask for. Read these whole
    and add them to the matcher.
    """
    index, declared = matcher.indexes.of(of), matcher.references.declared(of)
    old_keys = {
        near_key(old_key(of, key, old)) for key, document in declared.items() for old in document.metadata.previously
    }
    to_read: set[int] = set()
    for obj in objects:
        for key in keys_of(of, obj) if obj.id not in index.by_id else ():
            if key in declared or near_key(key) in old_keys or ignoring_case(key) in lookups:
                to_read.add(obj.id)
            else:
                index.add_key(key, obj)
    return frozenset(to_read)


def undecided_documents(matcher: Matcher, documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the documents whose object can only be recognised with the prerequisites of its kind."""
    for document in documents:
        of = document.kind
        if of.loose_match is None or document.metadata.id is not None:
            continue
        key = matcher.references.key_of(document)
        if key is None or matcher.indexes.of(of).with_key(key):
            continue
        if "unsure" in matcher.candidates.under_another_name(of, key).values():
            yield document
