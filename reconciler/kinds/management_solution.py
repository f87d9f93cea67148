"""ManagementSolution: a company's Managed ID at a solution (guide step 7, `…/managementSummaryReports`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from reconciler.kinds.base import ById, ByIdentifier, ByName, Kind, Name, Spec
from reconciler.kinds.forms import Form, Object, Tables, parent, reference, text
from reconciler.kinds.values import Link, Value

DeviceType = Literal["WorkstationsAndServers", "BackupStats", "Servers", "Workstations"]


def _decode_solution(obj: Object) -> Value:
    name = (obj.get("managementSolution") or {}).get("name")
    return str(name).strip() if name else None


def solution_reference(value: Value, _: Tables) -> dict[str, Any]:
    """How a management solution is named in a POST: by its exact name [guess].

    `managementSolution` is `{id, name, setupName}` [spec], but no collection lists such ids; the name is what
    the guide matches by, with case (step 9). One edit here corrects it, should a tenant want the record's id.
    """
    return {"managementSolution": {"name": value.name if isinstance(value, Link) else value}}


SOLUTION = Form(("managementSolution/name", "managementSolution/id"), _decode_solution, solution_reference, exact=True)


class ManagementSolutionSpec(Spec):
    company: Annotated[Name | ByIdentifier | ById, parent("Company", "company", label="identifier")] = Field(
        description="The company, by its manifest name or looked up."
    )
    solution: Annotated[str, StringConstraints(min_length=1, max_length=30, strict=True), SOLUTION] = Field(
        description="The solution name of a ManagedDevicesIntegration or ManagementItSolution: exact, with case."
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


KIND = Kind(
    name="ManagementSolution",
    spec=ManagementSolutionSpec,
    describes="A company's Managed ID at a solution (seed guide, step 7).",
    key=("company", "solution", "managedId"),
    collection="company/companies/{company}/managementSummaryReports",
    renamed="managedId",
    follows=(
        ("ManagedDevicesIntegration", "solution", "solution"),
        ("ManagementItSolution", "solutionName", "solution"),
    ),
)
