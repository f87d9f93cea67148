"""Select one document together with the documents that it refers to, so that it can be planned alone."""

from __future__ import annotations

from dataclasses import replace

from reconciler.kinds.references import references_of
from reconciler.manifests.documents import Document, Manifests


def closure(manifests: Manifests, document: Document) -> Manifests:
    """Return the manifests with only this document, and all documents that it refers to directly or indirectly."""
    needed: dict[str, Document] = {}
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if each.address in needed:
            continue
        needed[each.address] = each
        waiting += [
            manifests.by_address[f"{reference.kind}/{reference.value}"]
            for reference in references_of(each.spec)
            if isinstance(reference.value, str)
        ]
    kept = tuple(each for each in manifests.documents if each.address in needed)
    return replace(manifests, documents=kept)
