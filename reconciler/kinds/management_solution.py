"""The kind ManagementSolution: a company's Managed ID at a solution (guide step 7, `…/managementSummaryReports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from reconciler.http import shapes
from reconciler.kinds.base import Kind, LooseMatch, Spec, Verdict
from reconciler.kinds.field_mapping import FieldMapping, Object, Tables, parent, reference, text
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Name
from reconciler.kinds.retirement import Retirement
from reconciler.kinds.values import Link, Value, plain_text

DeviceType = Literal["WorkstationsAndServers", "BackupStats", "Servers", "Workstations"]
_SOLUTION_FIELDS = ("solution", "managementSolutionName")
"""The wire fields with the solution's name in a managed devices integration and in a Management IT record."""


def _solution_text(obj: Object, name: str) -> str | None:
    return plain_text((obj.get("managementSolution") or {}).get(name) or "")


def solution_reference(value: Value, _: Tables) -> dict[str, Any]:
    """Return the properties that name the solution in a POST: by its exact name [guess].

    `managementSolution` is `{id, name, setupName}` [spec], but no collection lists such ids. The guide matches by the
    name, including case (step 9). If a tenant requires the record's id, change it here.
    """
    return {"managementSolution": {"name": value.name if isinstance(value, Link) else value}}


SHAPE = {"managementSolution": shapes.Shape({"id": shapes.NUMBER, "name": shapes.TEXT, "setupName": shapes.TEXT})}
"""If the solution was deleted, the response may have no `managementSolution`, or one with id 0 [guess]."""


def _solution(obj: Object) -> Value:
    """Return the solution's name, or `id 5` if the response has only its id. None if there is no solution."""
    number = (obj.get("managementSolution") or {}).get("id")
    return _solution_text(obj, "name") or (f"id {number}" if number else None)


SOLUTION = FieldMapping(("managementSolution",), _solution, solution_reference, exact=True, shape=SHAPE)

SETUP_NAME = FieldMapping(
    ("managementSolution",),
    lambda obj: _solution_text(obj, "setupName"),
    lambda value, _: {"managementSolution": {"setupName": value}} if value else {},
    exact=True,
    shape=SHAPE,
)


class ManagementSolutionSpec(Spec):
    """The fields of a management solution."""

    company: Annotated[Name | ByIdentifier | ById, parent("Company", "company", label="identifier")] = Field(
        description="The company: its manifest name, or a look-up such as {identifier: ACME}.",
        examples=["acme", {"identifier": "ACME"}],
    )
    solution: Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True), SOLUTION] = Field(
        description="Name of the solution of a ManagedDevicesIntegration or ManagementItSolution, exactly, including "
        "case.",
        examples=["Managed Backup"],
    )
    setup_name: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True)] | None, SETUP_NAME
    ] = Field(
        None,
        description="Name of the record that defines the solution. It is needed if two records define a solution of "
        "the same name.",
        examples=["Managed Backup"],
    )
    managed_id: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9]+$", max_length=100, strict=True),
        text("groupIdentifier", exact=True),
    ] = Field(description="The company's Managed ID: digits only, in quotes.", examples=["1001001"])
    agreement: Annotated[Name | ByName | ById | None, reference("agreement", "Agreement")] = Field(
        None,
        description="The agreement that is billed: its manifest name, or a look-up such as {name: Backup}.",
        examples=["acme", {"name": "Acme - Managed Backup"}],
    )
    device_type: Annotated[DeviceType | None, text("deviceType")] = Field(
        None, description="The devices that it counts."
    )


def _keys(obj: Object, company: int | None) -> tuple[tuple[Any, ...], ...]:
    """Return the natural key with `setupName` and without it, because a document may leave `setupName` out."""
    solution, setup_name = _solution_text(obj, "name"), _solution_text(obj, "setupName")
    managed_id = plain_text(obj.get("groupIdentifier") or "")
    return tuple((company, solution, managed_id, name) for name in dict.fromkeys((None, setup_name)))


def _verdict(obj: Object, declared: Mapping[str, Any], records: Sequence[Object] | None) -> Verdict:
    """Return whether a live management solution is the declared one, although its name differs.

    Both have the same company and Managed ID. A tenant can store another name than was sent, or none [seen]. Then the
    record that defines the solution decides. `setupName` is the record's name. If it names no record, `id` is taken
    for the record's id [guess].
    """
    name, setup_name = _solution_text(obj, "name"), _solution_text(obj, "setupName")
    number = (obj.get("managementSolution") or {}).get("id")
    if name is None and setup_name is None and not number:
        return "same"  # the response has no solution at all, so only the Managed ID can identify it
    if declared.get("setupName") is not None and setup_name not in (None, declared["setupName"]):
        return "other"
    if records is None:
        return "unsure"
    ours: list[Object] = []
    others: list[Object] = []
    for record in records:
        defines_it = any(plain_text(record.get(field) or "") == declared["solution"] for field in _SOLUTION_FIELDS)
        (ours if defines_it and _has_name(record, declared.get("setupName")) else others).append(record)
    if any(plain_text(record.get("name") or "") in {name, setup_name} - {None} for record in ours):
        return "same"
    other_names = {plain_text(record.get(field) or "") for record in others for field in ("name", *_SOLUTION_FIELDS)}
    if (name is not None and name in other_names) or (setup_name is not None and setup_name in other_names):
        return "other"
    if any(record["id"] == number for record in ours):
        return "same"
    if any(record["id"] == number for record in others):
        return "other"
    return "unsure" if _alike(name or "", declared["solution"]) else "other"


def _alike(one: str, other: str) -> bool:
    """Return whether one name contains the other, so that the program cannot decide."""
    shorter, longer = sorted((one.casefold(), other.casefold()), key=len)
    return bool(shorter) and shorter in longer


def _has_name(record: Object, name: str | None) -> bool:
    return name is None or plain_text(record.get("name") or "") == name


KIND = Kind(
    name="ManagementSolution",
    spec=ManagementSolutionSpec,
    describes="A company's Managed ID at a solution (step 7 of the vendor's guide).",
    key=("company", "solution", "managedId", "setupName"),
    collection="company/companies/{company}/managementSummaryReports",
    retirement=Retirement(),
    rename_key="managedId",
    keys_of=_keys,
    loose_match=LooseMatch(key=("company", "managedId"), wire=frozenset({"managementSolution"}), verdict=_verdict),
    created_after=(
        ("ManagedDevicesIntegration", "solution", "solution"),
        ("ManagementItSolution", "solutionName", "solution"),
    ),
)
