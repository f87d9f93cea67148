"""Tell who runs this command, and from which commit of the manifests."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.cli.context import Context
from reconciler.cli.session import current_user
from reconciler.ledger.records import RunOrigin
from reconciler.manifests.git import commit_of

CI_ACTORS = (
    ("GITHUB_TRIGGERING_ACTOR", "GitHub"),
    ("GITHUB_ACTOR", "GitHub"),
    ("GITLAB_USER_LOGIN", "GitLab"),
    ("BUILD_REQUESTEDFOR", "Azure Pipelines"),
    ("BITBUCKET_STEP_TRIGGERER_UUID", "Bitbucket"),
    ("BUILDKITE_BUILD_CREATOR", "Buildkite"),
    ("CIRCLE_USERNAME", "CircleCI"),
    ("BUILD_USER_ID", "Jenkins"),
)
"""(variable, CI system): the variable names who started the job. The first variable that is set counts."""
_LONGEST = 200
"""The most characters of an actor that are stored."""


def origin_of(context: Context) -> RunOrigin:
    """Return who runs this command, and the commit of the manifests."""
    return RunOrigin(actor_of(context.environ), commit_of(context.root, context.environ))


def actor_of(environ: Mapping[str, str]) -> str:
    """Return the person that the CI system names, as `ann (GitHub)`. Without one, return `user@host`."""
    for variable, system in CI_ACTORS:
        if name := environ.get(variable, "").strip():
            return f"{name[:_LONGEST]} ({system})"
    return f"{current_user()} (CI)" if environ.get("CI", "").casefold() in {"true", "1"} else current_user()
