"""Bad days on request: storms, dropped answers, proxies, stale visas.

A fault is asked for by a string: `KIND`, `KIND:ARGS` and, at the end, `@PATH` to hold it to requests whose path
contains PATH. ARGS are separated by commas: a bare number N strikes the next N requests that could be hit and
then rests; `every=K` strikes each K-th of them; neither strikes always. Counters decide, never chance, so the same
requests in the same order meet the same faults.

| fault | what the client meets |
|---|---|
| `429` | 429 with `Retry-After` (`retry-after=S` seconds, 1 unless given; `dated=1`: as a date); nothing was done |
| `500` | 500 with an error body; nothing was done |
| `drop` | a write takes, then the connection closes without an answer |
| `slow:ms=M` | the answer comes M milliseconds late |
| `html` | a proxy's HTML page with status 200 (`status=S` for another) |
| `truncated` | headers promise the whole body, the connection closes after half of it |
| `half-json` | a whole HTTP message holding half a JSON document |
| `bundles-off` | `/system/bundles` is refused |
| `auth-404` | bad credentials answer 404 instead of 401 |
| `nothing`, `null` | status 200 and an empty body, or a body of `null` |
| `drip:ms=M` | the body comes byte by byte, M milliseconds apart |
| `endless` | the body never ends |
| `bomb` | a MiB of gzip that unpacks to a GiB |
| `redirect` | a POST or PATCH takes, and 302 (`status=S`) leads to another host over http |
| `location` | a POST takes, and `Location` names another host over http |
| `custom-fields` | a PATCH that names no `customFields` is refused |
| `deleted-hold` | a POST finds the keys of deleted objects taken |
| `no-link` | lists send no `Link` header |
| `link-host` | links name another host over http |
| `link-cursor` | the next link names a cursor in place of a page |
| `link-loop` | the next link leads to the page that it stands on |
| `navigable` | lists ignore `pagination-type` and `pageId`, and number their pages |
| `page-cap:size=N` | lists give at most N objects to a page, whatever is asked for |
| `page-overlap` | each page begins with the last object of the page before it |
| `no-search` | `…/search` does not exist |
| `uri-limit:size=N` | a URL of more than N characters is refused with 414 |
| `dates-wrong` | comparisons of dates in conditions answer wrongly |
| `stale-visa` | the console calls a good visa expired (`form=N`, 0 to 6, in another form of the error) |

Further faults are habits of a server that stores and shows values in other forms: `connectwise/habits.py` lists them.
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
KINDS = (
    "429",
    "500",
    "drop",
    "slow",
    "html",
    "truncated",
    "half-json",
    "bundles-off",
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
_NUMBERS = ("every", "ms", "status", "retry-after", "size", "dated", "form", "hours")
_NEEDED = {"slow": ("ms", 250), "drip": ("ms", 250), "page-cap": ("size", 25), "uri-limit": ("size", 250)}
_VISA_FORMS = 7


class FaultSpecError(ValueError):
    """A fault was asked for in words the sandbox does not know."""


@dataclass(slots=True)
class Fault:
    """One fault, with its own counter of the requests it could have struck."""

    spec: str
    kind: str
    path: str = ""
    every: int | None = None
    left: int | None = None
    options: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def strikes(self, path: str) -> bool:
        """Count one request to `path`, and say whether this one is struck."""
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
    """Read one fault from its string; `FaultSpecError` says what is wrong with it."""
    head, _, path = spec.strip().partition("@")
    kind, _, arguments = head.partition(":")
    if kind not in KINDS:
        raise FaultSpecError(f"unknown fault {kind!r} in {spec!r}; known: {', '.join(KINDS)}")
    fault = Fault(spec=spec.strip(), kind=kind, path=path)
    for argument in filter(None, (part.strip() for part in arguments.split(","))):
        name, _, value = argument.rpartition("=")
        if not value.isdecimal() or (name and name not in _NUMBERS):
            raise FaultSpecError(f"cannot read {argument!r} in {spec!r}; known: N, {', '.join(_NUMBERS)} = N")
        if not name:
            fault.left = int(value)
        elif name == "every":
            if int(value) < 1:
                raise FaultSpecError(f"every=0 in {spec!r} would never strike; give 1 or more")
            fault.every = int(value)
        else:
            fault.options[name] = int(value)
    if fault.options.get("form", 0) >= _VISA_FORMS:
        raise FaultSpecError(f"{spec!r} names no form: give form=0 to form={_VISA_FORMS - 1}")
    needed, such_as = _NEEDED.get(kind, ("", 0))
    if needed and needed not in fault.options:
        raise FaultSpecError(f"{spec!r} needs a number: {kind}:{needed}={such_as}")
    return fault


class Faults:
    """All faults in force. Falsy when there are none, so that the fast path asks one question."""

    def __init__(self, specs: Iterable[str] = ()) -> None:
        self._faults: list[Fault] = []
        self.replace(specs)

    def replace(self, specs: Iterable[str]) -> None:
        """Put these faults in the place of all that stood, with fresh counters."""
        self._faults = [parse_fault(spec) for spec in specs]

    @property
    def specs(self) -> list[str]:
        """The faults in force, in the words they were asked for."""
        return [fault.spec for fault in self._faults]

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault struck so far, by its spec."""
        return {fault.spec: fault.struck for fault in self._faults}

    def hit(self, kind: str, path: str = "") -> Fault | None:
        """Count a request that `kind` could strike; the fault, if it strikes this one."""
        found = None
        for fault in self._faults:
            if fault.kind == kind and fault.strikes(path) and found is None:
                found = fault
        return found

    def __bool__(self) -> bool:
        return bool(self._faults)
