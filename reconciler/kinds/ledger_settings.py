"""Where the ledger of a workspace is, and how long it keeps hourly figures."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from reconciler.kinds.fields import Model, Secret

KEEP_MONTHS = 13
"""The default of `keep`: a year, and the month before it to compare with."""

_PASSWORD_BEFORE_HOST = re.compile(r"://[^/@]*:[^@]*@")
_PASSWORD_AS_OPTION = re.compile(r"[?&](?:ssl)?password=", re.IGNORECASE)


def without_password(text: Any) -> Any:
    """Refuse a database URL with a password. A user name is allowed."""
    if isinstance(text, str) and (_PASSWORD_BEFORE_HOST.search(text) or _PASSWORD_AS_OPTION.search(text)):
        raise ValueError("the address contains a password: write {env: NAME} in its place, and change the password")
    return text


DatabaseAddress = Annotated[
    Annotated[str, StringConstraints(min_length=1, strict=True)] | Secret, AfterValidator(without_password)
]
"""A database URL without a password, or a reference to one: `{env: NAME}` or `{file: PATH}`."""

Months = (
    Annotated[int, Field(ge=1, le=999, strict=True)]
    | Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2} months?$", strict=True)]
)
"""A number of months, such as `13 months`, or the number alone."""


class LedgerSettings(Model):
    """Where the ledger is, and how long it keeps hourly figures."""

    url: DatabaseAddress | None = Field(
        None,
        description="Database URL of the ledger. Left out: .reconciler/ledger.sqlite next to the manifest folder.",
        examples=["sqlite:///ledger.sqlite", {"env": "LEDGER_URL"}],
    )
    keep: Months = Field(
        f"{KEEP_MONTHS} months",
        description="How many whole months of hourly figures and device rows the ledger keeps, beside the running one. "
        "Older ones are deleted by `apply`, and the month is sealed: it cannot be computed again.",
        examples=["13 months", "25 months"],
    )

    @property
    def keep_months(self) -> int:
        """Return the number of months."""
        return int(str(self.keep).partition(" ")[0])
