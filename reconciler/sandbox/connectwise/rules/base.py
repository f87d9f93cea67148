"""What a kind of object can say about its own writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.sandbox.connectwise.errors import Problem

if TYPE_CHECKING:
    from reconciler.sandbox.connectwise.tables import Row
    from reconciler.sandbox.connectwise.tenant import Tenant


@dataclass(slots=True)
class Draft:
    """A write under way: all values as they would be stored, the row that stands (none in a POST), what was given."""

    tenant: Tenant
    values: dict[str, Any]
    parent: int | None
    row: Row | None
    given: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, resource: str, name: str, message: str, code: str = "InvalidField") -> None:
        """Refuse the write, for a reason that is told with all others."""
        self.problems.append(Problem(code, message, resource, name))

    def default(self, name: str, value: Any) -> None:
        """Fill in a value that was not given."""
        if self.values.get(name) is None and value is not None:
            self.values[name] = value

    def row_of(self, target: str, name: str) -> Row | None:
        """The row that a reference field points at."""
        return self.tenant.row_of(target, self.values.get(name))


class Rules:
    """The plain rules: nothing is derived, nothing more is asked, a delete removes.

    `soft` says that a deleted row stays, so that references to it are no reason to refuse.
    """

    soft: ClassVar[bool] = False

    def prepare(self, draft: Draft) -> None:
        """Fill in defaults that depend on other objects. Runs before required fields are checked."""

    def check(self, draft: Draft) -> None:
        """Refuse what the fields alone cannot tell."""

    def made(self, tenant: Tenant, row: Row, values: dict[str, Any]) -> None:
        """Make what comes into being with a new row."""

    def changed(self, tenant: Tenant, row: Row, values: dict[str, Any]) -> None:
        """Follow up on a change; `values` are the fields that were written."""

    def settle(self, tenant: Tenant, row: Row) -> None:
        """Compute the server's own fields from the rest; must give the same when run again."""

    def user(self, _tenant: Tenant, _row: Row) -> str | None:
        """Who keeps the row from being deleted, beyond plain references to it."""
        return None

    def delete(self, _tenant: Tenant, _row: Row) -> bool:
        """Delete in the kind's own way, and say so; otherwise the row is removed."""
        return False
