"""Warnings about values of `where` that no device has. They may be misspelt, and then nothing is counted. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from reconciler.kinds.meters import BUILT_IN, USED, Condition, Meter
from reconciler.manifests.suggestions import listed
from reconciler.metering.snapshot import SourceSnapshot

SHOWN = 5
"""The most values of a column that a warning names."""


def unknown_values(source: SourceSnapshot, meters: Iterable[Meter]) -> Iterator[str]:
    """Yield a warning for each condition of a declared meter that fits no device of the newest believed pull.

    A value that a device has in another spelling is named too, also if another value of the condition fits. A column
    that the pull did not read has other warnings.
    """
    if source.whole is None:
        return
    samples = [each for of_customer in source.whole.samples.values() for each in of_customer]
    for meter in dict.fromkeys(each for each in meters if each.name not in BUILT_IN):
        for condition in meter.where:
            seen = {value for each in samples if (value := each.values.get(condition.column)) is not None}
            if seen and condition.column != USED:
                yield from _warnings(source.source, meter, condition, seen)


def _warnings(source: str, meter: Meter, condition: Condition, seen: set[str]) -> Iterator[str]:
    missing = [each for each in condition.values if each not in seen]
    alike = {_plain(each): each for each in sorted(seen, reverse=True)}
    for value in missing:
        if (found := alike.get(_plain(value))) is not None:
            yield (
                f"meter {meter.name}: no device of {source} has {value!r} in column {condition.column}, but some have "
                f"{found!r}: write it in the same way"
            )
    spelt = any(_plain(each) in alike for each in missing)
    if not condition.negated and len(missing) == len(condition.values) and not spelt:
        values = listed([repr(each) for each in missing], "or")
        more = f" and {len(seen) - SHOWN} more" if len(seen) > SHOWN else ""
        yield (
            f"meter {meter.name}: no device of {source} has {values} in column {condition.column}, so it counts 0: the "
            f"column has {', '.join(map(repr, sorted(seen)[:SHOWN]))}{more}"
        )


def _plain(value: str) -> str:
    """Return a value without what makes two spellings of it: case, blanks, and forms of one letter."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())
