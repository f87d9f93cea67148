"""End the first apply of a tenant at each fourth of its points. It has more of them than any other run."""

from __future__ import annotations

from tests.crash.matrix import MODES, check, undisturbed
from tests.crash.place import Place
from tests.crash.scenarios import SCENARIOS


def test_a_first_apply_that_is_killed_or_loses_an_answer_is_finished_by_the_next_one(place: Place) -> None:
    whole = undisturbed(place, next(each for each in SCENARIOS if each.name == "setup"))
    check(place, whole, MODES[0], step=4)
    check(place, whole, MODES[2], step=4)
