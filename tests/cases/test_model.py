"""Case files: what they may contain, and how each error is reported at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from reconciler.cases.figures import size_of
from reconciler.cases.schema import schema
from reconciler.manifests.parsing import parse
from tests.cases.trying import errors, source

ROOT = Path(__file__).parent.parent.parent
EXPECT = "expect: {money: 0}"


def case(*fields: str) -> str:
    return "cases:\n  - name: a\n    period: 2026-11\n" + "".join(f"    {each}\n" for each in fields)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("460.4 GB", 460_400_000_000),
        ("460.4GB", 460_400_000_000),
        ("1 TB", 10**12),
        ("2 GiB", 2**31),
        ("0.5 KiB", 512),
        (0, 0),
        (10**18, 10**18),
        ("missing", None),
    ],
)
def test_a_size_has_a_unit_or_is_a_number_of_bytes(value: object, size: int | None) -> None:
    assert size_of(value) == size


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("460.4", "is not a size"),
        ("1,000 GB", "is not a size"),
        ("-5 GB", "is not a size"),
        ("NaN GB", "is not a size"),
        ("1e3 GB", "is not a size"),
        (None, "is not a size"),
        (True, "is not a size"),
        (-1, "is below 0"),
        ("0.1 B", "is no whole number of bytes"),
        (2**63, "is more than the ledger can store"),
        ("9999999 PB", "is more than the ledger can store"),
    ],
)
def test_what_no_source_can_report_is_no_size(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        size_of(value)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (["mapping: alder-dental"], "2:5 cases[0].expect is missing | add expect: …"),
        (["mapping: alder-dental", "expect: {}"], "5:13 expect is empty, so the case cannot fail"),
        (["mapping: alder-dental", "expect: {money: null}"], "5:13 expect is empty, so the case cannot fail"),
        (["mapping: alder-dental", "customer: '5'", EXPECT], "2:5 cases[0]: give either mapping or customer, not both"),
        ([EXPECT], "2:5 cases[0]: give either mapping or customer"),
        (["mapping: alder-dental", "source: cove", EXPECT], "2:5 cases[0]: source is that of the mapping"),
        (["maping: alder-dental", EXPECT], "4:5 there is no field maping in cases[0] | did you mean mapping?"),
        (["mapping: [a]", EXPECT], "4:14 cases[0].mapping: expected text or a mapping, got a list"),
        (["mapping: alder-dental", "expect: {state: bild}"], "5:21 cases[0].expect.state cannot be bild | did"),
        (["mapping: alder-dental", "expect: {lines: [{quantity: 1}]}"], "5:22 cases[0].expect.lines[0]: give either"),
        (
            ["mapping: alder-dental", "expect: {lines: [{product: a, address: b}]}"],
            "5:22 cases[0].expect.lines[0]: give either product or address, not both",
        ),
        (["mapping: alder-dental", "expect: {money: '5'}"], "5:21 cases[0].expect.money: expected a number, got text"),
        (["mapping: alder-dental", "expect: {money: .nan}"], "5:21 .nan is not a finite number"),
    ],
)  # fmt: skip
def test_an_error_of_a_case_is_reported_at_its_place(fields: list[str], error: str) -> None:
    found = errors(case(*fields))

    assert any(each.startswith(error) for each in found), found


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ("{used: 5 GB}", "give either from or at"),
        ("{from: 2026-11-01, at: 2026-11-01, used: 5 GB}", "give either from or at, not both"),
        ("{at: 2026-11-01, to: 2026-11-02, used: 5 GB}", "to goes with from, not with at"),
        ("{from: 2026-11-01, observedAt: 2026-11-01, used: 5 GB}", "observedAt goes with at"),
        ("{from: 2026-11-01}", "give either used or pull"),
        ("{from: 2026-11-01, used: 5 GB, pull: failed}", "give either used or pull, not both"),
        ("{from: 2026-11-01, used: null}", "null is not a size"),
        ("{from: 2026-11-01, pull: failed, device: a}", "pull is about all customers of the source"),
        ("{from: 2026-11-31, used: 5 GB}", "'2026-11-31' is not in the calendar"),
        ("{from: 2026-11, used: 5 GB}", "'2026-11' is neither a day nor a time"),
        ("{from: 20261101, used: 5 GB}", "20261101 is neither a day nor a time"),
        ("{from: 1900-01-01, used: 5 GB}", "the year 1900 is not between 2000 and 2199"),
        ("{from: 2026-11-01, used: 5 GB, device: 5}", "expected text, got a number"),
    ],
)
def test_an_entry_of_usage_has_one_time_and_one_content(entry: str, error: str) -> None:
    (found,) = errors(case("mapping: alder-dental", f"usage: [{entry}]", EXPECT))

    assert error in found


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cases: []", "1:8 cases is an empty list: write at least one case"),
        ("- a", "1:1 a case file must be a mapping, got a list | begin with cases: and a list of cases"),
        ("# nothing", "1:1 there is no case in this file | begin with cases: and a list of cases"),
        ("cases: [a", "this is not YAML"),
        ("cases:\n  - name: a\n    name: b", "3:5 name is in this mapping twice | remove one of the two"),
        (
            case("mapping: alder-dental", EXPECT).replace("2026-11", "2026-13"),
            "3:13 cases[0].period: '2026-13' is not in the calendar",
        ),
        (
            case("mapping: alder-dental", EXPECT).replace("2026-11", "11"),
            "3:13 cases[0].period: 11 is not a month: write it as 2026-11",
        ),
        (
            case("mapping: alder-dental", EXPECT).replace("    period: 2026-11\n", ""),
            "2:5 cases[0]: period is missing: write the month, such as 2026-11, or give now",
        ),
    ],
)
def test_an_error_of_a_file_is_reported_at_its_place(text: str, error: str) -> None:
    assert any(error in each for each in errors(text)), errors(text)


def test_two_cases_of_one_name_are_an_error() -> None:
    one = "  - {name: a, mapping: alder-dental, period: 2026-11, expect: {money: 0}}\n"

    assert errors(f"cases:\n{one}{one}") == [
        "3:12 this file has two cases with this name; the first one is at tests/prices.yaml:2:12"
        " | give one of the two another name"
    ]


def test_the_errors_of_all_cases_are_reported_at_once() -> None:
    bad = "  - {name: a, mapping: 5, period: 2026-11, expect: {money: 0}}\n"

    assert [each.split()[0] for each in errors(f"cases:\n{bad}{bad}")] == ["2:24", "3:24"]


def test_aliases_cannot_expand_without_limit() -> None:
    rows = [f"  l{index}: &l{index} [{', '.join([f'*l{index - 1}'] * 20)}]" for index in range(1, 9)]

    (found,) = errors("\n".join(["bomb:", "  l0: &l0 [a, b]", *rows, "cases: []"]))

    assert "expand to more than 10,000 values" in found


# ── the schema ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_accepts_the_cases_of_the_example_estate() -> None:
    text = (ROOT / "tests/prices.yaml").read_text(encoding="utf-8")
    for _, document in parse(text).documents:
        Draft202012Validator(schema()).validate(document)


@pytest.mark.parametrize(
    "field",
    [
        "usage: [{from: 2026-11-01, used: 5 GX}]",
        "usage: [{from: yesterday, used: 5 GB}]",
        "mapping: {measure: top}",
        "products: {a: {prize: 1}}",
        "expect: {state: bild}",
        "standing: [{product: a}]",
    ],
)
def test_the_schema_refuses_what_the_command_refuses(field: str) -> None:
    text = case("mapping: {product: a}", EXPECT)
    name = field.partition(":")[0]
    kept = [line for line in text.splitlines() if not line.strip().startswith(f"{name}:")]
    ((_, document),) = parse(source("\n".join([*kept, f"    {field}"])).text).documents

    with pytest.raises(ValidationError):
        Draft202012Validator(schema()).validate(document)


def test_every_field_has_a_title_and_a_description_for_the_editor() -> None:
    found = schema()
    for model in (found, *found["$defs"].values()):
        assert model["additionalProperties"] is False
        for name, part in model["properties"].items():
            assert part["title"], name
            assert len(part["description"]) > 5, name


def test_the_published_file_is_up_to_date() -> None:
    file = ROOT / "schemas/price-cases.schema.json"

    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(json.dumps(schema()))
