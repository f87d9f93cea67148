"""The axes of the grid. Those of the rules are read from the models, so a new value appears by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.customer_mapping import ChargeFields, CustomerMappingSpec, Rounding
from reconciler.kinds.meter import MeterSpec
from reconciler.kinds.meters import BUILT_IN, RESERVED, How
from reconciler.kinds.product import ProductSpec
from reconciler.kinds.workspace import UsageSource

LEFT_OUT = "left out"
Cell = tuple[str, ...]
"""A value of each axis, in the order of the axes."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that varies between the customers of the grid."""

    name: str
    values: tuple[str, ...]
    """The first value is the one that fits most others."""
    origin: str
    """Where the values come from."""


def literals(annotation: Any) -> Iterator[str]:
    """Yield the values of every `Literal` in an annotation, without those inside models."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for part in get_args(annotation):
            yield from literals(part)


def choices(model: type[BaseModel], field: str) -> tuple[str, ...]:
    """Return the values that a field of a model can have."""
    return tuple(dict.fromkeys(literals(model.model_fields[field].annotation)))


def source_types() -> tuple[str, ...]:
    """Return the types of usage sources, files first."""
    models = get_args(get_args(UsageSource)[0])
    return tuple(sorted((kind for model in models for kind in choices(model, "type")), key="cove".__eq__))


def _units() -> tuple[str, ...]:
    models = get_args(get_args(UsageSource)[0])
    return tuple(dict.fromkeys(unit for model in models for unit in choices(model, "unit")))


def _meters() -> tuple[str, ...]:
    hourly = (name for name, meter in BUILT_IN.items() if not meter.reported)  # tests/test_monthly_report.py has those
    own = (f"own {how}" for how in get_args(How))
    with_unit = (f"own sum in {unit}" for unit in choices(MeterSpec, "unit"))
    return (*hourly, *own, *with_unit)


def _prices() -> tuple[str, ...]:
    found = (
        f"{owner}.{name}"
        for owner, model in (("product", ProductSpec), ("charge", ChargeFields))
        for name in model.model_fields
        if name.startswith("price")
    )
    return tuple(found)


def _allowances() -> tuple[str, ...]:
    words = sorted(RESERVED - BUILT_IN.keys())
    return (LEFT_OUT, *words, "a meter")


@cache
def axes() -> tuple[Axis, ...]:
    """Return all axes."""
    return (
        Axis("source", source_types(), "the types of `usage` of a Workspace"),
        Axis("unit", _units(), "`unit` of a usage source"),
        Axis("meter", _meters(), "the built-in meters of the hourly usage, and each way to count of a Meter"),
        Axis("measure", choices(ChargeFields, "measure"), "`measure` of a charge"),
        Axis("allowance", _allowances(), "`included.per` of a charge"),
        Axis("rounding", choices(Rounding, "mode"), "`rounding.mode` of a charge"),
        Axis("step", ("1", "0.5", "7"), "`rounding.step` of a charge"),
        Axis("minimum", (LEFT_OUT, "below usage", "above usage"), "`minimum` of a charge"),
        Axis("tiering", ("one product", *choices(ChargeFields, "tiering")), "`product`, or `ranges` with `tiering`"),
        Axis("charges", ("one", "several"), "the charge in the mapping's own fields, or `charges`"),
        Axis("lines", (LEFT_OUT, *choices(ChargeFields, "lines")), "`lines` of a charge"),
        Axis("invoiced", choices(AgreementSpec, "invoiced"), "`invoiced` of an Agreement"),
        Axis("price", _prices(), "the price fields of a Product and of a charge"),
        Axis("start", (LEFT_OUT, "between the runs"), "`start` of a mapping"),
        Axis("phase", ("middle", "start", "end", "clock change"), "where in the month the runs are"),
        Axis(
            "change",
            ("nothing", "price", "range", "agreement", "mapping", "device", "name", "zone"),
            "what changes between the first run and the second",
        ),
    )


IN_THE_GRID = frozenset(
    {"meter", "product", "price", "prices", "ranges", "tiering", "measure", "included", "minimum", "rounding", "lines"}
    | {"customer", "agreement", "charges", "start"}
)
"""The fields of a mapping that the axes vary."""
ELSEWHERE: Mapping[str, str] = {
    "name": "the name of a charge changes the tag, and no figure",
    "adopt": "tests/additions/test_adopt.py",
    "company": "tests/additions/test_any_moves.py",
    "solution": "tests/kinds/test_customer_mapping.py",
    "managed_id": "tests/kinds/test_customer_mapping.py",
    "end": "tests/additions/test_ended.py",
    "invoice_text": "it changes the text of an addition, and no figure",
}
"""The fields of a mapping that the axes leave out, with the tests that they are in."""


def fields_of_a_mapping() -> frozenset[str]:
    """Return the fields of a mapping, which must all be in the grid or elsewhere."""
    return frozenset(CustomerMappingSpec.model_fields)
