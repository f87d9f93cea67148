"""The kind Meter: what is counted of a usage source, such as the size of a column or the number of its devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, model_validator

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.fields import Model, Name

FORBIDDEN = frozenset({"I3"})
"""Columns that are never requested. Two code maps of the console call I3 a password."""


def _allowed(column: str) -> str:
    if column in FORBIDDEN:
        raise ValueError(f"column {column} may contain a password, so it is never read")
    return column


Column = Annotated[
    str,
    StringConstraints(pattern=r"^\S(.*\S)?$", max_length=60, strict=True),
    AfterValidator(_allowed),
]
"""A column of a source: a code of the backup console such as `OT`, or a column of a file such as `seats`."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
CellValue = Text | StrictInt | StrictBool


class Not(Model):
    """All values but these."""

    not_: CellValue | Annotated[tuple[CellValue, ...], Field(min_length=1)] = Field(
        alias="not", description="The value, or the list of values, that does not count.", examples=["Documents"]
    )


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
    where: Mapping[str, CellValue | Annotated[tuple[CellValue, ...], Field(min_length=1)] | Not] = Field(
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
