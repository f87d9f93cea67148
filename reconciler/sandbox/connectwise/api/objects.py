"""Find the object that a request names, and show it as its view does."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connectwise.api.routing import Collection
from reconciler.sandbox.connectwise.query import selection
from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.errors import not_found
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


def row_of(store: Store, asked: Collection) -> Row:
    """Return the row that a path names by id.

    Raises:
        Refusal: 404, there is no such row, or it is not below the parent that the path names.
    """
    view = asked.view
    row = store.get(view.table, asked.key or 0)
    if asked.parent is not None:
        owner = row.data[view.by]["id"] if view.by else row.parent
        if owner != asked.parent:
            raise not_found(ENTITIES[view.table].resource, asked.key)
    return row


def shown(asked: Collection, row: Row) -> dict[str, Any]:
    """Return the fields of a row that its view shows."""
    fields = asked.view.fields
    return selection.narrowed(fields)(row.data) if fields else row.data
