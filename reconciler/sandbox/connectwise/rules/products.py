"""The rules of the product catalog."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


class CatalogRules(Rules):
    """The category of a product is the one of its subcategory. A new price applies to new additions only."""

    def prepare(self, draft: Draft) -> None:
        """Set the category of the subcategory, and the default unit of measure."""
        subcategory = draft.row_of("ProductSubCategory", "subcategory")
        if subcategory is not None and "category" not in draft.given:
            draft.values["category"] = subcategory.data["category"]
        draft.default("unitOfMeasure", draft.store.default_of("unitOfMeasure", "UnitOfMeasure"))

    def check(self, draft: Draft) -> None:
        """Refuse a subcategory of another category."""
        subcategory, category = draft.row_of("ProductSubCategory", "subcategory"), draft.values.get("category")
        if subcategory is not None and category is not None and subcategory.data["category"]["id"] != category["id"]:
            message = f"Subcategory {subcategory.data['name']!r} does not belong to category {category['name']!r}"
            draft.refuse("catalogItem", "subcategory", message)

    def changed(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Show a new description or unit in the additions of the product."""
        if values.keys() & {"description", "unitOfMeasure"}:
            for addition in store.tables["addition"].rows.values():
                if addition.data["product"]["id"] == row.id:
                    addition.data["description"] = row.data["description"]
                    addition.data["uom"] = row.data["unitOfMeasure"]["name"]
        return ()


class SubCategoryRules(Rules):
    """The name of a subcategory is unique in its category."""

    def prepare(self, draft: Draft) -> None:
        """Take the category from the path of a nested request."""
        if draft.parent is not None:
            draft.values["category"] = draft.store.reference("ProductCategory", draft.parent)

    def check(self, draft: Draft) -> None:
        """Refuse a name that the category has already."""
        for row in draft.store.tables["subCategory"].named("name", draft.values["name"]):
            if row is not draft.row and row.data["category"]["id"] == draft.values["category"]["id"]:
                draft.refuse("subCategory", "name", "The category has this subcategory already", "ObjectExists")
