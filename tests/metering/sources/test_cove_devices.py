"""Tests of the figures of devices: missing, unusable and repeated ones."""

from __future__ import annotations

from typing import Any

import pytest

from .console import CUSTOMERS, Console, device, pull_of, used


async def test_a_device_without_the_column_has_a_missing_figure_and_not_zero() -> None:
    console = Console(CUSTOMERS, [device(1, 10, None), device(2, 10, ""), device(3, 10, "0")])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None, None, 0]


async def test_a_device_without_settings_has_a_missing_figure_too() -> None:
    console = Console(CUSTOMERS, [device(1, 10, Settings=None), device(2, 10, "7")])
    assert [sample.bytes for sample in (await pull_of(console)).samples] == [None, 7]


ODD: list[tuple[Any, str]] = [
    ("-1", "'-1', which is not a whole number of bytes"),
    ("123.0", "'123.0', which is not a whole number of bytes"),
    ("12.5", "'12.5', which is not a whole number of bytes"),
    ("1e9", "'1e9', which is not a whole number of bytes"),
    ("1_000", "'1_000', which is not a whole number of bytes"),
    ("1,000", "'1,000', which is not a whole number of bytes"),
    ("+7", "'+7', which is not a whole number of bytes"),
    ("0x1f", "'0x1f', which is not a whole number of bytes"),
    (" 7", "' 7', which is not a whole number of bytes"),
    ("   ", "'   ', which is not a whole number of bytes"),
    ("", "'', which is not a whole number of bytes"),
    ("x\ny", "'x?y', which is not a whole number of bytes"),
    ("٣", "'٣', which is not a whole number of bytes"),
    ("１２", "'１２', which is not a whole number of bytes"),
    (True, "true, which is not a whole number of bytes"),
    (None, "null, which is not a whole number of bytes"),
    (123.0, "123.0, which is not a whole number of bytes"),
    (1.5, "1.5, which is not a whole number of bytes"),
    (-5, "-5, which is negative"),
    ([7], "a list, which is not a whole number of bytes"),
    ({"v": 7}, "an object, which is not a whole number of bytes"),
    ("9" * 30, f"'{'9' * 30}', which is too large"),
    ("9" * 5000, f"'{'9' * 60}…', which is too large"),
    (2**63, f"{2**63}, which is too large"),
    (str(2**63), f"'{2**63}', which is too large"),
]


@pytest.mark.parametrize(("size", "message"), ODD, ids=lambda value: ascii(value)[:20])
async def test_an_unusable_figure_is_named_and_only_its_device_is_silent(size: Any, message: str) -> None:
    odd = device(1, 10, Settings=[{"I14": size}])
    found = await pull_of(Console(CUSTOMERS, [odd, device(2, 10, "7"), device(3, 20, "9")]))
    assert found.state == "whole"
    assert [(sample.device_id, sample.bytes) for sample in found.samples] == [("1", None), ("2", 7), ("3", 9)]
    assert found.notes == (f"device 1 of partner 10 has no usable figure: its used storage (I14) is {message}",)


async def test_a_pull_in_which_no_figure_is_usable_is_complete_and_all_devices_are_silent() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10, "-1"), device(2, 20, "x")]))
    assert (found.state, [sample.bytes for sample in found.samples]) == ("whole", [None, None])


async def test_the_first_twenty_unusable_figures_are_named_and_the_rest_is_counted() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(number, 10, "-1") for number in range(25)]))
    assert len(found.notes) == 21
    assert found.notes[-1].startswith("5 more devices have no usable figure")


async def test_a_row_with_two_different_figures_has_no_usable_figure() -> None:
    rows = [
        device(1, 10, Settings=[{"I14": "5"}, {"I14": "7"}]),
        device(2, 10, Settings=[{"I14": "5"}, {"US": "5"}]),
        device(3, 10, Settings=[{"I14": True}, {"I14": 1}]),
    ]
    found = await pull_of(Console(CUSTOMERS, rows))
    assert [sample.bytes for sample in found.samples] == [None, 5, None]
    assert "(I14) is given twice: '5' and '7'" in found.notes[0]


async def test_a_figure_may_have_the_other_code_of_the_column() -> None:
    assert used(await pull_of(Console(CUSTOMERS, [device(1, 10, Settings=[{"US": "5"}])]))) == {"10": 5}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([device(1, 10, None), device(2, 20, None)], "none of 2 devices has used storage (column I14)"),
        ([device(1, 10, None)], "the only device does not have used storage (column I14)"),
    ],
)
async def test_a_column_that_is_missing_everywhere_is_a_failed_pull_and_not_zero(rows: Any, message: str) -> None:
    found = await pull_of(Console(CUSTOMERS, rows))
    assert (found.state, found.samples) == ("failed", ())
    assert message in str(found.error)
    assert "EnumerateAccountStatistics" in str(found.error)


async def test_one_device_with_the_column_shows_that_the_others_are_silent() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10, None), device(2, 20, None), device(3, 20, "0")]))
    assert [sample.bytes for sample in found.samples] == [None, None, 0]


async def test_a_figure_may_be_a_number_instead_of_text() -> None:
    assert used(await pull_of(Console(CUSTOMERS, [device(1, 10, 2**62)]))) == {"10": 2**62}
