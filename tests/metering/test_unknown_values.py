"""Values of `where` that no device has are named."""

from __future__ import annotations

import pytest

from reconciler.kinds.meters import BUILT_IN
from reconciler.metering.unknown_values import unknown_values
from tests.metering.builders import HOUR

from .test_meters import LAPTOP, PHYSICAL, SourceSnapshot, declared, pull, source

NEWEST = source(pull(0 * HOUR, {"a": PHYSICAL, "b": LAPTOP}))


def warnings(where: dict[str, object], found: SourceSnapshot = NEWEST) -> list[str]:
    return list(unknown_values(found, [declared(count="devices", where=where)]))


def test_a_condition_that_fits_no_device_is_named_with_the_values_that_there_are() -> None:
    assert warnings({"I81": ["Cloud", "Hosted"], "OT": 1}) == [
        "meter mine: no device of cove has 'Cloud' or 'Hosted' in column I81, so it counts 0: the column has 'Physical'"
    ]


@pytest.mark.parametrize("spelling", ["physical", " Physical", "Ph\uff59sical"])
@pytest.mark.parametrize("form", [lambda each: each, lambda each: {"not": each}, lambda each: ["Cloud", each]])
def test_another_spelling_is_named(spelling: str, form: object) -> None:
    (said,) = warnings({"I81": form(spelling)})
    assert said == (
        f"meter mine: no device of cove has {spelling!r} in column I81, but some have 'Physical': write it in the "
        "same way"
    )


@pytest.mark.parametrize(
    "where", [{"I81": ["Physical", "Cloud"]}, {"I81": {"not": "Cloud"}}, {"used": 7}, {"I59": 2}, {}]
)
def test_a_condition_that_may_be_right_gives_no_warning(where: dict[str, object]) -> None:
    assert warnings(where) == []


def test_a_built_in_meter_and_a_source_without_a_pull_give_no_warning() -> None:
    papers = source(pull(0 * HOUR, {"a": PHYSICAL}))
    assert list(unknown_values(papers, BUILT_IN.values())) == []
    assert warnings({"I81": "Cloud"}, SourceSnapshot("cove", "GB")) == []


def test_only_some_of_many_values_are_shown() -> None:
    many = source(pull(0 * HOUR, {str(each): {"I81": f"v{each}"} for each in range(8)}))
    (said,) = warnings({"I81": "Cloud"}, many)
    assert said.endswith("the column has 'v0', 'v1', 'v2', 'v3', 'v4' and 3 more")
