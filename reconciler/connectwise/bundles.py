"""Reads the children of many parents in one request: `POST /system/bundles`, with each result checked [seen].

Additions have no list of their own, only one per agreement. A bundle holds fifty such reads. The resource names that
work (`addition`, `agreement`, `configuration`) come from public client code [seen]; the form of the request, with its
`fields`, comes from the specification [spec].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise.checks import Check
from reconciler.connectwise.errors import NotJson
from reconciler.connectwise.paging import DEFAULT_PAGE_SIZE, PAGE_SIZE

PATH = "/system/bundles"
FALLBACK_STATUSES = frozenset({400, 403, 404, 405, 413, 414, 415, 422, 500, 501, 502, 503, 504})
"""Statuses after which each parent's list is read on its own: the tenant has no bundles, or none of this resource or
size, or the server or a proxy cannot complete one."""

_VERSION = "2020.1"
_NUMBER = "sequenceNumber"


@dataclass(frozen=True, slots=True)
class BundleResult:
    """The result of a bundle: the children by parent id, and the parents whose list must be read on its own."""

    complete: dict[int, list[dict[str, Any]]]
    incomplete: list[int]


def request_body(resource: str, parents: Sequence[int], query: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of a bundle that reads the first page of each parent's children; sequence numbers start at 1.

    `query` holds the `conditions` and `fields` of the list.
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


def parse(body: Any, parents: Sequence[int], check: Check) -> BundleResult:
    """Return the result in a response body. `check` is the check of a single parent's list."""
    numbered = [
        (number, entry)
        for entry in results_in(body)
        if isinstance(entry, dict) and isinstance(number := entry.get(_NUMBER), int)
    ]
    times = Counter(number for number, _ in numbered)
    by_number = {number: entry for number, entry in numbered if times[number] == 1}
    result = BundleResult({}, [])
    for number, parent in enumerate(parents, start=1):
        children = _children(by_number.get(number), check)
        if children is None:
            result.incomplete.append(parent)
        else:
            result.complete[parent] = children
    return result


def results_in(body: Any) -> list[Any]:
    """Return the list of results in a response body. Raises `NotJson` where there is none."""
    results = body.get("results") if isinstance(body, dict) else None
    if isinstance(results, list):
        return results
    raise NotJson(
        "the response contains no results",
        method="POST",
        endpoint=PATH,
        advice="A proxy may have responded in place of ConnectWise. Run again.",
    )


def is_complete(children: Sequence[dict[str, Any]], longest: int) -> bool:
    """Return whether no page limit of the server can have cut off these children.

    The response of a bundle does not say whether there are more. Children count as complete where they are fewer than
    a default page, or fewer than `longest`, the most children of any parent in this read.
    """
    return len(children) < DEFAULT_PAGE_SIZE or len(children) < longest


def _children(result: dict[str, Any] | None, check: Check) -> list[dict[str, Any]] | None:
    """Return the children in one result; None if it failed, is missing, or counts more children than it holds."""
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
