"""The kind IntegratorLogin: the login that the backup console uses (guide step 2, `/system/integratorlogins`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from reconciler.http import shapes
from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.field_mapping import FieldMapping, Object, Tables, flag, text
from reconciler.kinds.fields import Model, Secret
from reconciler.kinds.retirement import Retirement
from reconciler.kinds.values import Value

API_FLAGS = {
    "Activity": "activityApiFlag",
    "Agreement": "agreementApiFlag",
    "Company": "companyApiFlag",
    "Configuration": "configurationApiFlag",
    "Contact": "contactApiFlag",
    "Document": "documentApiFlag",
    "Invoice": "invoiceApiFlag",
    "ManagedServices": "managedServicesApiFlag",
    "Marketing": "marketingApiFlag",
    "Member": "memberApiFlag",
    "Opportunity": "opportunityApiFlag",
    "OpportunityConversion": "opportunityConversionApiFlag",
    "Product": "productApiFlag",
    "Project": "projectApiFlag",
    "Purchasing": "purchasingApiFlag",
    "Reporting": "reportingApiFlag",
    "Schedule": "scheduleApiFlag",
    "ServiceTicket": "serviceTicketApiFlag",
    "System": "systemApiFlag",
    "TimeEntry": "timeEntryApiFlag",
}
"""Names of the APIs on the login's page in ConnectWise → the flag of each [spec]."""

Api = Literal[
    "Activity", "Agreement", "Company", "Configuration", "Contact", "Document", "Invoice", "ManagedServices",
    "Marketing", "Member", "Opportunity", "OpportunityConversion", "Product", "Project", "Purchasing",
    "Reporting", "Schedule", "ServiceTicket", "System", "TimeEntry",
]  # fmt: skip


def _decode_apis(obj: Object) -> Value:
    return frozenset(name for name, path in API_FLAGS.items() if obj.get(path))


def _encode_apis(value: Value, _: Tables) -> dict[str, Any]:
    return {path: name in (value or ()) for name, path in API_FLAGS.items()}


PASSWORD = FieldMapping(
    ("id",), lambda _obj: None, lambda value, _: {"password": value}, compared=False, sensitive=True
)
"""Write-only [spec]: sent when the login is created, and never read or compared."""


APIS = FieldMapping(
    tuple(API_FLAGS.values()),
    _decode_apis,
    _encode_apis,
    shape=dict.fromkeys(API_FLAGS.values(), shapes.FLAG),
)


class IntegratorLoginSpec(Spec):
    """The fields of an integrator login."""

    username: Annotated[
        str, StringConstraints(min_length=1, max_length=50, strict=True), text("username", exact=True)
    ] = Field(description="User name of the login, unique in ConnectWise.", examples=["backup-billing"])
    password: Annotated[Secret, PASSWORD] = Field(
        description="Reference to the password: {env: NAME} or {file: PATH}. It is sent only when the login is "
        "created.",
        examples=[{"env": "INTEGRATOR_PASSWORD"}],
    )
    access_all_records: Annotated[StrictBool, flag("canAccessAllRecordsFlag")] = Field(
        description="True for the access level All records (step 2 of the vendor's guide)."
    )
    apis: Annotated[tuple[Api, ...], APIS] = Field(
        description="The APIs that the login may use; all others are switched off. "
        "The backup console needs ManagedServices, Company, Product and Reporting.",
        examples=[["ManagedServices", "Company", "Product", "Reporting"]],
    )


class Deactivation(Model):
    """The field of a login that making it inactive writes."""

    inactive: Annotated[StrictBool, flag("inactiveFlag")]
    """True if nobody can log in with it."""


KIND = Kind(
    name="IntegratorLogin",
    spec=IntegratorLoginSpec,
    describes="The login that the backup console uses (step 2 of the vendor's guide).",
    key=("username",),
    collection="system/integratorlogins",
    retirement=Retirement(retired={"inactive": True}, alive={"inactive": False}, fields=Deactivation),
    rename_key="username",
    lookup_path="username",
    write_only=frozenset({"password"}),
)
