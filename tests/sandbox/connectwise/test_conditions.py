"""The language of conditions: its grammar, its types, and what it refuses."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.connectwise.query import selection
from reconciler.sandbox.connectwise.query.conditions import equalities, parse
from reconciler.sandbox.connectwise.query.paths import Path, getter
from reconciler.sandbox.connectwise.query.predicates import compile_node
from reconciler.sandbox.connectwise.schema.errors import Refusal
from tests.sandbox.conftest import Api

ROW: dict[str, Any] = {
    "id": 7,
    "name": 'Acme "North" Ltd ',
    "status": {"id": 2, "name": "Active"},
    "deletedFlag": False,
    "annualRevenue": Decimal("12.50"),
    "website": "acme.example/50%",
    "_info": {"lastUpdated": "2026-11-10T12:00:00Z"},
    "dateAcquired": "2026-01-31T00:00:00Z",
}


def holds(text: str) -> bool:
    return selection.predicate("company", (), text)(ROW) is True


@pytest.mark.parametrize(
    "text",
    [
        "id = 7",
        "id=7",
        "id != 8",
        "id <> 8",
        "id < 8 and id <= 7 and id > 6 and id >= 7",
        "annualRevenue = 12.5",
        "annualRevenue > -1",
        'status/name = "active"',
        'STATUS/NAME = "x" or status/id = 2'.replace("STATUS/NAME", "status/name"),
        'name = "acme \\"north\\" ltd"',
        'name contains "NORTH"',
        'name like "acme%ltd%"',
        'name like "*north*"',
        'name not like "north%"',
        'name not contains "south"',
        'website contains "50%"',
        "id in (1, 7)",
        "id not in (1,2)",
        'status/name IN ("Active","Inactive")',
        "not id = 8",
        "NOT (id = 8 OR id = 9) AND deletedFlag = FALSE",
        "not id = 8 and id = 7",
        "deletedFlag = False",
        "deletedFlag != true",
        "city = null",
        "website != NULL",
        "dateAcquired = [2026-01-31]",
        "dateAcquired < [2026-02-01T00:00:00Z]",
        "_info/lastUpdated >= [2026-11-10T12:00:00Z]",
        "lastUpdated > [2026-11-10T13:59:59+02:00]",
        'id = 1 or id = 7 and status/name = "Active"',
        "((id = 7))",
    ],
)
def test_a_condition_that_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "id = 8",
        "deletedFlag = True",
        'name like "north%"',
        'name like "acme"',
        "id in (1,2)",
        "(id = 7 or id = 8) and id = 9",
        "city = null and id = 8",
        "website = null",
    ],
)
def test_a_condition_that_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize("text", ['city = "X"', 'city != "X"', 'not city = "X"', 'city in ("X")', 'not city like "X"'])
def test_a_comparison_with_a_missing_value_is_neither_true_nor_false(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id",
        "id =",
        "id = 7 and",
        "(id = 7",
        "id == 7",
        "id in ()",
        "id in 7",
        "name = Acme",
        "name = 'Acme'",
        'name = "Acme',
        "id = 7 id = 8",
        "id = 1.",
        "dateAcquired = [yesterday]",
        "dateAcquired = [2026-02-30]",
        "id like 7",
        'id = "7"',
        "name = 7",
        "name contains 7",
        'deletedFlag = "False"',
        "deletedFlag > False",
        'dateAcquired = "2026-01-31"',
        "id < null",
        "status = 2",
        "types/id = 1",
        "nonsense = 1",
        "Name = 1",
        "status/nonsense = 1",
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        holds(text)
    assert refusal.value.status == 400


def test_a_bad_condition_gets_400_with_an_error_body(api: Api) -> None:
    answer = api.http.get("/company/companies", params={"conditions": "nonsense = 1"})
    assert answer.status_code == 400
    assert "'nonsense' is not a field" in answer.json()["message"]


def test_a_condition_compares_the_current_name_of_a_reference(api: Api) -> None:
    company = api.company()
    api.agreement(company)
    api.patch(f"/company/companies/{company['id']}", identifier="NEW")
    assert api.get("/finance/agreements/count", conditions='company/identifier="NEW"') == {"count": 1}
    assert api.get("/finance/agreements/count", conditions='company/identifier="ACME"') == {"count": 0}


def test_child_conditions_ask_about_one_entry_of_a_list(api: Api) -> None:
    company = api.company()
    items = [
        {"value": "ann@acme.example", "communicationType": "Email"},
        {"value": "555-1", "communicationType": "Phone"},
    ]
    api.contact(company, communicationItems=items)
    api.contact(company)
    count = "/company/contacts/count"
    both = 'communicationItems/value="ANN@acme.example" and communicationItems/communicationType="{}"'
    assert api.get(count, childConditions=both.format("Email")) == {"count": 1}
    assert api.get(count, childConditions=both.format("Phone")) == {"count": 0}


def test_child_conditions_reach_the_types_of_a_company(api: Api) -> None:
    api.company("A", types=[{"name": "Vendor"}])
    api.company("B")
    found = api.get("/company/companies", childConditions='types/name="Vendor"', fields="identifier")
    assert found == [{"identifier": "A"}]


@pytest.mark.parametrize("text", ["id=1", "types=1", 'types/name="A" and customFields/caption="B"', "types/x=1"])
def test_child_conditions_about_anything_else_are_refused(api: Api, text: str) -> None:
    assert api.http.get("/company/companies", params={"childConditions": text}).status_code == 400


def test_custom_field_conditions_ask_about_caption_and_value(api: Api) -> None:
    field = {"podId": 1, "caption": "Tier", "sequenceNumber": 1, "fieldTypeIdentifier": "Text"}
    tier = api.tenant.create("userDefinedField", field)["id"]
    seats = api.tenant.create("userDefinedField", {**field, "caption": "Seats", "fieldTypeIdentifier": "Number"})["id"]
    api.company("A", customFields=[{"id": tier, "value": "Gold"}, {"id": seats, "value": 5}])
    api.company("B")
    for text in (
        'caption="Tier" and value="gold"',
        'caption="Tier" and value like "G%"',
        'caption="Tier" and value != 3',
        'caption="Seats" and value > 4',
        'caption="Seats" and value in (4,5)',
        "value != null",
    ):
        found = api.get("/company/companies", customFieldConditions=text, fields="identifier")
        assert found == [{"identifier": "A"}], text
    missing = api.get("/company/companies", customFieldConditions='caption="Tier" and value=null', fields="identifier")
    assert missing == [{"identifier": "B"}]
    assert api.http.get("/company/companies", params={"customFieldConditions": "colour=1"}).status_code == 400


def test_dates_are_compared_wrongly_with_the_fault_dates_wrong(api: Api) -> None:
    api.company()
    api.sandbox.faults.replace(["dates-wrong"])
    future = "lastUpdated > [2030-01-01T00:00:00Z]"
    assert api.get("/company/companies/count", conditions=future) == {"count": 1}
    api.sandbox.faults.replace([])
    assert api.get("/company/companies/count", conditions=future) == {"count": 0}


KINDS = {"number": "int", "text": "text", "flag": "flag"}
NAMES = {"a": "number", "b": "number", "s": "text", "t": "text", "f": "flag"}
TEXTS = st.text(alphabet='abAB "\\%*ä', max_size=4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.integers(-3, 3),
    "text": TEXTS,
    "flag": st.booleans(),
}
OPERATORS = {"number": ["=", "!=", "<", "<=", ">", ">="], "text": ["=", "!=", "contains"], "flag": ["=", "!="]}


@st.composite
def comparisons(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(sorted(NAMES)))
    kind = NAMES[name]
    if draw(st.booleans()):
        return ("in", name, draw(st.lists(VALUES[kind], min_size=1, max_size=3)), draw(st.booleans()))
    if draw(st.integers(0, 4)) == 0:
        return ("compare", name, draw(st.sampled_from(["=", "!="])), None)
    return ("compare", name, draw(st.sampled_from(OPERATORS[kind])), draw(VALUES[kind]))


TREES = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in NAMES.items()})


def rendered(tree: Any) -> str:
    match tree:
        case ("not", inner):
            return f"not ({rendered(inner)})"
        case ("and" | "or" as word, parts):
            return "(" + f" {word.upper()} ".join(map(rendered, parts)) + ")"
        case ("in", name, values, negated):
            return f"{name} {'not ' if negated else ''}in ({', '.join(map(literal, values))})"
        case (_, name, operator, value):
            return f"{name} {operator} {literal(value)}"
    raise AssertionError(tree)


def literal(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else str(value)


def evaluated(tree: Any, row: dict[str, Any]) -> bool | None:
    match tree:
        case ("not", inner):
            truth = evaluated(inner, row)
            return None if truth is None else not truth
        case ("and", parts):
            truths = [evaluated(part, row) for part in parts]
            return False if False in truths else None if None in truths else True
        case ("or", parts):
            truths = [evaluated(part, row) for part in parts]
            return True if True in truths else None if None in truths else False
        case ("in", name, values, negated):
            held = row.get(name)
            if held is None:
                return None
            return any(compared(held, "=", value) for value in values) is not negated
        case (_, name, operator, value):
            return compared(row.get(name), operator, value)
    raise AssertionError(tree)


def folded(value: Any) -> Any:
    return value.rstrip().casefold() if isinstance(value, str) else value


def compared(held: Any, operator: str, value: Any) -> bool | None:
    if value is None:
        return (held is None) is (operator == "=")
    if held is None:
        return None
    if isinstance(value, str) and "*" in value:
        pattern = re.compile(".*".join(map(re.escape, value.casefold().split("*"))))
        if operator == "contains":
            return pattern.search(held.casefold()) is not None
        return (pattern.fullmatch(folded(held)) is not None) is (operator == "=")
    if operator == "contains":
        return value.casefold() in held.casefold()
    left, right = folded(held), folded(value)
    results = {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return results[operator]


@given(TREES, ROWS)
def test_any_expression_selects_the_rows_that_it_describes(tree: Any, row: dict[str, Any]) -> None:
    def find(name: str) -> Path:
        return Path((name,), KINDS[NAMES[name]], getter((name,)))

    assert compile_node(parse(rendered(tree)), find)(row) is evaluated(tree, row)


@given(TREES, ROWS)
def test_every_row_that_an_expression_selects_fulfils_its_equalities(tree: Any, row: dict[str, Any]) -> None:
    if evaluated(tree, row) is True:
        for name, values in equalities(parse(rendered(tree))).items():
            assert folded(row.get(name)) in values
