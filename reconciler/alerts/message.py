"""Write the message to one receiver: all its news of one run, as plain text.

apprise turns the text into what each service wants. Paragraphs are parted by blank lines, because Microsoft Teams joins
lines that are not. The title has no text from outside, because not every service escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reconciler.alerts.cause import Member
from reconciler.alerts.known import News
from reconciler.alerts.neutral import neutral
from reconciler.rendering.counts import numbered

Tone = Literal["info", "success", "warning", "failure"]
"""How a service shows a message, such as its colour."""

_NAMED = 5
"""The most members that a message names."""
_LONGEST_LABEL = 70
_LONGEST_TITLE = 140
"""In characters. The heading of a message in Slack has at most 150."""
_URGENT = frozenset({"run", "not-run", "guardrail", "source"})
"""Events that stop the billing of many customers."""
_UNTOLD = "The ledger cannot be written, so this alert comes again with the next run."


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one receiver."""

    title: str
    body: str
    tone: Tone


def message_of(workspace: str, news: Sequence[News], *, remembered: bool = True) -> Message:
    """Return the message with these news, of which there is at least one.

    `remembered` is False if the ledger cannot record that they were told.
    """
    parts = ["\n\n".join(_paragraphs(each, headed=len(news) > 1)) for each in news]
    parts += [] if remembered else [_UNTOLD]
    return Message(_title(workspace, news), "\n\n".join(parts), _tone(news))


def trial_message(workspace: str, now: datetime) -> Message:
    """Return the message of `reconciler alerts test`."""
    body = f"This message was sent by hand at {moment(now)}, to try the receiver. There is nothing to do."
    return Message(f"reconciler {workspace}: trial alert", body, "info")


def moment(time: datetime) -> str:
    """Return a time for a message, in UTC to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def named(members: Sequence[Member]) -> str:
    """Return the first members by name, and the number of the others."""
    labels = [neutral(each.label, _LONGEST_LABEL) for each in members[:_NAMED]]
    more = len(members) - len(labels)
    return ", ".join(labels) + (f" and {more:,} more" if more else "")


def _title(workspace: str, news: Sequence[News]) -> str:
    if len(news) == 1:
        what = _headline(news[0])
    else:
        ended = sum(each.kind == "ended" for each in news)
        open_ = len(news) - ended
        what = ", ".join(filter(None, (numbered(open_, "alert") if open_ else "", f"{ended} ended" if ended else "")))
    return f"reconciler {workspace}: {what}"[:_LONGEST_TITLE]


def _headline(news: News) -> str:
    cause = news.known.cause
    return f"ended: {cause.subject}" if news.kind == "ended" else cause.title


def _paragraphs(news: News, *, headed: bool) -> Iterator[str]:
    """Yield the paragraphs of one cause. The first one is its headline, if the message has several causes."""
    known, cause = news.known, news.known.cause
    if headed:
        yield f"{_MARKS[news.kind]}: {_headline(news).removeprefix('ended: ')}"
    if news.kind == "ended":
        ended = moment(known.ended_at or known.since)
        yield f"From {moment(known.since)} to {ended}. Last known: {cause.title}."
        return
    grown = f" ({news.joined:,} more than last told)" if news.kind == "more" else ""
    yield f"Since: {moment(known.since)}"
    if cause.members:
        yield f"{cause.members_are}{grown}: {named(cause.members)}"
    yield f"Money at risk: {cause.risk.text}"
    if cause.why:
        yield f"Why: {neutral(cause.why)}"
    yield f"What to do: {neutral(cause.advice)}"


_MARKS = {"new": "ALERT", "more": "GROWN", "ended": "ENDED"}


def _tone(news: Sequence[News]) -> Tone:
    still = [each for each in news if each.kind != "ended"]
    if not still:
        return "success"
    return "failure" if any(each.known.cause.event in _URGENT for each in still) else "warning"
