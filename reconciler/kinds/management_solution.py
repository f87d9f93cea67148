"""ManagementSolution: a company's Managed ID at a solution (guide step 7, `…/managementSummaryReports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from reconciler.http import shapes
from reconciler.kinds.base import Kind, LooseMatch, Spec, Verdict
from reconciler.kinds.field_mapping import FieldMapping, Object, Tables, parent, reference, text
from reconciler.kinds.fields import ById, ByIdentifier, ByName, Name
from reconciler.kinds.values import Link, Value, plain_text

DeviceType = Literal["WorkstationsAndServers", "BackupStats", "Servers", "Workstations"]
_BRINGS_IN = ("solution", "managementSolutionName")
"""The wire fields in which a managed devices integration or a Management IT record names its solution."""


def _said(obj: Object, name: str) -> str | None:
    return plain_text((obj.get("managementSolution") or {}).get(name) or "")


def solution_reference(value: Value, _: Tables) -> dict[str, Any]:
    """How a management solution is named in a POST: by its exact name [guess].

    `managementSolution` is `{id, name, setupName}` [spec], but no collection lists such ids; the name is what
    the guide matches by, with case (step 9). One edit here corrects it, should a tenant want the record's id.
    """
    return {"managementSolution": {"name": value.name if isinstance(value, Link) else value}}


SHAPE = {"managementSolution": shapes.Shape({"id": shapes.NUMBER, "name": shapes.TEXT, "setupName": shapes.TEXT})}
"""A report that lost its solution may be read back with none, or with one of id 0 [guess]."""


def _solution(obj: Object) -> Value:
    """The solution's name, or its id where a server shows no more: that is not the same as no solution."""
    number = (obj.get("managementSolution") or {}).get("id")
    return _said(obj, "name") or (f"id {number}" if number else None)


SOLUTION = FieldMapping(("managementSolution",), _solution, solution_reference, exact=True, shape=SHAPE)

SETUP_NAME = FieldMapping(
    ("managementSolution",),
    lambda obj: _said(obj, "setupName"),
    lambda value, _: {"managementSolution": {"setupName": value}} if value else {},
    exact=True,
    shape=SHAPE,
)


class ManagementSolutionSpec(Spec):
    company: Annotated[Name | ByIdentifier | ById, parent("Company", "company", label="identifier")] = Field(
        description="The company, by its manifest name or looked up."
    )
    solution: Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True), SOLUTION] = Field(
        description="The solution name of a ManagedDevicesIntegration or ManagementItSolution: exact, with case."
    )
    setup_name: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True)] | None, SETUP_NAME
    ] = Field(
        None,
        description="Name of the record that brings the solution in. It is needed where two records bring in one "
        "solution.",
    )
    managed_id: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9]+$", max_length=100, strict=True),
        text("groupIdentifier", exact=True),
    ] = Field(description="The Managed ID: digits only, as text.")
    agreement: Annotated[Name | ByName | ById | None, reference("agreement", "Agreement")] = Field(
        None, description="The agreement that is billed."
    )
    device_type: Annotated[DeviceType | None, text("deviceType")] = Field(None, description="Which devices it counts.")


def _keys(obj: Object, company: int | None) -> tuple[tuple[Any, ...], ...]:
    """With the record's name and without it: a document that does not declare `setupName` means either."""
    solution, setup_name = _said(obj, "name"), _said(obj, "setupName")
    managed_id = plain_text(obj.get("groupIdentifier") or "")
    return tuple((company, solution, managed_id, name) for name in dict.fromkeys((None, setup_name)))


def _verdict(obj: Object, wanted: Mapping[str, Any], records: Sequence[Object] | None) -> Verdict:
    """Whether a management solution of the same company and Managed ID is the declared one under another name.

    A tenant can store another name than the one that was sent, or none [seen]. Then the record that brings the
    solution in decides: `setupName` names it, and `id` is taken for its id [guess] where `setupName` names no record.
    """
    name, setup_name = _said(obj, "name"), _said(obj, "setupName")
    number = (obj.get("managementSolution") or {}).get("id")
    if name is None and setup_name is None and not number:
        return "same"  # nothing is said: the Managed ID alone tells whose it is
    if wanted.get("setupName") is not None and setup_name not in (None, wanted["setupName"]):
        return "other"
    if records is None:
        return "unsure"
    ours: list[Object] = []
    others: list[Object] = []
    for record in records:
        brings_in = any(plain_text(record.get(field) or "") == wanted["solution"] for field in _BRINGS_IN)
        (ours if brings_in and _named(record, wanted.get("setupName")) else others).append(record)
    if any(plain_text(record.get("name") or "") in {name, setup_name} - {None} for record in ours):
        return "same"
    other_names = {plain_text(record.get(field) or "") for record in others for field in ("name", *_BRINGS_IN)}
    if (name is not None and name in other_names) or (setup_name is not None and setup_name in other_names):
        return "other"
    if any(record["id"] == number for record in ours):
        return "same"
    if any(record["id"] == number for record in others):
        return "other"
    return "unsure" if _alike(name or "", wanted["solution"]) else "other"


def _alike(one: str, other: str) -> bool:
    """One name that holds the other could be of either solution: a person has to say."""
    shorter, longer = sorted((one.casefold(), other.casefold()), key=len)
    return bool(shorter) and shorter in longer


def _named(record: Object, name: str | None) -> bool:
    return name is None or plain_text(record.get("name") or "") == name


KIND = Kind(
    name="ManagementSolution",
    spec=ManagementSolutionSpec,
    describes="A company's Managed ID at a solution (seed guide, step 7).",
    key=("company", "solution", "managedId", "setupName"),
    collection="company/companies/{company}/managementSummaryReports",
    rename_key="managedId",
    keys_of=_keys,
    loose_match=LooseMatch(key=("company", "managedId"), wire=frozenset({"managementSolution"}), verdict=_verdict),
    created_after=(
        ("ManagedDevicesIntegration", "solution", "solution"),
        ("ManagementItSolution", "solutionName", "solution"),
    ),
)
