"""The kind Exclusion: a customer or device that is deliberately not billed."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.customer_mapping import Customer
from reconciler.kinds.fields import DateText


class ExclusionSpec(Spec):
    """The fields of an exclusion."""

    customer: Customer = Field(
        description="The customer in the usage source.",
        examples=[{"source": "cove", "id": "1001006", "name": "Internal lab"}],
    )
    device: Annotated[str, StringConstraints(min_length=1, strict=True)] | None = Field(
        None,
        description="Id of one device of the customer, in quotes. Left out: the whole customer is excluded.",
        examples=["50001"],
    )
    reason: Annotated[str, StringConstraints(min_length=1, strict=True)] = Field(
        description="Why it is not billed. Coverage shows it.", examples=["internal test devices"]
    )
    until: Annotated[datetime.date, DateText] | None = Field(
        None,
        description='Last day of the exclusion, such as "2026-12-31". Later usage is billed, or is unmapped.',
        examples=["2026-12-31"],
    )


KIND = Kind(
    name="Exclusion",
    spec=ExclusionSpec,
    describes="A customer, or one device of a customer, that is deliberately not billed.",
    key=("customer",),
    key_if_given=("device",),
)
