"""Check documents and plans against the policies of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import policy_folder
from reconciler.planning.plan import Plan


def check_documents(manifests: Manifests, more: Sequence[Path] = ()) -> None:
    """Raise `ManifestError` if a document violates a policy of the repository, or one of the files `more`."""
    if not (policy_folder(manifests.root).is_dir() or more):
        return
    from reconciler.manifests.policies import (  # noqa: PLC0415 - imports jsonschema, which is slow
        check_policies,
        read_policies,
        read_policy,
    )

    policies = [*read_policies(manifests.root), *map(read_policy, more)]
    if found := check_policies(manifests, policies):
        raise ManifestError(found, manifests.root)


def check_actions(manifests: Manifests, plan: Plan) -> None:
    """Raise `ManifestError` if an action of a plan violates a policy of the repository."""
    if not policy_folder(manifests.root).is_dir():
        return
    from reconciler.manifests import policies  # noqa: PLC0415 - imports jsonschema, which is slow

    rules = [each for each in policies.read_policies(manifests.root) if each.target == policies.ACTIONS]
    actions = [action.model_dump(mode="json") for action in plan.actions] if rules else []
    if found := policies.check_actions(manifests, rules, actions):
        raise ManifestError(found, manifests.root)
