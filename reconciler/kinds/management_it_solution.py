"""The kind ManagementItSolution: a record of the Management IT setup table (guide step 7, "possible issues")."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.field_mapping import text
from reconciler.kinds.fields import ShortName
from reconciler.kinds.retirement import Retirement


class ManagementItSolutionSpec(Spec):
    """The fields of a Management IT record."""

    name: Annotated[ShortName, text("name")] = Field(description="Name of the record.", examples=["Managed Backup"])
    type: Annotated[Literal["LevelPlatforms", "NAble", "Continuum", "Custom"], text("managementItSolutionType")] = (
        Field(description="Type of the solution. Use Custom for a backup service.")
    )
    solution_name: Annotated[ShortName | None, text("managementSolutionName", exact=True)] = Field(
        None, description="Name of the solution. Required if type is Custom.", examples=["Managed Backup"]
    )

    @model_validator(mode="after")
    def _custom_has_a_name(self) -> ManagementItSolutionSpec:
        if self.type == "Custom" and self.solution_name is None:
            raise ValueError("solutionName is required if type is Custom")
        return self


KIND = Kind(
    name="ManagementItSolution",
    spec=ManagementItSolutionSpec,
    describes="A Management IT record. It is needed if the lists of a management solution are disabled (step 7 of the "
    "vendor's guide).",
    key=("name",),
    collection="company/managementItSolutions",
    retirement=Retirement(),
    rename_key="name",
    lookup_path="name",
)
