"""One short text that stands for all that the manifests say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.values import plain_decimal
from reconciler.manifests.documents import Document


def digest(documents: Iterable[tuple[Document, Mapping[str, Any]]], fallback: Mapping[str, Any]) -> str:
    """SHA-256 over addresses, metadata and specs with their defaults, and what prices the unmapped.

    Neither comments nor layout change it, nor the order of fields, nor which file a document stands in.
    """
    content = {
        item.address: {
            "metadata": item.metadata.model_dump(mode="json", exclude_defaults=True),
            "spec": spec,
        }
        for item, spec in documents
    }
    text = json.dumps([content, fallback], sort_keys=True, default=_number, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _number(value: object) -> Any:
    """A decimal as a whole number where it is one, else marked, so that it is never the same as a text."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a manifest")
    return int(value) if value == value.to_integral_value() else {"decimal": plain_decimal(value)}
