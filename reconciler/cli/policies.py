"""Check documents and plans against the policies of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import has_policies
from reconciler.planning.plan import Plan


def check_documents(manifests: Manifests, more: Sequence[Path] = ()) -> None:
    """Raise `ManifestError` if a document violates a policy of the repository, or one of the files `more`."""
    if not (has_policies(manifests.root) or more):
        return
    from reconciler.manifests import policies, policy_files  # noqa: PLC0415 - imports jsonschema, which is slow

    rules = [*policy_files.read_policies(manifests.root), *map(policy_files.read_policy, more)]
    if found := policies.check_policies(manifests, rules):
        raise ManifestError(found, manifests.root)


def check_actions(manifests: Manifests, plan: Plan) -> None:
    """Raise `ManifestError` if an action of a plan violates a policy of the repository."""
    if not has_policies(manifests.root):
        return
    from reconciler.manifests import policies, policy_files  # noqa: PLC0415 - imports jsonschema, which is slow

    rules = [each for each in policy_files.read_policies(manifests.root) if each.target == policy_files.ACTIONS]
    actions = [action.model_dump(mode="json") for action in plan.actions] if rules else []
    if found := policies.check_actions(manifests, rules, actions):
        raise ManifestError(found, manifests.root)
