"""The values that a completion offers: addresses, guardrails, runs, schemas and workspaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from reconciler.cli.completing.engine import Candidate, Table
from reconciler.cli.completing.manifests import named, proposed
from reconciler.cli.completing.stored import customers, objects, runs

_MOST: Final = 20_000
"""The most addresses of one kind that are offered."""
_KINDS_THAT_TRIP: Final = ("CustomerMapping", "Addition")
"""The kinds of the addresses that a guardrail can trip for."""
_OF_A_PULL: Final = "shrink"
"""The guardrail that trips for a source, and not for a customer."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def values_of(table: Table) -> Callable[[str, str, Mapping[str, str]], Iterable[Candidate]]:
    """Return the function that gives the values of a source. `table` has the names of kinds, guardrails and schemas."""

    def values(source: str, word: str, options: Mapping[str, str]) -> Iterable[Candidate]:
        folder = Path(options.get("folder") or "manifests").expanduser()
        match source:
            case "address" | "file or address":
                return _addresses(folder, word, [*table["kinds"], "Addition"])
            case "gap":
                return _gaps(folder, word)
            case "proposed address":
                return [Candidate("all"), *(Candidate(each) for each in proposed(folder))]
            case "approval":
                return _approvals(folder, word, table["guardrails"])
            case "approval of a pull":
                return _approvals(folder, word, [_OF_A_PULL])
            case "run":
                return [Candidate(number, f"{status} {started}") for number, started, status in runs(folder)]
            case "workspace":
                return [Candidate(name) for name in named(folder, "Workspace") if _NAME.fullmatch(name)]
            case "schema":
                return [Candidate(name) for name in table["schemas"]]
            case _:
                return ()

    return values


def _approvals(folder: Path, word: str, names: Iterable[str]) -> Iterator[Candidate]:
    """Yield the names of guardrails, and behind an equals sign the addresses that a guardrail can trip for."""
    name, equals, address = word.partition("=")
    if not equals:
        yield from map(Candidate, names)
    elif name == _OF_A_PULL:
        yield from (Candidate(f"{name}={source}") for source in _sources(folder))
    elif name in names:
        for each in _addresses(folder, address, _KINDS_THAT_TRIP):
            yield Candidate(f"{name}={each.text}", each.help, each.unfinished)


def _gaps(folder: Path, word: str) -> Iterator[Candidate]:
    """Yield what a close can accept: sources, customers and mappings. The reason behind the equals sign is free."""
    if "=" in word:
        return
    if "/" not in word:
        yield from (Candidate(f"{each}=", unfinished=True) for each in _sources(folder))
    yield from _addresses(folder, word, ["CustomerMapping"])


def _addresses(folder: Path, word: str, kinds: Iterable[str]) -> Iterator[Candidate]:
    """Yield the addresses of a kind. Before the slash, yield the kinds, and the sources that the ledger knows."""
    kind, slash, _ = word.partition("/")
    if not slash:
        yield from (Candidate(f"{each}/", unfinished=True) for each in kinds)
        yield from (Candidate(f"{each}/", unfinished=True) for each in _sources(folder))
    elif kind in kinds:
        found = {f"{kind}/{name}" for name in named(folder, kind) if _NAME.fullmatch(name)}
        found.update(objects(folder, f"{kind}/"))
        yield from map(Candidate, islice(sorted(found), _MOST))
    else:
        for source, customer, name in customers(folder):
            if source == kind:
                yield Candidate(f"{source}/{customer}", name)


def _sources(folder: Path) -> list[str]:
    """Return the names of the usage sources that the ledger knows."""
    return sorted({source for source, *_ in customers(folder)})
