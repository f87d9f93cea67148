"""ManagedDevicesIntegration: names the managed backup service (guide step 3)."""

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
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Model, Name, Secret
from reconciler.kinds.values import Value

Short = Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True)]


class CrossReference(Model):
    """Which product and agreement type the devices of one vendor type and level bill to."""

    vendor_type: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True), text("vendorType")] = (
        Field(description="The vendor's device type.")
    )
    vendor_level: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True), text("vendorLevel")] = (
        Field(description="The vendor's service level.")
    )
    agreement_type: Annotated[str | None, setup("agreementType", "finance/agreements/types", inactive=True)] = Field(
        None, description="Agreement type, by its name."
    )
    product: Annotated[Name | ByIdentifier | ById | None, reference("product", "Product", label="identifier")] = Field(
        None, description="Product, by its manifest name or looked up."
    )
    inactive: Annotated[StrictBool | None, flag("inactiveFlag")] = Field(None, description="Switched off.")


def _identify(child: Object) -> Value:
    return f"{str(child.get('vendorType') or '').strip()}/{str(child.get('vendorLevel') or '').strip()}"


def _encode_child(_item: Value, value: Value, tables: Tables) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for field in fields_of(CrossReference):
        if field.name in value:
            body |= field.mapping.encode(value[field.name], tables)
    return body


def _decode(obj: Object) -> Value:
    """Keyed by `type/level`, so that a change of one is shown as that one's."""
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
    name: Annotated[Short, text("name")] = Field(description="Name of the integration record.")
    solution: Annotated[Short, text("solution", exact=True)] = Field(
        description="The solution name; the backup console asks for it exactly, with case (guide step 9)."
    )
    login_by: Annotated[Literal["Global", "Member"], text("loginBy")] = Field(
        description="Whose login the portal uses."
    )
    default_billing_level: Annotated[Literal["Detail", "Summary"], text("defaultBillingLevel")] = Field(
        description="How devices bill by default."
    )
    integrator_login: Annotated[Name | ByName | ById | None, INTEGRATOR_LOGIN] = Field(
        None, description="The integrator login of step 2, by its manifest name or looked up by `{name: …}`."
    )
    disable_new_cross_references: Annotated[StrictBool | None, flag("disableNewCrossReferencesFlag")] = Field(
        None, description="Disable newly discovered cross-references; the guide wants false."
    )
    match_on_serial_number: Annotated[StrictBool | None, flag("matchOnSerialNumberFlag")] = Field(
        None, description="Match on serial number; the guide wants true."
    )
    portal_url: Annotated[Annotated[str, StringConstraints(max_length=200, strict=True)] | None, text("portalUrl")] = (
        Field(None, description="Address of the vendor's portal.")
    )
    global_login_username: Annotated[
        Annotated[str, StringConstraints(max_length=50, strict=True)] | None, text("globalLoginUsername")
    ] = Field(None, description="User name when loginBy is Global.")
    global_login_password: Annotated[Secret | None, GLOBAL_PASSWORD] = Field(
        None, description="Reference to the password when loginBy is Global, sent once."
    )
    cross_references: Annotated[tuple[CrossReference, ...] | None, CROSS_REFERENCES] = Field(
        None,
        description="Device types and levels, and what they bill to. One that is no longer listed is made inactive.",
    )


KIND = Kind(
    name="ManagedDevicesIntegration",
    spec=ManagedDevicesIntegrationSpec,
    describes="The record that names the managed backup service (seed guide, step 3).",
    key=("name",),
    collection="company/managedDevicesIntegrations",
    rename_key="name",
    lookup_path="name",
    write_only=frozenset({"globalLoginPassword"}),
)
