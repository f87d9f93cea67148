"""Children of many parents in few requests: `POST /system/bundles`, checked item by item [seen].

Additions have no list of their own, only one per agreement; a bundle carries fifty such reads. The names of resources
that work (`addition`, `agreement`, `configuration`) come from public client code [seen], the request's shape, with its
`fields`, from the specification [spec].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise.errors import NotJson
from reconciler.connectwise.paging import PAGE_SIZE

PATH = "/system/bundles"
REFUSED = frozenset({400, 403, 404, 405, 413, 500, 501})
"""Statuses after which each parent is asked on its own: no bundles here, or none of this kind or size."""

_VERSION = "2020.1"


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle's results: children of the parents that came whole, parents to go on with behind an id, and to ask."""

    whole: dict[int, list[dict[str, Any]]]
    begun: dict[int, list[dict[str, Any]]]
    missing: list[int]


def body(resource: str, parents: Sequence[int], query: Mapping[str, str]) -> dict[str, Any]:
    """A bundle that asks for the first page of the children of each parent; sequence numbers count from 1.

    `query` holds the `conditions` and `fields` that a list would be asked with.
    """
    filters = {"filters": {"conditions": query["conditions"]}} if "conditions" in query else {}
    fields = {"fields": query["fields"]} if "fields" in query else {}
    return {
        "requests": [
            {
                "version": _VERSION,
                "sequenceNumber": number,
                "resourceType": resource,
                "apiRequest": {
                    "parentId": parent,
                    **filters,
                    **fields,
                    "page": {"page": 1, "pageSize": PAGE_SIZE},
                },
            }
            for number, parent in enumerate(parents, start=1)
        ]
    }


def opened(answer: Any, parents: Sequence[int]) -> Opened:
    """Sort a bundle's answer by what is left to do. Raises `NotJson` when it is no bundle's answer at all."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise NotJson(
            "the answer holds no results",
            method="POST",
            endpoint=PATH,
            advice="A proxy may have answered in place of ConnectWise; run again.",
        )
    by_number = {entry.get("sequenceNumber"): entry for entry in results if isinstance(entry, dict)}
    sorted_ = Opened({}, {}, [])
    for number, parent in enumerate(parents, start=1):
        children = _children(by_number.get(number))
        if children is None:
            sorted_.missing.append(parent)
        elif len(children) >= PAGE_SIZE or len(children) < _count(by_number[number]):
            sorted_.begun[parent] = children
        else:
            sorted_.whole[parent] = children
    return sorted_


def _children(result: dict[str, Any] | None) -> list[dict[str, Any]] | None:
    """The entities of a result that succeeded, None for one that failed or did not come."""
    if result is None or result.get("success") is not True:
        return None
    entities = result.get("entities")
    if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
        return None
    return entities


def _count(result: dict[str, Any]) -> int:
    count = result.get("count")
    return count if isinstance(count, int) else 0
