"""What is known of open causes, what is new to a receiver, and what it has been told. Pure.

found this run ─┐
known before ───┴▶ known now ─▶ news for a receiver ─▶ (sent) ─▶ known, with what the receiver was told
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime

from reconciler.alerts.cause import Cause, Stored
from reconciler.kinds.alert_settings import Receiver

GROWTH = timedelta(hours=24)
"""A cause that grows is told again after this time, or at once if it has twice as many members as told."""


class Told(Stored):
    """What one receiver has been told of one cause."""

    at: AwareDatetime
    members: tuple[str, ...] = ()
    """The ids of the members that it was told, and that are still there."""


@dataclass(frozen=True, slots=True)
class Known:
    """One cause that is open, or whose end not every receiver has been told."""

    cause: Cause
    """As a run last found it."""
    since: datetime
    ended_at: datetime | None = None
    told: Mapping[str, Told] = field(default_factory=dict)
    """By name of the receiver."""


KnownCauses = Mapping[str, Known]
"""By key of the cause."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a receiver does not know yet."""

    kind: Literal["new", "more", "ended"]
    known: Known
    joined: int = 0
    """The number of members that were not told."""


def known_after(
    known: KnownCauses, found: Iterable[Cause], judged: Callable[[str], bool], now: datetime
) -> dict[str, Known]:
    """Return what is known after a run that found these causes. `judged` says which keys the run could judge."""
    after = dict(known)
    causes = {cause.key: cause for cause in found}
    for key, cause in causes.items():
        before = known.get(key)
        if before is None or before.ended_at is not None:  # A receiver that was not told the end still has it open.
            told = {} if before is None else before.told
            after[key] = Known(cause, cause.since or now, told=_without_members_that_left(told, cause))
        else:
            after[key] = replace(before, cause=cause, told=_without_members_that_left(before.told, cause))
    for key, each in known.items():
        if key not in causes and each.ended_at is None and judged(key):
            after[key] = replace(each, ended_at=now)
    return after


def _without_members_that_left(told: Mapping[str, Told], cause: Cause) -> dict[str, Told]:
    """Return what was told, without members that are no longer there: if they come back, they are new."""
    return {
        name: each.model_copy(update={"members": tuple(member for member in each.members if member in cause.ids)})
        for name, each in told.items()
    }


def news_for(receiver: Receiver, known: KnownCauses, now: datetime) -> tuple[News, ...]:
    """Return what a receiver does not know yet: new causes, then those that grew, then those that ended."""
    found = [
        each
        for of in known.values()
        if of.cause.event in receiver.events and (each := _news(of, of.told.get(receiver.name), now)) is not None
    ]
    return tuple(sorted(found, key=lambda each: ("new", "more", "ended").index(each.kind)))


def _news(known: Known, told: Told | None, now: datetime) -> News | None:
    if known.ended_at is not None:
        return None if told is None else News("ended", known)
    if told is None:
        return News("new", known)
    ids = known.cause.ids
    joined = len(ids - set(told.members))
    if joined and known.cause.grows and (len(ids) >= 2 * len(told.members) or now - told.at >= GROWTH):
        return News("more", known, joined)
    return None


def after_telling(known: KnownCauses, receiver: str, news: Iterable[News], now: datetime) -> dict[str, Known]:
    """Return what is known after a receiver was told these news."""
    after = dict(known)
    for each in news:
        key, of = each.known.cause.key, each.known
        told = {name: other for name, other in after[key].told.items() if name != receiver}
        if each.kind != "ended":
            told[receiver] = Told(at=now, members=tuple(sorted(of.cause.ids)))
        after[key] = replace(after[key], told=told)
    return after


def without_finished(known: KnownCauses, receivers: Collection[Receiver]) -> dict[str, Known]:
    """Return what is known, without causes that have ended and whose end no receiver still has to be told."""
    return {
        key: each
        for key, each in known.items()
        if each.ended_at is None or any(of.name in each.told and each.cause.event in of.events for of in receivers)
    }
