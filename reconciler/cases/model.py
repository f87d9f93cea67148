"""The content of a case file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StrictBool, StrictInt, StrictStr, StringConstraints, model_validator

from reconciler.cases.figures import Size
from reconciler.cases.moments import MomentText, Month
from reconciler.kinds.fields import DateText, Model, Price, Quantity, Unquoted
from reconciler.metering.coverage import State as CoverageState

Text = Annotated[str, StringConstraints(min_length=1, max_length=300, strict=True)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
Day = Annotated[datetime.date, DateText]
Amount = Annotated[Decimal, Field(allow_inf_nan=False), Unquoted]
State = Literal[CoverageState, "held", "invoiced"]
"""The states of a customer in the coverage of a plan, where a guardrail and an invoiced month count too."""
Guardrail = Literal["quantity", "zero", "samples", "customers", "money", "drift", "rival"]
"""The guardrails that usage can trip in one run."""


class Usage(Model):
    """What a source reports of a customer or of a device, or how its pulls end.

    A later entry of the list counts before an earlier one for the same device and moment.
    """

    from_: MomentText | None = Field(
        None,
        alias="from",
        description="First day or moment. The source is then read every hour.",
        examples=["2026-11-01"],
    )
    to: MomentText | None = Field(
        None,
        description="Last day or moment. Left out: until the moment of the run. After it, the device is gone.",
        examples=["2026-11-10"],
    )
    at: MomentText | None = Field(
        None,
        description="The only moment of this figure, instead of `from` and `to`. The source is read then, too.",
        examples=["2026-11-03 06:10"],
    )
    used: Size = Field(
        None,
        description="The used storage, such as 460.4 GB, or a whole number of bytes; `missing` if the source lists the "
        "device without a figure.",
        examples=["460.4 GB", "missing"],
    )
    pull: Literal["failed", "not believed", "none"] | None = Field(
        None, description="Instead of `used`: the pulls in this time fail, are not believed, or were not made."
    )
    device: Id | None = Field(
        None,
        description="The device, as text. Left out: the source reports one total for the customer.",
        examples=["server"],
    )
    columns: Mapping[Text, StrictStr | StrictInt | StrictBool] = Field(
        {},
        description="The values of other columns of the device, by the names that its meters give them.",
        examples=[{"OT": 2, "I81": "Physical"}],
    )
    customer: Id | None = Field(
        None,
        description="The customer's id in the source, as text. Left out: the customer of the case.",
        examples=["1001002"],
    )
    source: StrictStr | None = Field(
        None, description="Name of the usage source. Left out: the source of the case's customer.", examples=["cove"]
    )
    observed_at: MomentText | None = Field(
        None,
        description="With `at`: the moment that the figure is about, if the source reports it later.",
        examples=["2026-11-03 05:00"],
    )

    @model_validator(mode="after")
    def _one_time(self) -> Usage:
        if (self.from_ is None) == (self.at is None):
            raise ValueError("give either from or at" + (", not both" if self.at else ""))
        if self.to is not None and self.from_ is None:
            raise ValueError("to goes with from, not with at")
        if self.observed_at is not None and self.at is None:
            raise ValueError("observedAt goes with at")
        return self

    @model_validator(mode="after")
    def _one_content(self) -> Usage:
        given = "used" in self.model_fields_set
        if given == (self.pull is not None):
            raise ValueError("give either used or pull" + (", not both" if given else ""))
        if self.pull is not None and (self.device or self.customer or self.observed_at or self.columns):
            raise ValueError(
                "pull is about all customers of the source: leave device, customer, columns and observedAt out"
            )
        return self


class Written(Model):
    """The values that our last write left in a line. They are given if a person has edited the line since then."""

    quantity: Quantity | None = Field(None, description="The quantity that we wrote.", examples=[121])
    unit_price: Price | None = Field(None, description="The unit price that we wrote.", examples=[0.15])
    unit_cost: Price | None = Field(None, description="The unit cost that we wrote.", examples=[0.06])
    first_day: Day | None = Field(None, description="The first day that we wrote.", examples=["2026-11-01"])
    last_day: Day | None = Field(
        None, description="The last day that we wrote; null for none.", examples=["2026-11-30"]
    )


class Standing(Model):
    """A line that stands in ConnectWise before the run."""

    product: Text = Field(description="The product: its manifest name.", examples=["backup-gb"])
    charge: Text | None = Field(
        None,
        description="The charge of the mapping, if several can bill the product. Left out: the one that bills it.",
        examples=["servers"],
    )
    quantity: Quantity = Field(description="The quantity, in the source's unit.", examples=[121])
    unit_price: Price | None = Field(
        None, description="The unit price. Left out: the price that the manifests give.", examples=[0.15]
    )
    unit_cost: Price | None = Field(
        None,
        description="The unit cost. Left out: the cost that the manifests give, if they give one.",
        examples=[0.06],
    )
    first_day: Day | None = Field(
        None, description="First day. Left out: the first of the month in `billed`.", examples=["2026-11-01"]
    )
    last_day: Day | None = Field(None, description="Last day. Left out: it has none.", examples=["2026-11-30"])
    billed: Month | None = Field(
        None,
        description="The month of the last run that billed it, such as 2026-10. Left out: the month of the case.",
        examples=["2026-10"],
    )
    written: Written | None = Field(
        None,
        description="What our last write left, where that differs: someone edited the line by hand.",
        examples=[{"quantity": 121}],
    )
    tag: Literal["ours", "cleared", "none"] = Field(
        "ours", description="`ours`: it has our tag. `cleared`: someone removed our tag. `none`: we never wrote it."
    )
    recorded: StrictBool = Field(True, description="False: the ledger was lost, and does not know the line.")
    agreement: Text | None = Field(
        None, description="The agreement: its manifest name. Left out: the agreement of the mapping.", examples=["acme"]
    )


class ExpectedLine(Model):
    """A line after the run. Fields that are left out are not compared."""

    product: Text | None = Field(
        None, description="The product: its manifest name. Give this or `address`.", examples=["backup-gb"]
    )
    address: Text | None = Field(
        None, description="The address, such as Addition/acme:backup-gb.", examples=["Addition/acme:backup-gb"]
    )
    charge: Text | None = Field(
        None,
        description="With `product`: the charge of the mapping, if several bill the product.",
        examples=["servers"],
    )
    quantity: Amount | None = Field(None, description="The quantity, in the source's unit.", examples=[121])
    unit_price: Amount | None = Field(
        None, description="The unit price, in the currency of the agreement.", examples=[0.15]
    )
    amount: Amount | None = Field(
        None, description="The amount of the case's month: quantity × unit price, rounded.", examples=[18.15]
    )
    unit_cost: Amount | None = Field(
        None, description="The unit cost, in the currency of the agreement; an unknown cost is not 0.", examples=[0.06]
    )
    cost: Amount | None = Field(
        None, description="The cost of the case's month: quantity × unit cost, rounded.", examples=[7.26]
    )
    first_day: Day | None = Field(None, description="The first day of the line.", examples=["2026-11-01"])
    last_day: Day | None = Field(None, description="The last day of the line; null for none.", examples=["2026-11-30"])

    @model_validator(mode="after")
    def _one_name(self) -> ExpectedLine:
        if (self.product is None) == (self.address is None):
            raise ValueError("give either product or address" + (", not both" if self.product else ""))
        if self.charge is not None and self.product is None:
            raise ValueError("charge goes with product: an address names its charge already")
        return self


class ExpectedCustomer(Model):
    """A customer of the case after the run, or one of its charges. Fields that are left out are not compared."""

    customer: Id = Field(description="The customer's id in the source, as text.", examples=["1001002"])
    source: StrictStr | None = Field(
        None, description="Name of the usage source. Left out: that of the case.", examples=["cove"]
    )
    charge: Text | None = Field(
        None,
        description="The charge of its mapping, if the mapping has several. Left out: all of them. Their state is the "
        "first that is not accounted for, and their money is the sum.",
        examples=["servers"],
    )
    state: State | None = Field(None, description="Its state in the coverage.")
    reason: Text | None = Field(
        None, description="Text that the reason of the state contains.", examples=["no mapping names this customer"]
    )
    money: Amount | None = Field(
        None, description="Its amount of a month: billed, or at risk if nothing bills it.", examples=[69.15]
    )


class Expectation(Model):
    """What a case expects. Fields that are left out are not compared."""

    state: State | None = Field(None, description="The state of the case's customer in the coverage.")
    reason: Text | None = Field(
        None, description="Text that the reason of the state contains.", examples=["the agreement is not active"]
    )
    lines: tuple[ExpectedLine, ...] | None = Field(
        None,
        description="All lines after the run, those with quantity 0 too. A line that is not listed is a failure.",
        examples=[[{"product": "backup-gb", "quantity": 121}]],
    )
    money: Amount | None = Field(
        None, description="The total of the case's month: the sum of the lines.", examples=[18.15]
    )
    cost: Amount | None = Field(
        None,
        description="The cost of the case's month: the sum of the lines. It is unknown if that of a line is.",
        examples=[7.26],
    )
    margin: Amount | None = Field(None, description="The total of the case's month less its cost.", examples=[10.89])
    guardrails: tuple[Guardrail, ...] | None = Field(
        None,
        description="The guardrails that hold the case's customer or refuse the run, and are not approved; [] if none.",
    )
    customers: tuple[ExpectedCustomer, ...] | None = Field(
        None,
        description="The states of other customers, such as one without a mapping, and of single charges.",
        examples=[[{"customer": "1001002", "state": "unmapped"}]],
    )
    warnings: tuple[Text, ...] | None = Field(
        None,
        description="Texts that the warnings of the plan contain; [] if there are no warnings.",
        examples=[["edited by hand"]],
    )

    @model_validator(mode="after")
    def _something(self) -> Expectation:
        if all(value is None for value in self.__dict__.values()):
            raise ValueError("expect is empty, so the case cannot fail: give lines, money or state")
        return self


class Case(Model):
    """One price case: usage and standing lines in, lines and money out."""

    name: Text = Field(
        description="What the case shows, unique in its file.", examples=["One price for every gigabyte"]
    )
    mapping: StrictStr | dict[str, Any] | None = Field(
        None,
        description="The customer mapping: its manifest name, or fields of a mapping that exists only here.",
        examples=["acme", {"product": "backup-gb", "measure": "peak"}],
    )
    customer: Id | None = Field(
        None,
        description="For a customer without a mapping: the customer's id in the source, as text.",
        examples=["1001099"],
    )
    source: StrictStr | None = Field(
        None,
        description="Name of the usage source. Left out: that of the mapping, or the first of the workspace.",
        examples=["cove"],
    )
    products: Mapping[str, dict[str, Any]] = Field(
        {},
        description="Products by manifest name, for products that exist only here, or another price for one.",
        examples=[{"backup-gb": {"price": 0.18}}],
    )
    period: Month | None = Field(
        None, description="The billed month, such as 2026-11. Left out: that of `now`.", examples=["2026-11"]
    )
    now: MomentText | None = Field(
        None,
        description="The moment of the run. Left out: the last hour of the month in `period`.",
        examples=["2026-11-15 12:00"],
    )
    usage: tuple[Usage, ...] = Field((), description="What the sources report. Left out: they list no customer.")
    standing: tuple[Standing, ...] = Field((), description="The lines that stand before the run. Left out: none.")
    invoiced_through: Day | None = Field(
        None,
        description="The last day that the agreement's invoices cover already. Left out: none.",
        examples=["2026-11-30"],
    )
    approve: tuple[Text, ...] = Field(
        (),
        description=f"Guardrails that a person approved: {', '.join(get_args(Guardrail))}, or `quantity=ADDRESS`.",
        examples=[["quantity"]],
    )
    expect: Expectation = Field(description="What has to come out.", examples=[{"money": 18.15}])

    @model_validator(mode="after")
    def _one_customer(self) -> Case:
        if (self.mapping is None) == (self.customer is None):
            raise ValueError("give either mapping or customer" + (", not both" if self.customer else ""))
        if self.source is not None and isinstance(self.mapping, str):
            raise ValueError("source is that of the mapping: leave it out")
        return self

    @model_validator(mode="after")
    def _one_month(self) -> Case:
        if self.period is None and self.now is None:
            raise ValueError("period is missing: write the month, such as 2026-11, or give now")
        return self


class CaseFile(Model):
    """A file of price cases."""

    cases: tuple[Case, ...] = Field(
        description="The cases, in any order.",
        examples=[[{"name": "Nothing is stored", "mapping": "acme", "period": "2026-11", "expect": {"money": 0}}]],
    )

    @model_validator(mode="after")
    def _not_empty(self) -> CaseFile:
        # A limit of the field would also be reported for a list whose cases all have errors.
        if not self.cases:
            raise ValueError("cases is an empty list: write at least one case")
        return self
