"""Workspace: the connection, the usage sources and the billing rules of one estate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.fields import Model, Name, Secret, Unquoted

Setting = Annotated[str, StringConstraints(min_length=1, strict=True)] | Secret
"""Text, or a reference to where the text is: `{env: NAME}`, `{file: PATH}`."""

Hours = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]
Percent = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), Unquoted]
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), Unquoted]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is not an IANA time zone, such as Europe/Berlin or America/New_York") from error
    return name


def _without_login(text: Any) -> Any:
    """A user name or password in an address is a literal secret, and it would be told in logs."""
    if isinstance(text, str) and "@" in text.partition("?")[0]:
        raise ValueError("the address holds a user name or a password: leave it out, and change the password")
    return text


def _without_password(text: Any) -> Any:
    """The address of a database may name a user; a password in it is a literal secret."""
    if isinstance(text, str) and (_PASSWORD_BEFORE_HOST.search(text) or _PASSWORD_AS_OPTION.search(text)):
        raise ValueError("the address holds a password: write {env: NAME} in its place, and change the password")
    return text


_PASSWORD_BEFORE_HOST = re.compile(r"://[^/@]*:[^@]*@")
_PASSWORD_AS_OPTION = re.compile(r"[?&](?:ssl)?password=", re.IGNORECASE)
Address = Annotated[Setting, AfterValidator(_without_login)]
DatabaseAddress = Annotated[Setting, AfterValidator(_without_password)]


class ConnectWiseSettings(Model):
    """How to reach the ConnectWise tenant."""

    site: Address = Field(description="Address of the API: api-na.myconnectwise.net, or a self-hosted one.")
    company: Setting = Field(description="The company id that one logs in with.")
    client_id: Setting = Field(description="The clientId of this integration.")
    public_key: Setting = Field(description="Public key of the API member.")
    private_key: Secret = Field(description="Reference to the private key.")
    api_version: str = Field("2026.4", description="Version of the API that answers are pinned to.")
    max_concurrency: int = Field(16, ge=1, le=64, strict=True, description="Requests under way at once, at most.")
    bundle_size: int = Field(50, ge=1, le=50, strict=True, description="Reads in one bundle, at most.")


class CoveSource(Model):
    """The backup console as a usage source."""

    name: Name = Field(description="How mappings refer to this source.")
    type: Literal["cove"] = Field(description="The backup console's JSON-RPC API.")
    unit: Literal["GB", "GiB"] = Field(description="What is billed: GB = 10^9 bytes, GiB = 2^30. There is no default.")
    url: Address = Field("https://api.backup.management/jsonapi", description="Address of the API.")
    partner: Setting = Field(description="The partner's display name, exactly as the console shows it.")
    username: Setting = Field(description="Name of the API user.")
    password: Secret = Field(description="Reference to the API user's token.")


class CsvSource(Model):
    """A CSV file as a usage source."""

    name: Name = Field(description="How mappings refer to this source.")
    type: Literal["csv"] = Field(
        description="A file of rows: customer_id, customer_name, device_id?, used, unit (B, GB, GiB), as_of."
    )
    unit: Literal["GB", "GiB"] = Field(description="What is billed: GB = 10^9 bytes, GiB = 2^30. There is no default.")
    path: Setting = Field(description="The file, relative to the manifest folder.")


class JsonSource(Model):
    """A JSON file or endpoint as a usage source."""

    name: Name = Field(description="How mappings refer to this source.")
    type: Literal["json"] = Field(description="The same rows as objects, from a file or an endpoint.")
    unit: Literal["GB", "GiB"] = Field(description="What is billed: GB = 10^9 bytes, GiB = 2^30. There is no default.")
    path: Setting | None = Field(None, description="The file, relative to the manifest folder; or `url`.")
    url: Address | None = Field(None, description="The endpoint; or `path`.")
    token: Secret | None = Field(None, description="Reference to a bearer token for the endpoint.")


UsageSource = Annotated[CoveSource | CsvSource | JsonSource, Field(discriminator="type")]


class Billing(Model):
    """The rules that hold for every customer."""

    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        description="IANA zone in which a month begins and ends: Europe/Berlin."
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(
        None, description="ISO code that every billed agreement must have; a different one is an error."
    )
    grace_hours: Hours = Field(24, description="How long a vanished customer is held before it bills zero.")
    max_age: Hours = Field(6, description="Hours after which a source's newest data counts as stale.")
    on_drift: Literal["restore", "accept", "fail"] = Field(
        "restore",
        description="What happens to a hand edit of an addition that is ours: `restore` writes it back, `accept` lets "
        "it stand until the period ends, `fail` refuses the run.",
    )
    unmapped: Literal["error", "warn"] = Field(
        "error", description="`error`: a customer that nothing maps or excludes ends a run with exit code 5."
    )
    vanished: Literal["error", "warn"] = Field(
        "error", description="`error`: a mapped customer that its source no longer lists ends a run with exit code 5."
    )


class QuantityLimit(Model):
    """By how much the quantity of one charge may change."""

    percent: Percent = Field(Decimal(50), description="More than this, in percent of the quantity last billed…")
    amount: Amount = Field(Decimal(500), description="…and more than this, in the source's unit…")
    money: Amount | None = Field(None, description="…or more than this much money a month.")


class SamplesLimit(Model):
    """How many hours a `mean` or a `p95` needs."""

    percent: Percent = Field(Decimal(80), description="At least this share of the hours has figures, in percent.")


class CustomersLimit(Model):
    """How many customers may change at once."""

    percent: Percent = Field(Decimal(20), description="A customer counts whose quantity changes by more than this…")
    amount: Amount = Field(Decimal(50), description="…and by more than this, in the source's unit.")
    share: Percent = Field(Decimal(50), description="More than this share of the customers billed in the run…")
    at_least: Count = Field(10, description="…and at least this many.")


class ShareLimit(Model):
    """How much of the setup one run may touch."""

    percent: Percent = Field(Decimal(30), description="More than this share of what is there, in percent…")
    at_least: Count = Field(10, description="…and at least this many.")


class CustomerChange(Model):
    """The older form of `quantity`."""

    percent: Percent = Field(description="Change in percent of the quantity that is billed now.")
    quantity: Amount = Field(description="And by this much, in the source's unit.")


class Guardrails(Model):
    """Limits beyond which a change needs somebody's approval; `null` switches one off."""

    shrink: Percent = Field(
        Decimal(20),
        description="A pull is not believed that lost more than this share of a source's customers or devices, in "
        "percent, and at least 3 of them.",
    )
    quantity: QuantityLimit | None = Field(
        QuantityLimit(), description="Holds a customer whose quantity changes by more than this."
    )
    zero: StrictBool = Field(
        True, description="Holds a customer whose usage falls to zero though the console still lists figures."
    )
    samples: SamplesLimit | None = Field(
        SamplesLimit(), description="Holds a customer whose mean or p95 is taken over too few hours."
    )
    customers: CustomersLimit | None = Field(
        CustomersLimit(), description="Refuses a run in which too many customers change."
    )
    money: Amount | None = Field(
        None, description="Refuses a run that changes what is billed already by more than this much money a month."
    )
    updates: ShareLimit | None = Field(ShareLimit(), description="Refuses a run that updates too much of the setup.")
    retirements: ShareLimit | None = Field(
        ShareLimit(), description="Refuses a run that retires too much of the setup."
    )
    customer_change: CustomerChange | None = Field(None, description="The older name of `quantity`.")
    line_to_zero: StrictBool | None = Field(None, description="The older name of `zero`.")
    total_change: Amount | None = Field(None, description="The older name of `money`.")
    customers_changed: Percent | None = Field(None, description="The older name of `customers`, as `share`.")

    @model_validator(mode="before")
    @classmethod
    def _older_names(cls, given: Any) -> Any:
        """What version 0.1 called otherwise. Beside the newer name it is an error."""
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


class WorkspaceSpec(Spec):
    connectwise: ConnectWiseSettings = Field(description="The ConnectWise tenant.")
    usage: tuple[UsageSource, ...] = Field((), description="Where usage comes from.")
    billing: Billing = Field(description="The rules that hold for every customer.")
    ledger: DatabaseAddress | None = Field(
        None,
        description="Database URL of the ledger; left out: .reconciler/ledger.sqlite beside the manifests.",
    )
    guardrails: Guardrails = Field(
        Guardrails(), description="What trips one of these needs --approve NAME or --approve NAME=ADDRESS."
    )

    @model_validator(mode="after")
    def _sources_have_names_of_their_own(self) -> WorkspaceSpec:
        """Two sources of one name would pass for each other's customers having vanished."""
        names: set[str] = set()
        for index, source in enumerate(self.usage):
            if source.name in names:
                raise ValueError(f"usage[{index}].name {source.name} is the name of another source already")
            names.add(source.name)
        return self


KIND = Kind(
    name="Workspace",
    spec=WorkspaceSpec,
    describes="The connection, the usage sources and the billing rules of one estate.",
    key=("name",),
)
