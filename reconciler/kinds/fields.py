"""The field types that specs of several kinds use: names, secrets, look-ups, dates, quantities and prices."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

from reconciler.kinds.money import at_most_six_decimals

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=100, strict=True)]
"""A manifest name. Other documents refer to it, and it is the second half of an address."""


class Model(BaseModel):
    """A frozen model with camelCase YAML keys. It refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=False,
    )


class EnvSecret(Model):
    """A value from an environment variable."""

    env: str = Field(
        min_length=1,
        description="Name of the environment variable with the value.",
        examples=["CONNECTWISE_PRIVATE_KEY"],
    )


class FileSecret(Model):
    """A value from a file."""

    file: str = Field(
        min_length=1,
        description="Path of the file with the value, relative to the manifest folder.",
        examples=["/run/secrets/connectwise-private-key"],
    )


Secret = EnvSecret | FileSecret
"""A reference to a value that must not be written into a manifest."""


class ByIdentifier(Model):
    """Looks up an object in ConnectWise by its identifier."""

    identifier: str = Field(
        min_length=1, description="Identifier of an object in ConnectWise without a manifest.", examples=["ACME"]
    )


class ByName(Model):
    """Looks up an object in ConnectWise by its name."""

    name: str = Field(
        min_length=1,
        description="Name of an object in ConnectWise without a manifest.",
        examples=["Acme - Managed Backup"],
    )


class ByEmail(Model):
    """Looks up a contact in ConnectWise by an e-mail address."""

    email: str = Field(
        min_length=1,
        description="E-mail address of a contact in ConnectWise without a manifest.",
        examples=["ada.moss@acme.example"],
    )


class ById(Model):
    """Refers to an object in ConnectWise by its id."""

    id: int = Field(gt=0, strict=True, description="ConnectWise id of an object without a manifest.", examples=[250])


LookUp = ByIdentifier | ByName | ByEmail | ById
"""A reference to an object in ConnectWise that no document describes."""

REFERENCE_MODELS: frozenset[type[BaseModel]] = frozenset({EnvSecret, FileSecret, ByIdentifier, ByName, ByEmail, ById})
"""The models above. Their fields hold no references to other documents."""


def _only_text(value: object) -> object:
    """Refuse a date that is not text: pydantic would read the number 20261101 as seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError('a date is written as text, "2026-11-01"')
    if not _DATE.fullmatch(value):
        raise ValueError(f"'{value[:40]}' is not a date: write it as \"2026-11-01\"")
    return value


DateText = BeforeValidator(_only_text)
"""For date fields. The YAML value is text such as `2026-11-01`, because YAML 1.2 has no dates."""


def _only_number(value: object) -> object:
    """Refuse a number in quotes: it is text in YAML, but pydantic would accept it."""
    if isinstance(value, str):
        raise PydanticKnownError("decimal_type")
    return value


Unquoted = BeforeValidator(_only_number)
"""For decimal fields. Put it after the limits, or the JSON Schema loses them."""

Quantity = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), Unquoted]
"""A number that is 0 or more."""

Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), AfterValidator(at_most_six_decimals), Unquoted]
"""A unit price: 0 or more, with at most six decimals."""

ShortName = Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True)]
"""A name with at most 30 characters, as management solutions have in ConnectWise."""
