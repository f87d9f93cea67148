"""The kind Contact: a person at a company (guide step 5, `/company/contacts`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints

from reconciler.http import shapes
from reconciler.kinds.base import Kind, Spec, key_part
from reconciler.kinds.field_mapping import (
    FieldMapping,
    Object,
    Subcollection,
    Table,
    Tables,
    flag,
    link_of,
    links_of,
    reference,
    setup,
    text,
)
from reconciler.kinds.fields import ById, ByIdentifier, Name
from reconciler.kinds.retirement import Retirement
from reconciler.kinds.values import Value

COMMUNICATION_TYPES = "company/communicationTypes"
Way = Literal["Email", "Phone"]
TYPES_TABLE = Table(COMMUNICATION_TYPES, ("id", "description", "emailFlag", "phoneFlag", "defaultFlag"))
_ITEM = shapes.Shape({"communicationType": shapes.TEXT, "value": shapes.TEXT, "defaultFlag": shapes.FLAG})
_FLAGS = {"Email": "emailFlag", "Phone": "phoneFlag"}


def communication_type(way: Way, tables: Tables) -> int:
    """Return the id of the tenant's communication type for e-mail or telephone.

    It is the default type, or the only one. Raises `ValueError` with their names if there are several and no default.
    """
    rows = [row for row in tables[COMMUNICATION_TYPES] if row.get(_FLAGS[way])]
    preferred = [row for row in rows if row.get("defaultFlag")] or rows
    if len(preferred) == 1:
        return int(preferred[0]["id"])
    names = ", ".join(str(row.get("description")) for row in preferred) or "none"
    raise ValueError(f"{way}: ConnectWise has no single default among its communication types: {names}")


def _items(obj: Object, way: Way) -> list[Object]:
    return [item for item in obj.get("communicationItems") or () if item.get("communicationType") == way]


def _value(item: Object) -> str | None:
    """Return the item's value. None if it is empty."""
    value = item.get("value")
    return None if value is None else str(value).strip() or None


def _decode(way: Way) -> Callable[[Object], Value]:
    def decode(obj: Object) -> Value:
        items = sorted(_items(obj, way), key=lambda item: not item.get("defaultFlag"))
        return next((value for item in items if (value := _value(item))), None)

    return decode


def _item(way: Way, value: Value, tables: Tables) -> dict[str, Any]:
    return {
        "type": {"id": communication_type(way, tables)},
        "value": value,
        "communicationType": way,
        "defaultFlag": True,
    }


def _communication(way: Way) -> FieldMapping:
    """Return the mapping of an e-mail address or telephone number. ConnectWise stores each as an item of its own."""

    def encode(value: Value, tables: Tables) -> dict[str, Any]:
        return {"communicationItems": [_item(way, value, tables)]} if value else {}

    def identify(child: Object) -> Value:
        return way if child.get("communicationType") == way and child.get("defaultFlag") else None

    return FieldMapping(
        ("communicationItems",),
        _decode(way),
        encode,
        tables=(TYPES_TABLE,),
        subcollection=Subcollection(
            "company/contacts/{id}/communications",
            identify,
            lambda _item_key, value, tables: _item(way, value, tables),
            shape=_ITEM.fields,
            cleared=lambda child: child.get("communicationType") == way,
        ),
        array=True,
        shape={"communicationItems": shapes.ListOf(_ITEM)},
    )


TYPES = FieldMapping(
    ("types",),
    lambda obj: links_of(obj, "types"),
    lambda value, _: {"typeIds": sorted(link.id for link in value or ())},
    setup("types", "company/contacts/types", label="description").target,
    subcollection=Subcollection(
        "company/contacts/{id}/typeAssociations",
        lambda child: link_of(child.get("type")),
        lambda item, _value, _: {"type": {"id": item.id}},
        shape={"type": shapes.reference("name")},
    ),
    array=True,
    shape={"types": shapes.ListOf(shapes.reference("name"))},
)
"""ConnectWise accepts `typeIds` in a POST only [spec]."""


class ContactSpec(Spec):
    """The fields of a contact."""

    company: Annotated[Name | ByIdentifier | ById, reference("company", "Company", label="identifier")] = Field(
        description="The company: its manifest name, or a look-up such as {identifier: ACME}.",
        examples=["acme", {"identifier": "ACME"}],
    )
    first_name: Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True), text("firstName")] = Field(
        description="The person's given name. ConnectWise requires one.", examples=["Ada"]
    )
    last_name: Annotated[StrictStr | None, text("lastName")] = Field(
        None, description="The person's family name.", examples=["Moss"]
    )
    email: Annotated[
        str,
        StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=250, strict=True),
        _communication("Email"),
    ] = Field(description="E-mail address, unique at its company.", examples=["ada.moss@acme.example"])
    phone: Annotated[Annotated[str, StringConstraints(max_length=250, strict=True)] | None, _communication("Phone")] = (
        Field(None, description="Telephone number, as text in quotes.", examples=["813-555-0101"])
    )
    title: Annotated[StrictStr | None, text("title")] = Field(
        None, description="The person's job.", examples=["Office manager"]
    )
    types: Annotated[tuple[StrictStr, ...] | None, TYPES] = Field(
        None, description="Descriptions of the contact types, in any order.", examples=[["Billing"]]
    )
    inactive: Annotated[StrictBool | None, flag("inactiveFlag")] = Field(
        None, description="True if the person no longer works there."
    )


def _keys(obj: Object, _parent: int | None) -> tuple[tuple[Any, ...], ...]:
    """Return one natural key for each e-mail address, so that a contact is also found by its second address."""
    company = key_part(link_of(obj.get("company")))
    addresses = dict.fromkeys(key_part(text) for item in _items(obj, "Email") if (text := _value(item)))
    return tuple((company, address) for address in addresses)


KIND = Kind(
    name="Contact",
    spec=ContactSpec,
    describes="A person at a company (step 5 of the vendor's guide).",
    key=("company", "email"),
    collection="company/contacts",
    retirement=Retirement(retired={"inactive": True}, alive={"inactive": False}),
    rename_key="email",
    lookup_path="company/identifier",
    keys_of=_keys,
    inactive=lambda obj: bool(obj.get("inactiveFlag")),
    read_also=("inactiveFlag",),
    write_only=frozenset({"typeIds"}),
)
