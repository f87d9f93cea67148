"""The history names the person that the CI system names, or else the user of this machine."""

from __future__ import annotations

import pytest

from reconciler.cli.origin import actor_of
from reconciler.cli.session import current_user


@pytest.mark.parametrize(
    ("environ", "actor"),
    [
        ({"GITHUB_ACTOR": "ann"}, "ann (GitHub)"),
        ({"GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "bo"}, "bo (GitHub)"),
        ({"GITLAB_USER_LOGIN": "ann", "CI": "true"}, "ann (GitLab)"),
        ({"BUILD_REQUESTEDFOR": "Ann Lee"}, "Ann Lee (Azure Pipelines)"),
        ({"BITBUCKET_STEP_TRIGGERER_UUID": "{1-2}"}, "{1-2} (Bitbucket)"),
        ({"GITHUB_ACTOR": " "}, current_user()),
        ({"GITHUB_ACTOR": "a" * 300}, f"{'a' * 200} (GitHub)"),
        ({"CI": "true"}, f"{current_user()} (CI)"),
        ({"CI": "false"}, current_user()),
        ({}, current_user()),
    ],
)
def test_the_actor_of_a_run(environ: dict[str, str], actor: str) -> None:
    assert actor_of(environ) == actor
