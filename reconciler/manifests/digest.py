"""The digest of the manifests. A plan file has it, so that apply can refuse a plan of other manifests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.values import plain_decimal
from reconciler.manifests.documents import Document


def digest(documents: Iterable[tuple[Document, Mapping[str, Any]]], fallback: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all addresses, metadata and specs with defaults, and of `Manifests.fallback`.

    Comments, layout, the order of fields and the names of files do not change it.
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
    """Return a whole decimal as an integer, and another one as an object, so that it never equals a text."""
    if not isinstance(value, Decimal):
        raise TypeError(f"a manifest contains no {type(value).__name__}")
    return int(value) if value == value.to_integral_value() else {"decimal": plain_decimal(value)}
