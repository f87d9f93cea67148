"""Tests of what is new to a receiver. The properties hold for any sequence of runs, and of messages that get lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.alerts.cause import Cause
from reconciler.alerts.known import GROWTH, Known, News, after_telling, known_after, news_for, without_finished
from reconciler.kinds.alert_settings import Receiver
from tests.alerts.builders import NOW, cause, receiver

HOUR = timedelta(hours=1)
OPS, MAIL = receiver("ops"), receiver("mail")


class Desk:
    """Receivers that are told what each run finds. Every message arrives, unless `lost` names the receiver."""

    def __init__(self, *receivers: Receiver) -> None:
        self.receivers = receivers or (OPS,)
        self.known: Mapping[str, Known] = {}
        self.now = NOW

    def run(self, *found: Cause, judged: bool = True, lost: tuple[str, ...] = (), hours: float = 1) -> dict[str, list]:
        """Return by receiver the kind and the key of the news that arrived."""
        self.now += hours * HOUR
        self.known = known_after(self.known, found, lambda _key: judged, self.now)
        arrived: dict[str, list[tuple[str, str]]] = {}
        for each in self.receivers:
            news = news_for(each, self.known, self.now)
            if each.name not in lost:
                self.known = after_telling(self.known, each.name, news, self.now)
                arrived[each.name] = [(of.kind, of.known.cause.key) for of in news]
        self.known = without_finished(self.known, self.receivers)
        return arrived

    def ops(self, *found: Cause, **more: object) -> list[tuple[str, str]]:
        return self.run(*found, **more)["ops"]


def test_a_cause_is_told_once_and_once_more_when_it_has_ended() -> None:
    desk = Desk()
    assert desk.ops(cause("unmapped", "a")) == [("new", "unmapped")]
    assert desk.ops(cause("unmapped", "a")) == []
    assert desk.ops() == [("ended", "unmapped")]
    assert desk.ops() == []
    assert desk.known == {}


def test_a_cause_that_comes_back_is_told_again() -> None:
    desk = Desk()
    desk.run(cause())
    desk.run()
    assert desk.ops(cause()) == [("new", "unmapped")]


def test_a_run_that_cannot_judge_a_cause_does_not_end_it() -> None:
    desk = Desk()
    desk.run(cause())
    assert desk.ops(judged=False) == []
    assert desk.ops() == [("ended", "unmapped")]


def test_a_message_that_was_lost_is_sent_by_the_next_run() -> None:
    desk = Desk(OPS, MAIL)
    assert desk.run(cause(), lost=("mail",)) == {"ops": [("new", "unmapped")]}
    assert desk.run(cause()) == {"ops": [], "mail": [("new", "unmapped")]}
    assert desk.run(lost=("mail",)) == {"ops": [("ended", "unmapped")]}
    assert desk.run() == {"ops": [], "mail": [("ended", "unmapped")]}
    assert desk.known == {}


def test_a_receiver_that_never_heard_of_a_cause_is_not_told_its_end() -> None:
    desk = Desk(OPS, MAIL)
    desk.run(cause(), lost=("mail",))
    assert desk.run() == {"ops": [("ended", "unmapped")], "mail": []}
    assert desk.known == {}


def test_a_cause_that_comes_back_before_its_end_was_told_is_no_news() -> None:
    desk = Desk()
    desk.run(cause())
    desk.run(lost=("ops",))
    assert desk.ops(cause()) == []
    assert desk.ops() == [("ended", "unmapped")]


def test_a_receiver_is_told_only_the_events_that_it_wants() -> None:
    desk = Desk(receiver("ops", "drift"))
    assert desk.ops(cause("unmapped"), cause("drift:setup", event="drift")) == [("new", "drift:setup")]
    assert desk.ops() == [("ended", "drift:setup")]
    assert desk.known == {}


def test_a_receiver_that_is_new_is_told_what_is_open() -> None:
    desk = Desk()
    desk.run(cause())
    desk.receivers = (OPS, MAIL)
    assert desk.run(cause()) == {"ops": [], "mail": [("new", "unmapped")]}


def test_the_end_of_a_cause_is_not_kept_for_a_receiver_that_was_removed() -> None:
    desk = Desk()
    desk.run(cause())
    desk.receivers = (MAIL,)
    desk.run()
    assert desk.known == {}


# ── causes that grow ─────────────────────────────────────────────────────────────────────────────────────


def test_a_cause_with_twice_as_many_members_is_told_again_at_once() -> None:
    desk = Desk()
    desk.run(cause("unmapped", "a", "b", "c"))
    assert desk.ops(cause("unmapped", *"abcde")) == []
    assert desk.ops(cause("unmapped", *"abcdef")) == [("more", "unmapped")]
    assert desk.ops(cause("unmapped", *"abcdef")) == []


def test_a_cause_that_grows_slowly_is_told_again_after_a_day() -> None:
    desk = Desk()
    desk.run(cause("unmapped", "a", "b", "c"))
    assert desk.ops(cause("unmapped", *"abcd"), hours=23) == []
    assert desk.ops(cause("unmapped", *"abcd")) == [("more", "unmapped")]


def test_a_cause_that_only_shrinks_is_not_told_again() -> None:
    desk = Desk()
    desk.run(cause("unmapped", "a", "b", "c"))
    assert desk.ops(cause("unmapped", "a"), hours=48) == []


def test_a_member_that_left_and_comes_back_is_new() -> None:
    desk = Desk()
    desk.run(cause("unmapped", "a", "b", "c"))
    desk.run(cause("unmapped", "a", "b"))
    assert desk.ops(cause("unmapped", "a", "b", "c"), hours=30) == [("more", "unmapped")]


def test_a_cause_that_does_not_grow_is_not_told_again() -> None:
    desk = Desk()
    desk.run(cause("source:cove:failed", event="source", grows=False))
    assert desk.ops(cause("source:cove:failed", *"abc", event="source", grows=False), hours=30) == []


def test_the_number_of_members_that_joined_is_told() -> None:
    known = known_after({}, [cause("unmapped", "a")], lambda _key: True, NOW)
    known = after_telling(known, "ops", news_for(OPS, known, NOW), NOW)
    known = known_after(known, [cause("unmapped", "b", "c", "d")], lambda _key: True, NOW)
    (found,) = news_for(OPS, known, NOW)
    assert (found.kind, found.joined) == ("more", 3)


# ── since when ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_cause_began_when_a_run_first_found_it() -> None:
    desk = Desk()
    desk.run(cause())
    desk.run(cause())
    assert desk.known["unmapped"].since == NOW + HOUR


def test_a_cause_that_knows_when_it_began_says_so() -> None:
    desk = Desk()
    desk.run(cause("not-run", event="not-run", since=NOW - 7 * HOUR))
    assert desk.known["not-run"].since == NOW - 7 * HOUR


def test_new_causes_are_told_first_and_ended_ones_last() -> None:
    desk = Desk()
    desk.run(cause("held:zero", event="held"), cause("unmapped", "a"))
    news = desk.ops(cause("gap:refused", event="gap"), cause("unmapped", "a", "b"))
    assert news == [("new", "gap:refused"), ("more", "unmapped"), ("ended", "held:zero")]


# ── any sequence ─────────────────────────────────────────────────────────────────────────────────────────

KEYS = ("unmapped", "held:zero", "run:usage:lock")
STEP = st.tuples(
    st.dictionaries(st.sampled_from(KEYS), st.frozensets(st.sampled_from("abcdefgh"), min_size=1)),
    st.booleans(),
    st.sampled_from([(), ("ops",), ("mail",), ("ops", "mail")]),
    st.sampled_from([1, 25]),
)


@given(st.lists(STEP, max_size=25))
def test_no_receiver_is_told_twice_and_none_misses_a_beginning_or_an_end(steps: list) -> None:
    desk = Desk(OPS, MAIL)
    believes: dict[str, dict[str, bool]] = {"ops": {}, "mail": {}}
    open_now: set[str] = set()
    for found, judged, lost, hours in steps:
        causes = [cause(key, *sorted(members)) for key, members in found.items()]
        arrived = desk.run(*causes, judged=judged, lost=lost, hours=hours)
        open_now = {*found} | (set() if judged else open_now)
        for name, news in arrived.items():
            for kind, key in news:
                told_before = believes[name].get(key, False)
                assert told_before is (kind != "new")  # a beginning only once, growth and an end only after it
                believes[name][key] = kind != "ended"
            assert {key for key, is_open in believes[name].items() if is_open} == open_now


@given(st.lists(STEP, max_size=10))
def test_when_all_has_ended_and_all_was_told_nothing_is_kept(steps: list) -> None:
    desk = Desk(OPS, MAIL)
    for found, judged, lost, hours in steps:
        desk.run(*(cause(key, *members) for key, members in found.items()), judged=judged, lost=lost, hours=hours)
    desk.run()
    assert desk.known == {}
    assert desk.run() == {"ops": [], "mail": []}


@given(st.lists(st.frozensets(st.sampled_from("abcdefghijklmnop"), min_size=1), min_size=2, max_size=40))
def test_growth_is_told_within_a_day_and_rarely(members: list) -> None:
    desk = Desk()
    told: set[str] = set()
    told_at = desk.now
    for each in members:
        news = desk.ops(cause("unmapped", *each))
        told &= each
        if news:
            told, told_at = set(each), desk.now
        assert each == told or desk.now - told_at < GROWTH
        assert len(each) < 2 * len(told) or each == told


def test_news_has_what_is_known() -> None:
    known = known_after({}, [cause()], lambda _key: True, NOW)
    assert news_for(OPS, known, NOW) == (News("new", known["unmapped"]),)
