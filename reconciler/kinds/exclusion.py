"""Exclusion: a customer that is seen and, for a reason, not billed."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from reconciler.kinds.base import DateText, Kind, Spec
from reconciler.kinds.customer_mapping import Customer


class ExclusionSpec(Spec):
    customer: Customer = Field(description="The customer, as the usage source knows it.")
    reason: Annotated[str, StringConstraints(min_length=1, strict=True)] = Field(description="Why it is not billed.")
    until: Annotated[datetime.date, DateText] | None = Field(
        None, description="Last day of the exclusion; after it the customer counts as unmapped."
    )


KIND = Kind(
    name="Exclusion",
    spec=ExclusionSpec,
    describes="A customer that is seen and, for a reason, not billed.",
    key=("customer",),
)
