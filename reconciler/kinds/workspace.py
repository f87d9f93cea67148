"""The kind Workspace: the connection to one ConnectWise tenant, the usage sources and the billing rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reconciler.kinds.alert_settings import Alerts
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.field_mapping import Target
from reconciler.kinds.fields import ById, ByIdentifier, Model, Name, Secret
from reconciler.kinds.guardrail_settings import Guardrails
from reconciler.kinds.ledger_settings import KEEP_MONTHS, LedgerSettings, without_password

Setting = Annotated[str, StringConstraints(min_length=1, strict=True)] | Secret
"""Text, or a reference to a value elsewhere: `{env: NAME}` or `{file: PATH}`."""

ProductReference = Annotated[Name | ByIdentifier | ById, Target(kind="Product")]

Hours = Annotated[int, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is not an IANA time zone, such as Europe/Berlin or America/New_York") from error
    return name


def _without_login(text: Any) -> Any:
    """Refuse an address with a user name or password: it is a secret, and would appear in logs."""
    if isinstance(text, str) and "@" in text.partition("?")[0]:
        raise ValueError("the address contains a user name or a password: leave it out, and change the password")
    return text


Address = Annotated[Setting, AfterValidator(_without_login)]


class ConnectWiseSettings(Model):
    """The connection to the ConnectWise tenant."""

    site: Address = Field(
        description="Host of the API, such as api-na.myconnectwise.net or your own server.",
        examples=["api-na.myconnectwise.net", {"env": "CONNECTWISE_SITE"}],
    )
    company: Setting = Field(
        description="The company id that you log in with.", examples=["example", {"env": "CONNECTWISE_COMPANY"}]
    )
    client_id: Setting = Field(
        description="The clientId of your integration, from developer.connectwise.com.",
        examples=[{"env": "CONNECTWISE_CLIENT_ID"}],
    )
    public_key: Setting = Field(
        description="Public key of the API member.", examples=[{"env": "CONNECTWISE_PUBLIC_KEY"}]
    )
    private_key: Secret = Field(
        description="Reference to the private key of the API member: {env: NAME} or {file: PATH}.",
        examples=[{"env": "CONNECTWISE_PRIVATE_KEY"}, {"file": "/run/secrets/connectwise-private-key"}],
    )
    api_version: str = Field("2026.4", description="API version that is requested from ConnectWise.")
    max_concurrency: int = Field(16, ge=1, le=64, strict=True, description="The most requests at the same time.")
    bundle_size: int = Field(50, ge=1, le=50, strict=True, description="The most reads in one bundle request.")


class CoveSource(Model):
    """The backup console as a usage source."""

    name: Name = Field(description="Name of this source. Mappings refer to it.", examples=["cove"])
    type: Literal["cove"] = Field(description="The JSON-RPC API of the backup console.")
    unit: Literal["GB", "GiB"] = Field(description="Unit that is billed: GB (10^9 bytes) or GiB (2^30 bytes).")
    url: Address = Field(
        "https://api.backup.management/jsonapi",
        description="URL of the API.",
        examples=["https://api.backup.management/jsonapi", {"env": "COVE_URL"}],
    )
    partner: Setting = Field(
        description="Name of your partner in the console, exactly as it is shown there.",
        examples=[{"env": "COVE_PARTNER"}, "Example MSP (billing@msp.example)"],
    )
    username: Setting = Field(description="Name of the API user.", examples=[{"env": "COVE_USERNAME"}])
    password: Secret = Field(
        description="Reference to the token of the API user: {env: NAME} or {file: PATH}.",
        examples=[{"env": "COVE_PASSWORD"}],
    )
    trials: Literal["skip", "bill"] = Field(
        "skip",
        description="`skip`: hours in which a customer is in trial do not count, and it is listed with the money that "
        "it would bring. `bill`: it is billed like any other.",
    )


class CsvSource(Model):
    """A CSV file as a usage source."""

    name: Name = Field(description="Name of this source. Mappings refer to it.", examples=["datto"])
    type: Literal["csv"] = Field(
        description="A CSV file with the columns customer_id, customer_name, device_id (optional), used, unit "
        "(B, GB or GiB) and as_of."
    )
    unit: Literal["GB", "GiB"] = Field(description="Unit that is billed: GB (10^9 bytes) or GiB (2^30 bytes).")
    path: Setting = Field(
        description="Path of the file, relative to the manifest folder.", examples=["usage/datto.csv"]
    )


class JsonSource(Model):
    """A JSON file or endpoint as a usage source."""

    name: Name = Field(description="Name of this source. Mappings refer to it.", examples=["veeam"])
    type: Literal["json"] = Field(
        description="A JSON array of objects with the same fields as the columns of a CSV source."
    )
    unit: Literal["GB", "GiB"] = Field(description="Unit that is billed: GB (10^9 bytes) or GiB (2^30 bytes).")
    path: Setting | None = Field(
        None,
        description="Path of the file, relative to the manifest folder. Give either path or url.",
        examples=["usage/veeam.json"],
    )
    url: Address | None = Field(
        None, description="URL of the endpoint. Give either path or url.", examples=["https://usage.example/veeam.json"]
    )
    token: Secret | None = Field(
        None,
        description="Reference to a bearer token for the endpoint: {env: NAME} or {file: PATH}.",
        examples=[{"env": "VEEAM_TOKEN"}],
    )


UsageSource = Annotated[CoveSource | CsvSource | JsonSource, Field(discriminator="type")]


class Billing(Model):
    """The billing rules for all customers."""

    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        description="IANA time zone in which months begin and end, such as Europe/Berlin.",
        examples=["Europe/Berlin", "America/New_York", "UTC"],
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(
        None,
        description="ISO 4217 code, such as USD. A billed agreement with another currency is an error.",
        examples=["USD"],
    )
    grace_hours: Hours = Field(
        24, description="Hours for which a vanished customer keeps its quantity. Later hours count as 0."
    )
    max_age: Hours = Field(6, description="Hours after which the latest data of a source counts as too old.")
    on_drift: Literal["restore", "accept", "fail"] = Field(
        "restore",
        description="What to do if someone has edited a managed addition in ConnectWise: `restore` undoes the edit, "
        "`accept` keeps it until the period ends, `fail` refuses the run.",
    )
    lines: Literal["rolling", "perPeriod"] | None = Field(
        None,
        description="The `lines` of mappings that declare none. Left out: `rolling`. On an agreement that is invoiced "
        "in arrears, it is always `perPeriod`.",
        examples=["perPeriod"],
    )
    credit_product: ProductReference | None = Field(
        None,
        description="The product of credits: additions with a negative price that give back what a closed or invoiced "
        "month billed too much. Left out: such an amount is listed as owed.",
        examples=["backup-credit", {"identifier": "BACKUP-CREDIT"}],
    )
    unmapped: Literal["error", "warn"] = Field(
        "error",
        description="`error`: a run ends with exit code 5 if a customer is neither mapped nor excluded. `warn`: it is "
        "a warning.",
    )
    vanished: Literal["error", "warn"] = Field(
        "error",
        description="`error`: a run ends with exit code 5 if a mapped customer is no longer in its source. `warn`: it "
        "is a warning.",
    )


class WorkspaceSpec(Spec):
    """The fields of a workspace."""

    connectwise: ConnectWiseSettings = Field(
        description="The connection to the ConnectWise tenant.",
        examples=[
            {
                "site": {"env": "CONNECTWISE_SITE"},
                "company": {"env": "CONNECTWISE_COMPANY"},
                "clientId": {"env": "CONNECTWISE_CLIENT_ID"},
                "publicKey": {"env": "CONNECTWISE_PUBLIC_KEY"},
                "privateKey": {"env": "CONNECTWISE_PRIVATE_KEY"},
            }
        ],
    )
    usage: tuple[UsageSource, ...] = Field(
        (),
        description="The sources that usage is read from.",
        examples=[[{"name": "datto", "type": "csv", "unit": "GB", "path": "usage/datto.csv"}]],
    )
    billing: Billing = Field(
        description="The billing rules for all customers.",
        examples=[{"timezone": "America/New_York", "currency": "USD"}],
    )
    ledger: Annotated[Setting | LedgerSettings, AfterValidator(without_password)] | None = Field(
        None,
        description="Database URL of the ledger, or `url` and `keep`. Left out: .reconciler/ledger.sqlite next to the "
        "manifest folder, which keeps hourly figures for 13 months.",
        examples=[
            "sqlite:///ledger.sqlite",
            {"env": "LEDGER_URL"},
            {"url": {"env": "LEDGER_URL"}, "keep": "25 months"},
        ],
    )
    guardrails: Guardrails = Field(
        Guardrails(),
        description="Limits on changes. To pass one, use --approve NAME or --approve NAME=ADDRESS.",
        examples=[{"quantity": {"percent": 50, "amount": 500}, "money": 1000}],
    )
    alerts: Alerts | None = Field(
        None,
        description="Who is told when a person is needed. Left out: alerts are only in the output of runs.",
        examples=[{"receivers": [{"name": "ops", "serviceUrl": {"env": "ALERTS_OPS_URL"}}]}],
    )
    retired_as: Mapping[str, Annotated[str, StringConstraints(min_length=1, strict=True)]] = Field(
        {},
        description="By kind: the setup-table entry of a retired object, such as {Company: Former Client}. Left out: "
        "the status Inactive.",
        examples=[{"Company": "Former Client"}],
    )

    @property
    def ledger_address(self) -> Setting | None:
        """Return the URL of the ledger, or the reference to it; None for the default file."""
        return self.ledger.url if isinstance(self.ledger, LedgerSettings) else self.ledger

    @property
    def keep_months(self) -> int:
        """Return for how many whole months the ledger keeps hourly figures."""
        return self.ledger.keep_months if isinstance(self.ledger, LedgerSettings) else KEEP_MONTHS

    @model_validator(mode="after")
    def _source_names_are_unique(self) -> WorkspaceSpec:
        """Refuse two sources with the same name: the customers of one would seem to vanish from the other."""
        names: set[str] = set()
        for index, source in enumerate(self.usage):
            if source.name in names:
                raise ValueError(f"usage[{index}].name {source.name} is already the name of another source")
            names.add(source.name)
        return self


KIND = Kind(
    name="Workspace",
    spec=WorkspaceSpec,
    describes="The connection to one ConnectWise tenant, the usage sources and the billing rules.",
    key=("name",),
)
