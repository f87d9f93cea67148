"""Fill in the pipelines that plan pull requests and apply merges."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from reconciler.scaffold.texts import filled

LOCK: Final = "pipeline/requirements.txt"
"""The path of the file from which the pipelines install reconciler. Only here stands its version."""
DEPENDABOT: Final = ".github/dependabot.yml"
"""The path of a file that a repository may have already, with packages of its own."""
_PYTHON: Final = "3.13"
_ACTIONS: Final = {
    "checkout": "actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1",
    "setup_python": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
    "upload_artifact": "actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0",
}
"""Actions of others, each pinned by its commit."""
_GITHUB: Final = {
    "github/plan.yml": ".github/workflows/plan.yml",
    "github/apply.yml": ".github/workflows/apply.yml",
    "github/usage.yml": ".github/workflows/usage.yml",
    "github/drift.yml": ".github/workflows/drift.yml",
    "github/dependabot.yml": DEPENDABOT,
}
"""The path in a repository of each file in `files/github/`."""
_GITLAB: Final = {"gitlab/gitlab-ci.yml": ".gitlab-ci.yml"}
"""The same for `files/gitlab/`."""


class Ci(StrEnum):
    """The systems that have pipelines."""

    GITHUB = "github"
    GITLAB = "gitlab"


GUIDES: Final = {Ci.GITHUB: "github/README.md", Ci.GITLAB: "gitlab/README.md"}
"""The file in `files/` with the part of a README about the pipelines."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The names of the variables that the manifests refer to. In a pipeline each is a secret."""

    connection: Sequence[str]
    """For ConnectWise and the ledger."""
    usage: Sequence[str]
    """For the usage sources."""
    setup: Sequence[str]
    """For objects of the setup, such as the password of an integrator login."""
    alerts: Sequence[str] = ()
    """For the receivers of alerts and the heartbeat. Plans of pull requests send no alerts, and do not get them."""


NEW: Final = Variables(
    connection=(
        "CONNECTWISE_SITE",
        "CONNECTWISE_COMPANY",
        "CONNECTWISE_CLIENT_ID",
        "CONNECTWISE_PUBLIC_KEY",
        "CONNECTWISE_PRIVATE_KEY",
        "LEDGER_URL",
    ),
    usage=("COVE_URL", "COVE_PARTNER", "COVE_USERNAME", "COVE_PASSWORD"),
    setup=("INTEGRATOR_PASSWORD",),
    alerts=("ALERTS_OPS_URL", "HEARTBEAT_URL"),
)
"""The variables of the manifests of a new repository."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The manifests that the pipelines work with."""

    root: str = "manifests"
    """The folder of the manifests, as a path in the repository."""
    workspace: str | None = None
    """The name of the workspace. None if the manifests have only one."""

    @property
    def folders(self) -> tuple[str, str]:
        """Return the folders that have what is planned: the manifests, and the policies beside them."""
        return self.root, str(PurePosixPath(self.root).with_name("schemas") / "policies")

    @property
    def settings(self) -> list[str]:
        """Return the lines of YAML that set the options of `reconciler` for all jobs, where it needs any."""
        found = {"RECONCILER_DIRECTORY": "" if self.root == "manifests" else self.root}
        found["RECONCILER_WORKSPACE"] = self.workspace or ""
        return [f'{name}: "{value}"' for name, value in found.items() if value]


def pipelines(
    ci: Ci, workspace: str, branch: str, variables: Variables, estate: Estate | None = None
) -> dict[str, str]:
    """Return the text of each file of the pipelines, by its path in the repository.

    Changes that are merged into `branch` are applied. The jobs by the clock run at a minute that differs by workspace.
    """
    estate = estate or Estate()
    places = {**_ACTIONS, "branch": branch, "python": _PYTHON, "lock": LOCK, "minute": str(_minute(workspace))}
    places["paths"] = ", ".join(f'"{each}/{_BELOW[ci]}"' for each in estate.folders)
    places["folders"] = " ".join(estate.folders)
    settings = estate.settings
    if settings and ci is Ci.GITHUB:
        settings = ["", "env:", *(f"  {each}" for each in settings)]
    blocks = {
        "settings": settings,
        "read": _secrets(variables.connection),
        "drift": _secrets([*variables.connection, *variables.alerts]),
        "setup": _secrets([*variables.connection, *variables.setup, *variables.alerts]),
        "usage": _secrets([*variables.connection, *variables.usage, *variables.alerts]),
    }
    return {path: filled(name, places, blocks) for name, path in _FILES[ci].items()}


_FILES: Final = {Ci.GITHUB: _GITHUB, Ci.GITLAB: _GITLAB}
_BELOW: Final = {Ci.GITHUB: "**", Ci.GITLAB: "**/*"}
"""How each system names all files below a folder."""


def _secrets(names: Sequence[str]) -> list[str]:
    """Return the lines of `env:` that pass these secrets to a step, each name once."""
    return [f"{name}: ${{{{ secrets.{name} }}}}" for name in dict.fromkeys(names)]


def _minute(workspace: str) -> int:
    """Return a minute from 5 to 54. On the full hour GitHub starts jobs late, because so many begin then."""
    return 5 + zlib.crc32(workspace.encode()) % 50
