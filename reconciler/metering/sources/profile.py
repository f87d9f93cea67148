"""The contact details of a customer at its source. An import finds the customer's company by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """The contact details of one customer. A text is empty if the source has none."""

    email: str = ""
    website: str = ""
    street: str = ""
    zip: str = ""
    city: str = ""
    external_code: str = ""
    """A code that a person typed in at the source, often the customer's number in ConnectWise."""
