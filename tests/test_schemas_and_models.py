"""A schema refuses nothing that `validate` accepts, and what it accepts all the same has a reason.

hypothesis changes good documents in one or two places, and asks the schema and the model.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.kinds.base import Metadata
from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests.defaults import Defaults, missing
from reconciler.manifests.documents import Origin
from reconciler.manifests.envelope import open_document
from reconciler.manifests.parsing import parse
from reconciler.manifests.report import Report
from reconciler.manifests.schemas import schemas
from reconciler.manifests.validation import check

ROOT = Path(__file__).parents[1]
SCHEMAS = schemas()
KINDS = {kind.name: kind for kind in declarable_kinds()}
ORIGIN = Origin("a.yaml", 0)

GUARDRAILS = {"customers": {"share": 5}, "customersChanged": 5}
SOURCE = {"name": "a", "type": "csv", "unit": "GB", "path": "a.csv"}
RECEIVER = {"name": "a", "serviceUrl": {"env": "A"}}
LOGIN = "https://ann:hunter2@api.example"
RISING = [{"upTo": 5, "product": "a"}, {"upTo": 5, "product": "b"}, {"product": "c"}]
REASONS = {
    "an agreement begins with a month": ("Agreement", "startDate", "2026-11-02", "is not the first of a month"),
    "an agreement ends after it begins": ("Agreement", "endDate", "2025-01-31", "is before startDate"),
    "a mapping ends after it begins": ("CustomerMapping", "end", "2025-01-31", "is before start"),
    "a day is in the calendar": ("Exclusion", "until", "2026-11-31", "is not a date"),
    "a price has at most six decimals": ("Product", "price", Decimal("0.1234567"), "at most six decimals"),
    "ranges rise": ("CustomerMapping", "ranges", RISING, "must be more than"),
    "only the last range has no upTo": ("CustomerMapping", "ranges", [{"product": "a"}] * 2, "is never reached"),
    "the last range has no upTo": ("CustomerMapping", "ranges", RISING[:1], "more cannot be billed"),
    "customer and device are words of an allowance": ("CustomerMapping", "meter", "device", "is no meter"),
    "a charge has no dot in its name": ("CustomerMapping", "meter", "a.b", "has a dot"),
    "a text on the invoice says something": ("CustomerMapping", "invoiceText", "", "the text is empty"),
    "a list of charges has one": ("CustomerMapping", "charges", [], "charges is an empty list"),
    "I3 is a password": ("Meter", "where", {"I3": 1}, "may contain a password"),
    "a meter counts one thing": ("Meter", "count", None, "give one of sum, count and distinct"),
    "one is needed, and a default may give it": ("CustomerMapping", "ranges", None, "give either product or ranges"),
    "an address is needed, and defaults may give it": ("Company", "*", None, "at least one address field"),
    "a name is needed, or a default": ("ManagementItSolution", "solutionName", None, "is required if type is"),
    "a time zone is known": ("Workspace", "billing", {"timezone": "Mars/Olympus"}, "IANA time zone"),
    "the address of the ledger has no password in it": ("Workspace", "ledger", LOGIN, "contains a password"),
    "the address of a source has no login in it": (
        "Workspace", "usage", [{**SOURCE, "type": "json", "url": LOGIN}], "contains a user name or a password"
    ),
    "an older name stands alone": ("Workspace", "guardrails", GUARDRAILS, "is the older name of"),
    "two sources have different names": ("Workspace", "usage", [SOURCE] * 2, "already the name of another source"),
    "two receivers have different names": (
        "Workspace", "alerts", {"receivers": [RECEIVER] * 2}, "already the name of another receiver"
    ),
}  # fmt: skip
"""Why `validate` refuses a document that the schema accepts: the rule → (kind, field, value, part of the message)."""
MESSAGES = re.compile("|".join(re.escape(message) for *_, message in REASONS.values()))


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name])


def decimals(value: Any) -> Any:
    """Return a value as the YAML parser would: fractions as decimals."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def full(kind: str) -> dict[str, Any]:
    """Return a document with every field of its kind, from the first examples of the schema."""
    spec = SCHEMAS[kind]["properties"]["spec"]
    found = {name: example(field) for name, field in spec["properties"].items()}
    for group in KINDS[kind].alternatives:
        in_order = sorted(group, key=lambda each: (each == "charges", each))
        for other in [name for name in in_order if name in found][1:]:  # the first of them stays
            found.pop(other)
    metadata = {"name": "a", "id": 5, "previously": ["b"], "protect": True, "ensure": "present", "proposed": False}
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, "spec": found}


