"""CustomerMapping: which customer of the backup console bills to what (guide step 9)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from reconciler.kinds.base import Kind, NestedRead, Spec
from reconciler.kinds.field_mapping import Target
from reconciler.kinds.fields import ById, ByIdentifier, ByName, DateText, Model, Name, Unquoted
from reconciler.kinds.money import at_most_six_decimals

Quantity = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), Unquoted]
Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), AfterValidator(at_most_six_decimals), Unquoted]
ProductReference = Annotated[Name | ByIdentifier | ById, Target(kind="Product")]


class Customer(Model):
    """A customer as a usage source knows it."""

    source: Name = Field(description="Name of a usage source of the workspace.")
    id: Annotated[str, StringConstraints(min_length=1, strict=True)] = Field(
        description="The customer's immutable id in that source, as text."
    )
    name: str | None = Field(None, description="The customer's name there; it only suggests, the id decides.")


class Range(Model):
    """One price range."""

    up_to: Annotated[Decimal, Field(gt=0, allow_inf_nan=False), Unquoted] | None = Field(
        None, description="Last quantity of this range, inclusive; left out in the last range."
    )
    product: ProductReference = Field(description="The product that bills this range.")
    price: Price | None = Field(None, description="Unit price; the product's where left out.")


class Included(Model):
    """An allowance."""

    amount: Quantity = Field(description="How much is free, in the source's unit.")
    per: Literal["customer", "device"] = Field(
        description="`customer`: once; `device`: each device has its own, which is not pooled."
    )


class Rounding(Model):
    """How a quantity is rounded."""

    mode: Literal["up", "nearest", "down", "none"] = Field(
        "up", description="`nearest` rounds halves up; `none` keeps six decimals."
    )
    step: Annotated[Decimal, Field(gt=0, allow_inf_nan=False), Unquoted] = Field(
        Decimal(1), description="To multiples of this."
    )


class CustomerMappingSpec(Spec):
    customer: Customer = Field(description="The customer, as the usage source knows it.")
    company: Annotated[Name | ByIdentifier | ById, Target(kind="Company")] = Field(
        description="The company that is billed."
    )
    agreement: Annotated[Name | ByName | ById, Target(kind="Agreement")] = Field(
        description="The agreement that gets the additions."
    )
    solution: Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True)] = Field(
        description="Name of the management solution: exact, with case."
    )
    managed_id: Annotated[str, StringConstraints(pattern=r"^[0-9]+$", max_length=100, strict=True)] = Field(
        description="The company's Managed ID at that solution: digits only, as text."
    )
    product: ProductReference | None = Field(None, description="The one product that bills everything.")
    ranges: Annotated[tuple[Range, ...], Field(min_length=1)] | None = Field(
        None, description="Price ranges, rising; instead of `product`."
    )
    tiering: Literal["volume", "graduated"] = Field(
        "volume",
        description="`volume`: everything at the price of its range; `graduated`: each slice at its own.",
    )
    measure: Literal["last", "peak", "mean", "p95"] = Field("last", description="A month's samples → one number.")
    included: Included | None = Field(None, description="An allowance, subtracted before rounding.")
    minimum: Quantity | None = Field(None, description="A commitment: bill at least this quantity.")
    rounding: Rounding = Field(Rounding(), description="How the quantity is rounded, once.")
    lines: Literal["rolling", "perPeriod"] = Field(
        "rolling", description="`rolling`: one addition for ever; `perPeriod`: one a month (not built yet)."
    )
    adopt: StrictBool = Field(False, description="Take over one existing addition of that agreement and product.")
    start: Annotated[datetime.date, DateText] | None = Field(
        None, description="First day that counts, in the workspace's billing zone."
    )

    @model_validator(mode="after")
    def _one_way_to_a_product(self) -> CustomerMappingSpec:
        if (self.product is None) == (self.ranges is None):
            raise ValueError("give either product or ranges" + (", not both" if self.product else ""))
        if self.lines == "perPeriod":
            raise ValueError("lines: perPeriod is not built yet; use rolling")
        return self

    @model_validator(mode="after")
    def _ranges_rise(self) -> CustomerMappingSpec:
        ranges = self.ranges or ()
        below: Decimal | None = None
        for index, item in enumerate(ranges):
            last = index == len(ranges) - 1
            if item.up_to is None and not last:
                raise ValueError(f"ranges[{index}] has no upTo, so ranges[{index + 1}] is never reached: an overlap")
            if item.up_to is not None and last:
                raise ValueError(f"ranges end at {item.up_to}: a gap above it. Leave upTo out of the last range")
            if item.up_to is not None and below is not None and item.up_to <= below:
                raise ValueError(f"ranges[{index}].upTo {item.up_to} does not rise above {below}: an overlap")
            below = item.up_to
        return self


KIND = Kind(
    name="CustomerMapping",
    spec=CustomerMappingSpec,
    describes="Which customer of the backup console bills to what (seed guide, step 9).",
    key=("customer",),
    nested_reads=(
        NestedRead("Addition", "agreement"),
        NestedRead("ManagementSolution", "company", unless=("company", "solution", "managed_id")),
    ),
    alternatives=(frozenset({"product", "ranges"}),),
)
