"""Fill in the pipelines that plan pull requests and apply merges."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.scaffold.texts import filled

LOCK: Final = "pipeline/requirements.txt"
"""The path of the file from which the pipelines install reconciler. Only here stands its version."""
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
    "github/dependabot.yml": ".github/dependabot.yml",
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


def pipelines(ci: Ci, workspace: str, branch: str, variables: Variables) -> dict[str, str]:
    """Return the text of each file of the pipelines, by its path in the repository.

    Changes that are merged into `branch` are applied. The jobs by the clock run at a minute that differs by workspace.
    """
    places = {**_ACTIONS, "branch": branch, "python": _PYTHON, "lock": LOCK, "minute": str(_minute(workspace))}
    blocks = {
        "read": _secrets(variables.connection),
        "drift": _secrets([*variables.connection, *variables.alerts]),
        "setup": _secrets([*variables.connection, *variables.setup, *variables.alerts]),
        "usage": _secrets([*variables.connection, *variables.usage, *variables.alerts]),
    }
    return {path: filled(name, places, blocks) for name, path in _FILES[ci].items()}


_FILES: Final = {Ci.GITHUB: _GITHUB, Ci.GITLAB: _GITLAB}


def _secrets(names: Sequence[str]) -> list[str]:
    """Return the lines of `env:` that pass these secrets to a step, each name once."""
    return [f"{name}: ${{{{ secrets.{name} }}}}" for name in dict.fromkeys(names)]


def _minute(workspace: str) -> int:
    """Return a minute from 5 to 54. On the full hour GitHub starts jobs late, because so many begin then."""
    return 5 + zlib.crc32(workspace.encode()) % 50