def example(field: Any) -> Any:
    """Return a value that a field may have."""
    if field.get("examples"):
        return decimals(field["examples"][0])
    if "default" in field:
        return decimals(field["default"])
    if "enum" in field or "const" in field:
        return field.get("const", field.get("enum", [None])[0])
    options = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
    return example(options[0]) if options else field.get("type") == "boolean"


EXAMPLE = [
    document
    for path in sorted((ROOT / "manifests").rglob("*.yaml"))
    for _, document in parse(path.read_text(encoding="utf-8")).documents
]
GOOD = [*EXAMPLE, *map(full, KINDS)]
GIVEN = {name: full(name)["spec"] for name in KINDS}
"""What the defaults of each kind give here, so that a document may leave out what `Defaults` can give."""


def problems(document: Any) -> list[str]:
    """Return what `validate` says about a document of an estate whose defaults give all that they can."""
    raw, found = open_document(ORIGIN, document)
    messages = [each.message for each in found]
    if raw is None:
        return messages
    messages += [each.message for each in check(Metadata, raw.metadata).problems]
    if raw.kind is None:
        report = Report({})
        Defaults().add(ORIGIN, raw.spec, report)
        return messages + [each.message for each in report.errors()]
    defaults = {
        name: (value, ORIGIN) for name, value in GIVEN[raw.kind.name].items() if name not in raw.kind.identifying
    }
    filled = {name: value for name, (value, _) in missing(raw.kind, defaults, raw.spec).items()}
    return messages + [each.message for each in check(raw.kind.spec, {**filled, **raw.spec}).problems]


TEXTS = [
    "", " ", "a", "ACME", "5", "a b", "x" * 31, "x" * 101, "x" * 6001, "2026-11-01", "2026-11-31", "2026-11-15", "UTC",
    "2026-1-1", "20261101", "2025-01-01", "Mars/Olympus", "USD", "usd", "GB", "up", "Global", "Custom", "perPeriod",
    "retired", "https://ann:x@h.example", "postgresql://a:b@h/x", "{env: X}", "ann@acme.example", "a\nb",
]  # fmt: skip
NUMBERS = [0, 1, -1, 50, 1000, Decimal(5), Decimal("0.5"), Decimal("0.1234567"), Decimal("1e3"), Decimal("-0.1")]
LISTS = [[], ["a"], [1], [None], [{"product": "a"}], [{"upTo": 5, "product": "a"}, {"product": "b"}],
    [{"product": "a"}, {"product": "b"}], [{"upTo": 5, "product": "a"}], [{"upTo": 5, "product": "a", "price": 1}],
    [{"upTo": 5, "product": "a"}, {"upTo": 4, "product": "b"}, {"product": "b"}]]  # fmt: skip
MAPPINGS = [{}, {"env": "X"}, {"file": "x"}, {"env": ""}, {"env": "X", "file": "x"}, {"identifier": "A"}, {"name": "A"},
    {"email": "a@b"}, {"id": 5}, {"id": 0}, {"id": "5"}, {"a": 1}, {"percent": 5}, {"percent": 5, "quantity": 5},
    {"percent": 5, "quantity": 5, "other": 1}, {"source": "a", "id": "1"}]  # fmt: skip
