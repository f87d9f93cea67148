"""One document with everything that it refers to: enough of an estate to look at it alone."""

from __future__ import annotations

from dataclasses import replace

from reconciler.kinds.references import references_of
from reconciler.manifests.documents import Document, Manifests


def closure(manifests: Manifests, document: Document) -> Manifests:
    """The same workspace with this document and, through all references, what it needs."""
    found: dict[str, Document] = {}
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if each.address in found:
            continue
        found[each.address] = each
        waiting += [
            manifests.by_address[f"{reference.kind}/{reference.value}"]
            for reference in references_of(each.spec)
            if isinstance(reference.value, str)
        ]
    kept = tuple(each for each in manifests.documents if each.address in found)
    return replace(manifests, documents=kept)
