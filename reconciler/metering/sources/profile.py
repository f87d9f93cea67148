"""What a source knows of a customer besides its usage. An import finds the customer's company by it."""

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
