"""Give documents the values that hold on a day: the price of a product is that of the running month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reconciler.manifests.documents import Document, Manifests


def on_day(manifests: Manifests, first_day: date) -> Manifests:
    """Return the manifests with the values of the month that has this first day, for fields that change by date."""
    documents = tuple(_on_day(document, first_day) for document in manifests.documents)
    return replace(manifests, documents=documents)


def _on_day(document: Document, first_day: date) -> Document:
    dated = document.kind.dated
    if dated is None or dated.name not in document.declared:
        return document
    values = dated.values(document.spec, first_day)
    return replace(document, declared=document.declared | values.keys(), of_today=values)
