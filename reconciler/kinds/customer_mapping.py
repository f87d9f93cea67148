"""The kind CustomerMapping: the agreement and product that a customer of a usage source is billed on (guide step 9)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from reconciler.kinds.base import Kind, NestedRead, Spec
from reconciler.kinds.dated_prices import DatedPrices
from reconciler.kinds.field_mapping import Target
from reconciler.kinds.fields import (
    ById,
    ByIdentifier,
    ByName,
    DateText,
    Model,
    Name,
    Price,
    Quantity,
    ShortName,
    Unquoted,
)
from reconciler.kinds.invoice_text import check
from reconciler.kinds.meters import RESERVED

ChargeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60, strict=True)]
"""The name of a charge. It has no dot, because a dot precedes it in an address."""

ProductReference = Annotated[Name | ByIdentifier | ById, Target(kind="Product")]


class Customer(Model):
    """A customer of a usage source."""

    source: Name = Field(description="Name of the usage source, from the workspace.", examples=["cove"])
    id: Annotated[str, StringConstraints(min_length=1, strict=True)] = Field(
        description="The customer's id in that source, as text in quotes. It never changes there.", examples=["1001001"]
    )
    name: str | None = Field(
        None,
        description="The customer's name there, for the reader. Customers are matched by id only.",
        examples=["Acme Dental Group"],
    )


class Range(Model):
    """A price range."""

    up_to: Annotated[Decimal, Field(gt=0, allow_inf_nan=False), Unquoted] | None = Field(
        None,
        description="Last quantity of this range, in the source's unit. Leave it out of the last range.",
        examples=[500],
    )
    product: ProductReference = Field(
        description="The product that bills this range.", examples=["backup-gb", {"identifier": "BACKUP-GB"}]
    )
    price: Price | None = Field(
        None, description="Unit price, in the agreement's currency. Left out: the product's price.", examples=[0.15]
    )
    prices: DatedPrices | None = Field(
        None,
        description="Unit prices with the day from which each counts, instead of `price`.",
        examples=[[{"from": "2026-01-01", "price": 0.15}, {"from": "2027-01-01", "price": 0.18, "cost": 0.07}]],
    )


class Included(Model):
    """A free quantity."""

    amount: Quantity = Field(
        description="The free quantity, in the unit of the charge: GB or GiB, or none for a count.", examples=[100]
    )
    per: Annotated[Name, Target(kind="Meter", built_in=RESERVED)] = Field(
        description="`customer`: once for the customer. `device`: for each device; what one device leaves unused "
        "is not given to another. The name of a meter: for each unit of that meter in the same hours, such as "
        "`physical-servers`; all of them share it.",
        examples=["customer", "device", "physical-servers"],
    )


class Rounding(Model):
    """The rounding of the quantity."""

    mode: Literal["up", "nearest", "down", "none"] = Field(
        "up", description="`up`, `nearest` (halves go up), `down`, or `none`, which keeps six decimals."
    )
    step: Annotated[Decimal, Field(gt=0, allow_inf_nan=False), Unquoted] = Field(
        Decimal(1),
        description="The quantity is rounded to a multiple of this, in the source's unit.",
        examples=[1, 0.5],
    )


class Parties(Spec):
    """Who is billed: the customer of the source, and its company and agreement in ConnectWise."""

    customer: Customer = Field(
        description="The customer in the usage source.",
        examples=[{"source": "cove", "id": "1001001", "name": "Acme Dental Group"}],
    )
    company: Annotated[Name | ByIdentifier | ById, Target(kind="Company")] = Field(
        description="The company that is billed: its manifest name, or a look-up such as {identifier: ACME}.",
        examples=["acme", {"identifier": "ACME"}],
    )
    agreement: Annotated[Name | ByName | ById, Target(kind="Agreement")] = Field(
        description="The agreement that gets the additions: its manifest name, or a look-up such as {name: Backup}.",
        examples=["acme", {"name": "Acme - Managed Backup"}],
    )
    solution: ShortName = Field(
        description="Name of the management solution, exactly as in ConnectWise, including case.",
        examples=["Managed Backup"],
    )
    managed_id: Annotated[str, StringConstraints(pattern=r"^[0-9]+$", max_length=100, strict=True)] = Field(
        description="The company's Managed ID at that solution: digits only, in quotes.", examples=["1001001"]
    )


class ChargeFields(Model):
    """The fields of a charge: what is counted, and what it costs."""

    meter: Annotated[Name, Target(kind="Meter", built_in=RESERVED)] = Field(
        "storage",
        description="What is counted: the name of a meter. Built in are `storage` and `devices`, and for the console "
        "`selected-size`, `physical-servers`, `virtual-servers`, `workstations` and `documents`.",
        examples=["storage", "physical-servers"],
    )
    name: ChargeName | None = Field(
        None,
        description="Name of the charge. It is in the tag and in the address of its additions. Left out: the name of "
        "its meter.",
        examples=["servers"],
    )
    product: ProductReference | None = Field(
        None,
        description="The product that bills the whole quantity.",
        examples=["backup-gb", {"identifier": "BACKUP-GB"}],
    )
    price: Price | None = Field(
        None,
        description="Unit price of `product`, in the agreement's currency. Left out: the product's price. With "
        "`ranges`, each range has its own.",
        examples=[0.15],
    )
    prices: DatedPrices | None = Field(
        None,
        description="Unit prices of `product` with the day from which each counts, instead of `price`. With `ranges`, "
        "each range has its own.",
        examples=[[{"from": "2026-01-01", "price": 0.15}, {"from": "2027-01-01", "price": 0.18, "cost": 0.07}]],
    )
    ranges: Annotated[tuple[Range, ...], Field(min_length=1)] | None = Field(
        None,
        description="Price ranges with rising upTo, instead of `product`.",
        examples=[[{"upTo": 500, "product": "backup-tier-1"}, {"product": "backup-tier-2"}]],
    )
    tiering: Literal["volume", "graduated"] = Field(
        "volume",
        description="`volume` bills the whole quantity at the price of one range. `graduated` bills each slice at the "
        "price of its own range.",
    )
    measure: Literal["last", "peak", "mean", "p95"] = Field(
        "last",
        description="How the hours of a month become one figure: the last hour, the peak, the mean or the 95th "
        "percentile.",
    )
    included: Included | None = Field(
        None,
        description="The free quantity. It is subtracted before rounding.",
        examples=[{"amount": 100, "per": "customer"}],
    )
    minimum: Quantity | None = Field(
        None,
        description="The smallest billed quantity, in the source's unit. It is billed even at zero usage, and even "
        "after the customer has disappeared from the console.",
        examples=[50],
    )
    rounding: Rounding = Field(
        Rounding(),
        description="The rounding of the quantity. The quantity is rounded once.",
        examples=[{"mode": "up", "step": 1}, {"mode": "none"}],
    )
    lines: Literal["rolling", "perPeriod"] | None = Field(
        None,
        description="`rolling`: one addition for all months, whose quantity changes each hour. `perPeriod`: one "
        "addition for each month. Left out: `perPeriod` on an agreement that is invoiced in arrears, else the `lines` "
        "of the workspace, else `rolling`.",
        examples=["perPeriod"],
    )
    adopt: StrictBool = Field(
        False, description="If true, one existing addition with this agreement and product is taken over."
    )
    invoice_text: Annotated[str, StringConstraints(strict=True), AfterValidator(check)] | None = Field(
        None,
        description="The text of its additions on the invoice. In it, `{quantity}`, `{unit}`, `{devices}`, "
        "`{allowance}`, `{period}`, `{charge}` and `{customer}` are filled in. Left out: the text stays as it is in "
        "ConnectWise.",
        examples=["Backup {period}: {quantity} {unit} of {devices} devices"],
    )

    @property
    def charge_name(self) -> str:
        """Return the name of the charge: its own, or that of its meter."""
        return self.name or self.meter

    @model_validator(mode="after")
    def _one_way_to_a_product(self) -> ChargeFields:
        self._product_or_ranges()
        return self

    def _product_or_ranges(self) -> None:
        if (self.product is None) == (self.ranges is None):
            raise ValueError("give either product or ranges" + (", not both" if self.product else ""))
        if self.price is not None and self.ranges is not None:
            raise ValueError("price does not go with ranges: give each range its own price")
        if self.prices is not None and self.ranges is not None:
            raise ValueError("prices do not go with ranges: give each range its own prices")
        if self.price is not None and self.prices is not None:
            raise ValueError("price does not go with prices: write it as an entry with its day")

    @model_validator(mode="after")
    def _meter_is_a_name(self) -> ChargeFields:
        if self.meter in ("customer", "device"):
            raise ValueError(f"meter {self.meter} is no meter; to count devices, write devices")
        if self.name is None and "." in self.meter:
            raise ValueError(f"meter {self.meter} has a dot, which a charge cannot have in its name: add name: …")
        return self

    @model_validator(mode="after")
    def _ranges_rise(self) -> ChargeFields:
        ranges = self.ranges or ()
        below: Decimal | None = None
        for index, item in enumerate(ranges):
            last = index == len(ranges) - 1
            if item.price is not None and item.prices is not None:
                raise ValueError(f"ranges[{index}].price does not go with prices: write it as an entry with its day")
            if item.up_to is None and not last:
                raise ValueError(f"ranges[{index}] has no upTo, so ranges[{index + 1}] is never reached")
            if item.up_to is not None and last:
                raise ValueError(
                    f"ranges end at {item.up_to}, so more cannot be billed. Leave upTo out of the last range"
                )
            if item.up_to is not None and below is not None and item.up_to <= below:
                raise ValueError(f"ranges[{index}].upTo {item.up_to} must be more than {below}, the upTo before it")
            below = item.up_to
        return self


class Charge(ChargeFields):
    """One of several charges of a mapping."""


class CustomerMappingSpec(ChargeFields, Parties):
    """The fields of a customer mapping. It has one charge in its own fields, or several in `charges`."""

    charges: tuple[Charge, ...] | None = Field(
        None,
        description="Several charges, such as one for storage and one for servers, instead of `meter`, `product` and "
        "the other fields of a charge. Each has these fields, and a name that is unique in its mapping.",
        examples=[[{"product": "backup-gb"}, {"meter": "physical-servers", "product": "backup-server"}]],
    )
    start: Annotated[datetime.date, DateText] | None = Field(
        None,
        description='First billed day, such as "2026-11-01", in the time zone of the workspace.',
        examples=["2026-11-01"],
    )
    end: Annotated[datetime.date, DateText] | None = Field(
        None,
        description="Last billed day, if the customer leaves. Later usage does not count, and the additions end with "
        "the last day of that month.",
        examples=["2027-03-31"],
    )

    @model_validator(mode="after")
    def _one_way_to_a_product(self) -> CustomerMappingSpec:
        if self.charges is None:
            self._product_or_ranges()
            return self
        if not self.charges:
            raise ValueError("charges is an empty list: write at least one charge")
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        both = [info.alias or name for name, info in ChargeFields.model_fields.items() if name in given]
        if both:
            raise ValueError(f"{both[0]} does not go with charges: give it in each charge")
        seen: set[str] = set()
        for index, each in enumerate(self.charges):
            if each.charge_name in seen:
                raise ValueError(f"charges[{index}] has the name {each.charge_name} of another charge: add name: …")
            seen.add(each.charge_name)
        return self

    def each_charge(self) -> Iterator[tuple[tuple[str | int, ...], ChargeFields]]:
        """Yield each charge with its place in the spec, which is empty for the charge in the mapping's own fields."""
        if self.charges is None:
            yield (), self
        for index, each in enumerate(self.charges or ()):
            yield ("charges", index), each

    @model_validator(mode="after")
    def _start_before_end(self) -> CustomerMappingSpec:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError(f"end {self.end} is before start {self.start}")
        return self


KIND = Kind(
    name="CustomerMapping",
    spec=CustomerMappingSpec,
    describes="The agreement and product that bill a customer of a usage source (step 9 of the vendor's guide).",
    key=("customer",),
    nested_reads=(
        NestedRead("Addition", "agreement"),
        NestedRead("ManagementSolution", "company", unless=("company", "solution", "managed_id")),
    ),
    alternatives=(
        frozenset({"product", "ranges"}),
        frozenset({"price", "prices", "ranges"}),
        *(frozenset({info.alias or name, "charges"}) for name, info in ChargeFields.model_fields.items()),
    ),
)
