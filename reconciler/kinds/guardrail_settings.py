"""The `guardrails` of a workspace: the limits above which a change needs an approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StrictBool, model_validator

from reconciler.kinds.fields import Model, Quantity

Count = Annotated[int, Field(ge=0, strict=True)]


class QuantityLimit(Model):
    """The largest change of one charge. It trips above `percent` and `amount`, or above `percent` and `money`."""

    percent: Quantity = Field(Decimal(50), description="Change in percent of the quantity that was billed last.")
    amount: Quantity = Field(Decimal(500), description="Change in the source's unit (GB or GiB).")
    count: Quantity = Field(Decimal(5), description="Change of a count, such as a number of servers.")
    money: Quantity | None = Field(
        None, description="Change in money a month, in the agreement's currency.", examples=[100]
    )


class SamplesLimit(Model):
    """The hours of a month that the measures `mean` and `p95` need."""

    percent: Quantity = Field(Decimal(80), description="The smallest share of hours with a figure, in percent.")


class CustomersLimit(Model):
    """The most customers that may change in one run. The guardrail trips above `share`, from `atLeast` customers on."""

    percent: Quantity = Field(
        Decimal(20),
        description="Change of the customer's quantity, in percent. A customer counts if it is above this and "
        "`amount`.",
    )
    amount: Quantity = Field(
        Decimal(50), description="Change of the customer's quantity, in the source's unit (GB or GiB)."
    )
    count: Quantity = Field(Decimal(3), description="Change of the customer's quantity, for a count.")
    share: Quantity = Field(Decimal(50), description="Share of the customers that the run bills, in percent.")
    at_least: Count = Field(10, description="The smallest number of changed customers that trips the guardrail.")


class ShareLimit(Model):
    """The most objects that may change in one run. The guardrail trips above `percent`, from `atLeast` objects on."""

    percent: Quantity = Field(Decimal(30), description="Share of the existing objects, in percent.")
    at_least: Count = Field(10, description="The smallest number of objects that trips the guardrail.")


class CustomerChange(Model):
    """The form of `quantity` in version 0.1."""

    percent: Quantity = Field(description="Change in percent of the quantity that is billed now.", examples=[50])
    quantity: Quantity = Field(description="Change in the source's unit.", examples=[500])


class Guardrails(Model):
    """Limits on changes. A change above one needs your approval with `--approve`. `null` switches a limit off."""

    shrink: Quantity = Field(
        Decimal(20),
        description="The largest share of a source's customers or devices that may disappear between two pulls, in "
        "percent. If more disappear, and at least 3, the pull is not used.",
    )
    quantity: QuantityLimit | None = Field(
        QuantityLimit(),
        description="Holds a customer if its quantity changes by more than this.",
        examples=[{"percent": 80, "amount": 1000}, None],
    )
    zero: StrictBool = Field(
        True,
        description="If true, holds a customer if its usage falls to 0 while the console still has figures for it.",
    )
    samples: SamplesLimit | None = Field(
        SamplesLimit(),
        description="Holds a customer if too few hours have figures for its mean or p95.",
        examples=[{"percent": 90}, None],
    )
    customers: CustomersLimit | None = Field(
        CustomersLimit(),
        description="Refuses the run if too many customers change.",
        examples=[{"percent": 20, "share": 50}, None],
    )
    money: Quantity | None = Field(
        None,
        description="Refuses the run if existing charges change by more than this much money a month in total.",
        examples=[1000],
    )
    updates: ShareLimit | None = Field(
        ShareLimit(),
        description="Refuses the run if it updates too much of the setup.",
        examples=[{"percent": 30, "atLeast": 10}, None],
    )
    retirements: ShareLimit | None = Field(
        ShareLimit(),
        description="Refuses the run if it retires too much of the setup.",
        examples=[{"percent": 10, "atLeast": 5}, None],
    )
    customer_change: CustomerChange | None = Field(
        None,
        description="The name of `quantity` in version 0.1.",
        examples=[{"percent": 50, "quantity": 500}],
        json_schema_extra={"deprecated": True},
    )
    line_to_zero: StrictBool | None = Field(
        None, description="The name of `zero` in version 0.1.", json_schema_extra={"deprecated": True}
    )
    total_change: Quantity | None = Field(
        None, description="The name of `money` in version 0.1.", examples=[1000], json_schema_extra={"deprecated": True}
    )
    customers_changed: Quantity | None = Field(
        None,
        description="The name of `customers.share` in version 0.1.",
        examples=[50],
        json_schema_extra={"deprecated": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _older_names(cls, given: Any) -> Any:
        """Rename the fields of version 0.1. An old name together with the new one is an error."""
        if not isinstance(given, Mapping):
            return given
        found = dict(given)
        for old, new, read in _OLDER:
            if found.get(old) is None:
                continue
            if new in found:
                raise ValueError(f"{old} is the older name of {new}: give only {new}")
            found[new] = read(found[old])
        return found


def _older_quantity(value: Any) -> Any:
    return {"percent": value.get("percent"), "amount": value.get("quantity")} if isinstance(value, Mapping) else value


_OLDER: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("customerChange", "quantity", _older_quantity),
    ("lineToZero", "zero", lambda value: value),
    ("totalChange", "money", lambda value: value),
    ("customersChanged", "customers", lambda value: {"share": value}),
)
