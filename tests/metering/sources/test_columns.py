"""The columns that meters use, from the console and from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources.columns import Columns
from reconciler.metering.sources.csv_file import CsvSettings
from reconciler.metering.sources.csv_file import parse as parse_csv
from reconciler.metering.sources.csv_file import pull as pull_csv
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.json_rows import parse

from .console import CUSTOMERS, Console, device, pull_of, refusal
from .test_csv_file import HEADER, NOW, ROW

WANTED = Columns(("D9F03", "I32", "I81"), frozenset({"D9F03"}))


def with_cells(number: int, **cells: Any) -> Mapping[str, Any]:
    """Return a device with other columns."""
    found = dict(device(number, 10))
    return {**found, "Settings": [*found["Settings"], *({code: value} for code, value in cells.items())]}


async def pulled(*devices: Mapping[str, Any], **more: Any) -> Pull:
    return await pull_of(Console(CUSTOMERS, list(devices), **more), columns=WANTED)


def values(found: Pull) -> list[dict[str, str]]:
    return [dict(sample.values) for sample in found.samples]


async def test_the_columns_are_read_under_each_of_their_codes() -> None:
    found = await pulled(
        with_cells(1, T3="900", OT=2, I81="Virtual"), with_cells(2, D9F03=7, I32="1"), with_cells(3, I81="")
    )
    assert values(found) == [{"D9F03": "900", "I32": "2", "I81": "Virtual"}, {"D9F03": "7", "I32": "1"}, {}]
    assert (found.columns, found.notes) == (WANTED.names, ())


async def test_a_value_that_is_not_usable_concerns_one_device_and_is_named() -> None:
    odd = [with_cells(1, T3="12.5", I32="2", I81="x"), with_cells(2, T3="5", D9F03="6")]
    found = await pulled(*odd, *(with_cells(number, I32=[1]) for number in range(3, 26)))
    assert values(found)[:3] == [{"I32": "2", "I81": "x"}, {}, {}]
    notes = "\n".join(found.notes)
    assert (
        "device 1 of partner 10 has no usable value: its column D9F03 is '12.5', which is not a whole number" in notes
    )
    assert "device 2 of partner 10 has no usable value: its column D9F03 is given twice: '5' and '6'" in notes
    assert "3 more devices have no usable value in column I32" in notes


async def test_a_column_that_no_device_has_is_named() -> None:
    found = await pulled(with_cells(1, I32="2", I81="Physical"), with_cells(2, I32="2"))
    assert found.columns == ("I32", "I81")
    [note] = found.notes
    assert note.startswith("column D9F03 is not in any of 2 devices, although the request asked for it")
    alone = await pulled(with_cells(1, I32="2", I81="Physical"))
    assert alone.notes[0].startswith("column D9F03 is not in the only device")


async def test_a_column_that_the_role_may_not_read_is_named_and_the_devices_are_read() -> None:
    class Refusing(Console):
        def good(self, call: Mapping[str, Any]) -> Any:
            asked = call["params"].get("query", {}).get("Columns", ())
            return refusal(13501) if "I81" in asked else super().good(call)

    console = Refusing(CUSTOMERS, [with_cells(1, I32="2", D9F03="3", I81="Physical")])
    found = await pull_of(console, columns=WANTED)
    assert (found.state, found.columns) == ("whole", ("D9F03", "I32"))
    [note] = found.notes
    assert note.startswith("column I81 may not be read by the API user's role; give the role that right")


async def test_a_csv_file_carries_the_columns_that_meters_use(tmp_path: Path) -> None:
    rows = ["1,Acme,a,2,GB,2025-11-22T12:00:00Z,5,gold\n", "1,Acme,b,2,GB,2025-11-22T12:00:00Z,,\n"]
    found = await _csv(tmp_path, HEADER.replace("as_of", "as_of,seats,tier") + "".join(rows))
    assert values(found) == [{"seats": "5", "tier": "gold"}, {}]
    assert found.columns == ("seats", "tier")


async def _csv(folder: Path, text: str) -> Pull:
    (folder / "usage.csv").write_text(text, encoding="utf-8")
    wanted = Columns(("seats", "tier"), frozenset({"seats"}))
    return await pull_csv(CsvSettings("files", folder / "usage.csv", wanted), NOW, clock=lambda: 0.0)


async def test_a_column_that_a_file_does_not_have_is_named(tmp_path: Path) -> None:
    found = await _csv(tmp_path, HEADER.replace("as_of", "as_of,Seats") + ROW.replace("\n", ",4\n"))
    assert (found.state, found.columns) == ("whole", ())
    assert found.notes[0].startswith("column seats is not in usage.csv (did you mean 'Seats'?); charges whose meter")


@pytest.mark.parametrize("odd", ["1.5", "-3", "five"])
async def test_a_row_whose_number_cannot_be_read_fails_the_pull(odd: str, tmp_path: Path) -> None:
    found = await _csv(tmp_path, HEADER.replace("as_of", "as_of,seats,tier") + ROW.replace("\n", f",{odd},x\n"))
    assert found.state == "failed"
    assert f"usage.csv:2: seats is '{odd}', which is not a whole number of 0 or more" in str(found.error)


async def test_a_repeated_row_with_another_value_is_an_error(tmp_path: Path) -> None:
    header = HEADER.replace("as_of", "as_of,seats,tier")
    found = await _csv(tmp_path, header + ROW.replace("\n", ",1,gold\n") + ROW.replace("\n", ",1,silver\n"))
    assert "with the same as_of and a different tier" in str(found.error)


def test_json_carries_texts_numbers_and_flags() -> None:
    row = '{"customer_id": "1", "customer_name": "A", "used": 1, "unit": "B", "as_of": "2025-11-22T12:00:00Z", '
    wanted = Columns(("active", "seats", "tier", "share"), frozenset({"seats"}))
    content = f'[{row} "device_id": "a", "active": true, "seats": 5, "tier": null, "share": 0.5}}]'
    found = parse("api", "usage.json", content.encode(), wanted)
    assert dict(found.samples[0].values) == {"active": "true", "seats": "5", "share": "0.5"}
    assert found.columns == wanted.names


def _shares(*shares: str) -> list[dict[str, str]]:
    """Return the values of JSON rows with these texts as `share`."""
    start = '{"customer_id": "1", "customer_name": "A", "used": 1, "unit": "B", "as_of": "2025-11-22T12:00:00Z", '
    rows = [f'{start} "device_id": "d{place}", "share": {each}}}' for place, each in enumerate(shares)]
    found = parse("api", "usage.json", f"[{', '.join(rows)}]".encode(), Columns(("share",)))
    return [dict(each.values) for each in found.samples]


def test_a_number_is_the_same_value_however_it_is_written() -> None:
    assert _shares("2", "2.0", "2e0", '"2"') == [{"share": "2"}] * 4


def test_a_letter_with_an_accent_is_the_same_value_in_both_of_its_forms() -> None:
    assert _shares('"B\u00fcro"', '"Bu\u0308ro"') == [{"share": "Büro"}] * 2


@pytest.mark.parametrize(("odd", "said"), [("NaN", "share is not a number"), ("1e99999", "share has too many digits")])
def test_a_value_that_is_no_number_fails_the_pull(odd: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        _shares(odd)


NAMED = Columns((*WANTED.names, "I1"), WANTED.numbers, frozenset({"I1"}))
READ = {"D9F03": "1", "I32": "2", "I81": "Physical"}


def with_names(number: int, *names: Any) -> Mapping[str, Any]:
    """Return a device with these names, and with all columns of `WANTED`."""
    cells = [each for each in with_cells(number, **READ)["Settings"] if "I1" not in each]
    return {**device(number, 10), "Settings": [*cells, *({"I1": each} for each in names)]}


async def test_the_name_of_a_device_is_read_and_a_device_may_have_none() -> None:
    devices = [with_names(1, "server\n1"), with_names(2), with_names(3, ["a"]), with_names(4, "a", "b")]
    found = await pull_of(Console(CUSTOMERS, devices), columns=NAMED)
    assert (found.state, found.notes) == ("whole", ())
    assert [each.get("I1") for each in values(found)] == ["server 1", None, None, None]

    nameless = await pull_of(Console(CUSTOMERS, [with_names(1)]), columns=NAMED)
    assert (nameless.state, nameless.notes, nameless.columns) == ("whole", (), WANTED.names)


async def test_a_role_that_may_not_read_names_of_devices_is_no_warning() -> None:
    class Refusing(Console):
        def good(self, call: Mapping[str, Any]) -> Any:
            asked = call["params"].get("query", {}).get("Columns", ())
            return refusal(13501) if "I1" in asked else super().good(call)

    found = await pull_of(Refusing(CUSTOMERS, [with_cells(1, **READ)]), columns=NAMED)
    assert (found.state, found.notes, found.columns) == ("whole", (), WANTED.names)


def test_a_file_without_names_of_devices_is_no_warning() -> None:
    content = (HEADER + ROW).encode()
    found = parse_csv("files", "usage.csv", content, Columns(("device_name",), labels=frozenset({"device_name"})))
    assert (found.notes, found.columns) == ((), ())
