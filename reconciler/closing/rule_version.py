"""The version of a rule: all that decides what a mapping bills, beside its usage, with a digest of it.

That is the rule with its prices, the billing settings of the workspace, and the exclusions of the customer. Fields with
their default value are left out, so that a new field of a later version changes no digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter

from reconciler.closing.json_values import Json
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """Everything that decides what a mapping bills, beside its usage."""

    rules: tuple[Rule, ...]
    """The rule of each charge of the mapping, with prices."""
    settings: BillingSettings
    exclusions: tuple[Exclusion, ...] = ()
    """The exclusions of the customer and of its devices."""

    def to_json(self) -> Json:
        """Return the version as JSON, without fields that have their default value."""
        found: Json = _ADAPTER.dump_python(self, mode="json", exclude_defaults=True)
        return found

    @property
    def digest(self) -> str:
        """Return the digest of the version, as `sha256:…`."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


_ADAPTER: TypeAdapter[RuleVersion] = TypeAdapter(RuleVersion)


def version_of(rules: Iterable[Rule], settings: BillingSettings, exclusions: Iterable[Exclusion]) -> RuleVersion:
    """Return the version of one mapping's rules. Of `exclusions`, those of its customer are kept."""
    own = tuple(rules)
    customers = {(rule.source, rule.customer_id) for rule in own}
    kept = (each for each in exclusions if (each.source, each.customer_id) in customers)
    return RuleVersion(own, settings, tuple(sorted(kept, key=lambda each: each.name)))


def version_from(found: Json) -> RuleVersion:
    """Return a version from its JSON. Raises `pydantic.ValidationError` for JSON that is none."""
    return _ADAPTER.validate_python(found, strict=False)