LIKE: dict[type, list[Any]] = {
    str: TEXTS,
    int: NUMBERS,
    Decimal: NUMBERS,
    bool: [True, False],
    list: LISTS,
    dict: MAPPINGS,
}
ANY = [None, True, False, *TEXTS, *NUMBERS, *LISTS, *MAPPINGS]


def fields(schema: Any) -> list[tuple[str, Any]]:
    """Return each field at any depth of a schema, with its first example."""
    items = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [] if not isinstance(schema, dict) else list(schema.get("properties", {}).items())
    own = [(name, example(field)) for name, field in found if {"examples", "default", "enum", "type"} & field.keys()]
    return [*own, *(pair for each in items for pair in fields(each))]


FIELDS = {kind: fields({**SCHEMAS[kind], "title": ""}) for kind in KINDS}


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, each in items for path in paths(each, (*above, key)))]


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """Return a good document with one or two changes."""
    kind = draw(st.sampled_from(sorted({each["kind"] for each in GOOD})))
    document = deepcopy(draw(st.sampled_from([each for each in GOOD if each["kind"] == kind])))
    known = FIELDS.get(kind) or [("x", 1)]
    for _ in range(draw(st.integers(1, 2))):
        all_paths = paths(document)[1:]
        in_spec = [each for each in all_paths if each[0] == "spec" and len(each) > 1]
        path = draw(st.sampled_from(in_spec if in_spec and draw(st.integers(0, 5)) else all_paths))
        place = document
        for key in path[:-1]:
            place = place[key]
        last, what = (
            path[-1],
            draw(st.sampled_from(["like", "like", "like", "any", "null", "remove", "rename", "add", "copy"])),
        )
        if what in {"like", "any", "null"}:
            pool = {"like": LIKE.get(type(place[last]), ANY), "any": ANY, "null": [None]}[what]
            place[last] = deepcopy(draw(st.sampled_from(pool)))
        elif what == "remove":
            del place[last]
        elif isinstance(place, list):
            place.append(deepcopy(place[last]))
        elif what == "rename":
            place[draw(st.sampled_from([f"{last}s", str(last).upper()]))] = place.pop(last)
        else:
            name, value = draw(st.sampled_from(known))
            place[name] = deepcopy(value)
        if len(paths(document)) == 1 or not isinstance(document.get("kind"), str):
            break
    return document


@pytest.mark.parametrize("document", GOOD, ids=lambda each: f"{each['kind']}/{each['metadata']['name']}")
def test_a_good_document_is_accepted_by_both(document: dict[str, Any]) -> None:
    assert problems(document) == []
    validator("manifest").validate(document)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(changed())
def test_the_schema_refuses_nothing_that_validate_accepts_and_the_rest_has_a_reason(document: Any) -> None:
    refused = problems(document)
    kind = document.get("kind") if isinstance(document, dict) else None
    fits = validator("manifest").is_valid(document)
    if isinstance(kind, str) and kind in KINDS:
        assert validator(kind).is_valid(document) is fits

    if not refused:
        assert fits, [error.message for error in validator("manifest").iter_errors(document)]
    elif fits:
        assert all(map(MESSAGES.search, refused)), refused


@pytest.mark.parametrize(("kind", "field", "value", "message"), REASONS.values(), ids=REASONS)
def test_validate_knows_more_than_the_schema(kind: str, field: str, value: Any, message: str) -> None:
    document = deepcopy(next(each for each in GOOD if each["kind"] == kind))
    changed = {field: value} if field != "*" else dict.fromkeys(ADDRESS)
    if field in ("ranges", "charges"):
        changed |= {"product": None, "price": None}
    document["spec"] |= changed

    validator("manifest").validate(document)
    assert [each for each in problems(document) if message in each]


ADDRESS = ("addressLine1", "addressLine2", "city", "state", "zip", "country")
