"""The kind ManagedDevicesIntegration: the record that names the managed backup service (guide step 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from reconciler.kinds.base import Kind, Spec, fields_of
from reconciler.kinds.field_mapping import (
    FieldMapping,
    Object,
    Subcollection,
    Tables,
    flag,
    link_of,
    reference,
    setup,
    text,
)
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Model, Name, Secret, ShortName
from reconciler.kinds.retirement import Retirement
from reconciler.kinds.values import Value


class CrossReference(Model):
    """The product and agreement type for devices of one vendor type and level."""

    vendor_type: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True), text("vendorType")] = (
        Field(description="Device type, as the vendor names it.", examples=["Server"])
    )
    vendor_level: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True), text("vendorLevel")] = (
        Field(description="Service level, as the vendor names it.", examples=["Gold"])
    )
    agreement_type: Annotated[str | None, setup("agreementType", "finance/agreements/types", inactive=True)] = Field(
        None, description="Name of the agreement type.", examples=["Managed Service"]
    )
    product: Annotated[Name | ByIdentifier | ById | None, reference("product", "Product", label="identifier")] = Field(
        None,
        description="The product: its manifest name, or a look-up such as {identifier: BACKUP-GB}.",
        examples=["backup-gb", {"identifier": "BACKUP-GB"}],
    )
    inactive: Annotated[StrictBool | None, flag("inactiveFlag")] = Field(None, description="True if it is not used.")


def _identify(child: Object) -> Value:
    return f"{str(child.get('vendorType') or '').strip()}/{str(child.get('vendorLevel') or '').strip()}"


def _encode_child(_item: Value, value: Value, tables: Tables) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for field in fields_of(CrossReference):
        if field.name in value:
            body |= field.mapping.encode(value[field.name], tables)
    return body


def _decode(obj: Object) -> Value:
    """Return the cross-references by `type/level`, so that a plan shows a change at its cross-reference."""
    children = obj.get("crossReferences") or ()
    return {
        _identify(child): {field.name: field.mapping.decode(child) for field in fields_of(CrossReference)}
        for child in children
    }


CROSS_REFERENCES = FieldMapping(
    ("crossReferences",),
    _decode,
    lambda _value, _: {},
    subcollection=Subcollection(
        "company/managedDevicesIntegrations/{id}/crossReferences",
        _identify,
        _encode_child,
        on_create=True,
        removal="inactivate",
        shape={name: sort for field in fields_of(CrossReference) for name, sort in field.mapping.shape.items()},
    ),
)

INTEGRATOR_LOGIN = FieldMapping(
    ("integratorLogin/id", "integratorLogin/name"),
    lambda obj: link_of(obj.get("integratorLogin")),
    reference("integratorLogin", "IntegratorLogin").encode,
    reference("integratorLogin", "IntegratorLogin").target,
    shape=reference("integratorLogin", "IntegratorLogin").shape,
)

GLOBAL_PASSWORD = FieldMapping(
    ("id",),
    lambda _obj: None,
    lambda value, _: {"globalLoginPassword": value},
    compared=False,
    sensitive=True,
)


class ManagedDevicesIntegrationSpec(Spec):
    """The fields of a managed devices integration."""

    name: Annotated[ShortName, text("name")] = Field(
        description="Name of the integration record.", examples=["Managed Backup"]
    )
    solution: Annotated[ShortName, text("solution", exact=True)] = Field(
        description="Name of the solution. The backup console compares it exactly, including case (seed guide, step "
        "9).",
        examples=["Managed Backup"],
    )
    login_by: Annotated[Literal["Global", "Member"], text("loginBy")] = Field(
        description="The login that opens the vendor's portal: one for all (`Global`), or each member's own (`Member`)."
    )
    default_billing_level: Annotated[Literal["Detail", "Summary"], text("defaultBillingLevel")] = Field(
        description="How devices are billed by default."
    )
    integrator_login: Annotated[Name | ByName | ById | None, INTEGRATOR_LOGIN] = Field(
        None,
        description="The integrator login of step 2: its manifest name, or a look-up such as {name: backup}.",
        examples=["backup", {"name": "backup-billing"}],
    )
    disable_new_cross_references: Annotated[StrictBool | None, flag("disableNewCrossReferencesFlag")] = Field(
        None, description="If true, newly discovered cross-references are disabled. The vendor's guide uses false."
    )
    match_on_serial_number: Annotated[StrictBool | None, flag("matchOnSerialNumberFlag")] = Field(
        None, description="If true, devices are matched by serial number. The vendor's guide uses true."
    )
    portal_url: Annotated[Annotated[str, StringConstraints(max_length=200, strict=True)] | None, text("portalUrl")] = (
        Field(None, description="URL of the vendor's portal.", examples=["https://backup.example"])
    )
    global_login_username: Annotated[
        Annotated[str, StringConstraints(max_length=50, strict=True)] | None, text("globalLoginUsername")
    ] = Field(None, description="User name for the portal, if loginBy is Global.", examples=["portal"])
    global_login_password: Annotated[Secret | None, GLOBAL_PASSWORD] = Field(
        None,
        description="Reference to the password for the portal, if loginBy is Global: {env: NAME} or {file: PATH}. It "
        "is sent only when the integration is created.",
        examples=[{"env": "PORTAL_PASSWORD"}],
    )
    cross_references: Annotated[tuple[CrossReference, ...] | None, CROSS_REFERENCES] = Field(
        None,
        description="Products and agreement types by device type and level. If you remove a cross-reference from the "
        "list, it becomes inactive.",
        examples=[
            [
                {
                    "vendorType": "Server",
                    "vendorLevel": "Gold",
                    "agreementType": "Managed Service",
                    "product": "backup-gb",
                }
            ]
        ],
    )


KIND = Kind(
    name="ManagedDevicesIntegration",
    spec=ManagedDevicesIntegrationSpec,
    describes="The record that names the managed backup service (step 3 of the vendor's guide).",
    key=("name",),
    collection="company/managedDevicesIntegrations",
    retirement=Retirement(),
    rename_key="name",
    lookup_path="name",
    write_only=frozenset({"globalLoginPassword"}),
)
