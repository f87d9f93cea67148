"""Children of many parents in few requests: `POST /system/bundles`, checked item by item [seen].

Additions have no list of their own, only one per agreement; a bundle carries fifty such reads. The names of resources
that work (`addition`, `agreement`, `configuration`) come from public client code [seen], the request's shape, with its
`fields`, from the specification [spec].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise.checks import Check
from reconciler.connectwise.errors import NotJson
from reconciler.connectwise.paging import LEAST_CAP, PAGE_SIZE

PATH = "/system/bundles"
REFUSED = frozenset({400, 403, 404, 405, 413, 414, 415, 422, 500, 501, 502, 503, 504})
"""Statuses after which each parent is asked on its own: no bundles here, none of this kind or size, or none that the
server or a proxy brings to an end."""

_VERSION = "2020.1"
_NUMBER = "sequenceNumber"


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle's results: the children of the parents that came, and the parents that are to be asked on their own."""

    whole: dict[int, list[dict[str, Any]]]
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
                _NUMBER: number,
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


def opened(answer: Any, parents: Sequence[int], check: Check) -> Opened:
    """Sort a bundle's answer by what is left to do; `check` is that of a parent's own list."""
    results = results_of(answer)
    numbered = [
        (number, entry)
        for entry in results
        if isinstance(entry, dict) and isinstance(number := entry.get(_NUMBER), int)
    ]
    times = Counter(number for number, _ in numbered)
    by_number = {number: entry for number, entry in numbered if times[number] == 1}
    sorted_ = Opened({}, [])
    for number, parent in enumerate(parents, start=1):
        children = _children(by_number.get(number), check)
        if children is None:
            sorted_.missing.append(parent)
        else:
            sorted_.whole[parent] = children
    return sorted_


def results_of(answer: Any) -> list[Any]:
    """The results in a bundle's answer. Raises `NotJson` where it is none."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if isinstance(results, list):
        return results
    raise NotJson(
        "the answer holds no results",
        method="POST",
        endpoint=PATH,
        advice="A proxy may have answered in place of ConnectWise; run again.",
    )


def is_whole(children: Sequence[dict[str, Any]], longest: int) -> bool:
    """Whether no server's cap can have cut these children off: they are fewer than the most that a parent has.

    Nothing in a bundle's answer says that there is more, so the end is guessed as little as that of a list is.
    """
    return len(children) < LEAST_CAP or len(children) < longest


def _children(result: dict[str, Any] | None, check: Check) -> list[dict[str, Any]] | None:
    """The entities of a result that came whole; None where it failed, did not come, or counts more than it holds."""
    if result is None or result.get("success") is not True:
        return None
    entities = result.get("entities")
    try:
        check(entities)
    except NotJson:
        return None
    children: list[dict[str, Any]] = entities if isinstance(entities, list) else []
    count = result.get("count")
    more = len(children) >= PAGE_SIZE or (isinstance(count, int) and count > len(children))
    return None if more else children
