"""The kind Meter: what is counted of a usage source, such as the size of a column or the number of its devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.dated_prices import INSIDE
from reconciler.kinds.fields import Model, Name

FORBIDDEN = frozenset({"I3"})
"""Columns that are never requested. Two code maps of the console call I3 a password."""


def _allowed(column: str) -> str:
    if column in FORBIDDEN:
        raise ValueError(f"column {column} may contain a password, so it is never read")
    return column


_COLUMN = re.compile(r"\S|\S.{0,58}\S")
Column = Annotated[
    str,
    StringConstraints(pattern=r"^\S(.*\S)?$", max_length=60, strict=True),
    AfterValidator(_allowed),
]
"""A column of a source: a code of the backup console such as `OT`, or a column of a file such as `seats`."""

_LONGEST = 200
Text = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST, strict=True)]
CellValue = Text | StrictInt | StrictBool


class Not(Model):
    """All values but these."""

    not_: CellValue | Annotated[tuple[CellValue, ...], Field(min_length=1)] = Field(
        alias="not", description="The value, or the list of values, that does not count.", examples=["Documents"]
    )


_FORM = "write a value, a list of values, or `{not: …}`. A value is text, a whole number, true or false"


def _checked(where: Any) -> Any:
    """Return the conditions unchanged. Raises an error that says how a wrong one is written."""
    if not isinstance(where, Mapping):
        return where
    for column, wanted in where.items():
        if not isinstance(column, str) or not _COLUMN.fullmatch(column):
            raise _inside((column,), f"{column!r} is no column: it has 1 to 60 characters, and no blank at its ends")
        if isinstance(wanted, Mapping) and wanted.keys() != {"not"}:
            raise _inside((column,), f"a mapping has the one key `not`: {_FORM}")
        path, values = ((column, "not"), wanted["not"]) if isinstance(wanted, Mapping) else ((column,), wanted)
        if isinstance(values, list | tuple):
            if not values:
                raise _inside(path, "an empty list fits no device: write at least one value")
            for index, value in enumerate(values):
                _check_value((*path, index), value)
        else:
            _check_value(path, values)
    return where


def _check_value(path: tuple[str | int, ...], value: Any) -> None:
    """Raise an error if this is no value that a cell can have."""
    if value is None or value == "":
        what = "null" if value is None else "an empty text"
        raise _inside(path, f"{what} is no value: a device without a value in a column is never counted by it")
    if isinstance(value, Decimal | float):
        raise _inside(path, f'{value} is no whole number: to compare it as text, write "{value}" in quotes')
    if isinstance(value, str) and len(value) > _LONGEST:
        raise _inside(path, f"a value has at most {_LONGEST} characters")
    if not isinstance(value, str | int):
        raise _inside(path, _FORM)


def _inside(path: tuple[str | int, ...], message: str) -> PydanticCustomError:
    return PydanticCustomError(INSIDE, "{message}", {"message": message, "at": path})


class MeterSpec(Spec):
    """The fields of a meter."""

    source: Name = Field(description="Name of the usage source, from the workspace.", examples=["cove"])
    sum: Column | None = Field(
        None,
        description="Adds up this column over the devices of a customer. `used` is the used storage. Give one of sum, "
        "count and distinct.",
        examples=["T3", "seats"],
    )
    count: Literal["devices"] | None = Field(None, description="`devices`: counts the devices of a customer.")
    distinct: Column | None = Field(
        None,
        description="Counts the different values that this column has within an hour.",
        examples=["PN"],
    )
    where: Annotated[
        Mapping[str, CellValue | Annotated[tuple[CellValue, ...], Field(min_length=1)] | Not], BeforeValidator(_checked)
    ] = Field(
        {},
        description="The devices that count, by column: a value, a list of values of which one must fit, or "
        "`{not: …}`. A device counts if all columns fit.",
        examples=[{"OT": 2, "PN": {"not": "Documents"}}],
    )
    unit: Literal["GB", "GiB"] | None = Field(
        None,
        description="For a sum of bytes: the billed unit. Left out: the column has plain numbers, which have no unit. "
        "The used storage and the selected size of the console are bytes, and have the unit of the source.",
        examples=["GB"],
    )

    @model_validator(mode="after")
    def _columns_are_allowed(self) -> MeterSpec:
        for column in self.where:
            _allowed(column)
        return self

    @model_validator(mode="after")
    def _one_way_to_count(self) -> MeterSpec:
        given = [name for name in ("sum", "count", "distinct") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of sum, count and distinct" + (f", not {' and '.join(given)}" if given else ""))
        if self.unit is not None and self.sum is None:
            raise ValueError(f"unit goes with sum: a {given[0]} has no unit")
        return self


KIND = Kind(
    name="Meter",
    spec=MeterSpec,
    describes="What is counted of a usage source: a sum of a column, a number of devices, or of different values.",
    key=("name",),
    alternatives=(
        frozenset({"sum", "count", "distinct"}),
        frozenset({"count", "unit"}),
        frozenset({"distinct", "unit"}),
    ),
)
