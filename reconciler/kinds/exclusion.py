"""Exclusion: a customer, or one device of it, that is seen and, for a reason, not billed."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.customer_mapping import Customer
from reconciler.kinds.fields import DateText


class ExclusionSpec(Spec):
    customer: Customer = Field(description="The customer, as the usage source knows it.")
    device: Annotated[str, StringConstraints(min_length=1, strict=True)] | None = Field(
        None, description="Id of one device of the customer, as text; left out, the whole customer is excluded."
    )
    reason: Annotated[str, StringConstraints(min_length=1, strict=True)] = Field(description="Why it is not billed.")
    until: Annotated[datetime.date, DateText] | None = Field(
        None, description="Last day of the exclusion; usage after it counts again, or is unmapped."
    )


KIND = Kind(
    name="Exclusion",
    spec=ExclusionSpec,
    describes="A customer, or one device of it, that is seen and, for a reason, not billed.",
    key=("customer",),
    key_if_given=("device",),
)
