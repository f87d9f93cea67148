"""Faults: errors, outages and odd behaviour of the stand-ins, on request.

You ask for a fault with a string: `KIND` or `KIND:ARGS`, and at the end optionally `@PATH`. `@PATH` limits the fault to
requests whose path contains PATH. ARGS are separated by commas. A number N hits the next N requests and then stops.
`every=K` hits each K-th request. Without either, the fault hits every request. Faults count requests and never use
chance, so the same requests in the same order meet the same faults.

| fault | what the client receives |
|---|---|
| `429` | 429 with `Retry-After` (`retry-after=S` seconds, default 1; `dated=1`: as a date) and no change |
| `500` | 500 with an error body and no change |
| `drop` | a write is carried out, then the connection closes without a response |
| `slow:ms=M` | the response is M milliseconds late |
| `html` | the HTML page of a proxy with status 200 (`status=S` for another) |
| `truncated` | the headers announce the whole body, and the connection closes after half of it |
| `half-json` | a complete HTTP message with half of a JSON document |
| `bundles-off` | `/system/bundles` is refused |
| `read-only` | 403 for a POST, PATCH or DELETE, as for a role that may only read [guess]. Searches and bundles work |
| `forbidden` | 403 for every request but that for the codebase, as for a role without this function [guess] |
| `auth-404` | wrong credentials get 404 instead of 401 |
| `nothing`, `null` | status 200 and an empty body, or the body `null` |
| `drip:ms=M` | the body comes byte by byte, M milliseconds apart |
| `endless` | the body never ends |
| `bomb` | 1 MiB of gzip that decompresses to 1 GiB |
| `redirect` | a POST or PATCH is carried out, and 302 (`status=S`) points to another host over http |
| `location` | a POST is carried out, and `Location` points to another host over http |
| `custom-fields` | a PATCH without `customFields` is refused |
| `deleted-hold` | a POST is refused when a deleted object has the same key |
| `no-link` | lists send no `Link` header |
| `link-host` | links point to another host over http |
| `link-cursor` | the next link has a cursor in place of a page |
| `link-loop` | the next link points to the page that it is on |
| `navigable` | lists ignore `pagination-type` and `pageId`, and number their pages |
| `page-cap:size=N` | a page of a list has at most N objects, also when the request asks for more |
| `page-overlap` | each page starts with the last object of the page before it |
| `no-search` | `…/search` does not exist |
| `uri-limit:size=N` | a URL of more than N characters is refused with 414 |
| `dates-wrong` | conditions that compare dates return wrong results |
| `stale-visa` | the console rejects a valid visa as expired (`form=N`, 0 to 6, for another form of the error) |

Other faults are habits of a server, which stores or shows values in another form: see `connectwise/api/habits.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

HABITS = (
    "trims",
    "pads",
    "nfc",
    "one-line",
    "bare-dates",
    "zoned-dates",
    "bare-refs",
    "named-refs",
    "wide-refs",
    "doubles",
    "zeros",
    "sparse",
    "blanks",
    "empty-refs",
    "float-ids",
    "short-answers",
    "refills",
    "forgets",
)
"""The faults that are habits of ConnectWise."""
KINDS = (
    "429",
    "500",
    "drop",
    "slow",
    "html",
    "truncated",
    "half-json",
    "bundles-off",
    "read-only",
    "forbidden",
    "auth-404",
    "nothing",
    "null",
    "drip",
    "endless",
    "bomb",
    "redirect",
    "location",
    "custom-fields",
    "deleted-hold",
    "no-link",
    "link-host",
    "link-cursor",
    "link-loop",
    "navigable",
    "page-cap",
    "page-overlap",
    "no-search",
    "uri-limit",
    "dates-wrong",
    "stale-visa",
    *HABITS,
)
"""All kinds of faults."""
_NUMBERS = ("every", "ms", "status", "retry-after", "size", "dated", "form", "hours")
_NEEDED = {"slow": ("ms", 250), "drip": ("ms", 250), "page-cap": ("size", 25), "uri-limit": ("size", 250)}
_VISA_FORMS = 7


class FaultSpecError(ValueError):
    """The text of a fault cannot be read. The message says why."""


@dataclass(slots=True)
class Fault:
    """One fault, and how many requests it has seen and hit.

    With `every` = 3, the fault hits each third request. `left` is the number of requests that it will still hit.
    `options` holds the other arguments by name. `struck` is the number of requests that were hit.
    """

    spec: str
    kind: str
    path: str = ""
    every: int | None = None
    left: int | None = None
    options: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def strikes(self, path: str) -> bool:
        """Count one request to `path`, and return whether the fault hits it."""
        if self.path and self.path not in path:
            return False
        self.seen += 1
        if self.every is not None:
            hit = self.seen % self.every == 0
        elif self.left is not None:
            hit = self.left > 0
            self.left -= hit
        else:
            hit = True
        self.struck += hit
        return hit


def parse_fault(spec: str) -> Fault:
    """Return the fault that a text describes.

    Raises:
        FaultSpecError: the text cannot be read.
    """
    head, _, path = spec.strip().partition("@")
    kind, _, arguments = head.partition(":")
    if kind not in KINDS:
        raise FaultSpecError(f"unknown fault {kind!r} in {spec!r}; the faults are {', '.join(KINDS)}")
    fault = Fault(spec=spec.strip(), kind=kind, path=path)
    for argument in filter(None, (part.strip() for part in arguments.split(","))):
        name, _, value = argument.rpartition("=")
        if not value.isdecimal() or (name and name not in _NUMBERS):
            raise FaultSpecError(
                f"cannot read {argument!r} in {spec!r}; the arguments are N, {', '.join(_NUMBERS)} = N"
            )
        if not name:
            fault.left = int(value)
        elif name == "every":
            if int(value) < 1:
                raise FaultSpecError(f"every=0 in {spec!r} would hit no request; give 1 or more")
            fault.every = int(value)
        else:
            fault.options[name] = int(value)
    if fault.options.get("form", 0) >= _VISA_FORMS:
        raise FaultSpecError(f"{spec!r} has no such form: give form=0 to form={_VISA_FORMS - 1}")
    needed, such_as = _NEEDED.get(kind, ("", 0))
    if needed and needed not in fault.options:
        raise FaultSpecError(f"{spec!r} needs a number: {kind}:{needed}={such_as}")
    return fault


class Faults:
    """All active faults. The object is false when there are none."""

    def __init__(self, specs: Iterable[str] = ()) -> None:
        self._faults: list[Fault] = []
        self.replace(specs)

    def replace(self, specs: Iterable[str]) -> None:
        """Replace all faults by new ones, with counts of 0."""
        self._faults = [parse_fault(spec) for spec in specs]

    @property
    def specs(self) -> list[str]:
        """Return the active faults, each as the text that set it."""
        return [fault.spec for fault in self._faults]

    @property
    def struck(self) -> dict[str, int]:
        """Return how many requests each fault has hit, by its text."""
        return {fault.spec: fault.struck for fault in self._faults}

    def hit(self, kind: str, path: str = "") -> Fault | None:
        """Count a request that faults of this kind could hit, and return the first fault that hits it, or None."""
        found = None
        for fault in self._faults:
            if fault.kind == kind and fault.strikes(path) and found is None:
                found = fault
        return found

    def __bool__(self) -> bool:
        return bool(self._faults)
