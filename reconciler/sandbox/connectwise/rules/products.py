"""The catalog: a product's subcategory decides its category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.connectwise.rules.base import Draft, Rules
from reconciler.sandbox.connectwise.rules.companies import default_of

if TYPE_CHECKING:
    from reconciler.sandbox.connectwise.tables import Row
    from reconciler.sandbox.connectwise.tenant import Tenant


class CatalogRules(Rules):
    """Category and subcategory must agree; a new price shows in new additions only."""

    def prepare(self, draft: Draft) -> None:
        subcategory = draft.row_of("ProductSubCategory", "subcategory")
        if subcategory is not None and "category" not in draft.given:
            draft.values["category"] = subcategory.data["category"]
        draft.default("unitOfMeasure", default_of(draft.tenant, "unitOfMeasure", "UnitOfMeasure"))

    def check(self, draft: Draft) -> None:
        subcategory, category = draft.row_of("ProductSubCategory", "subcategory"), draft.values.get("category")
        if subcategory is not None and category is not None and subcategory.data["category"]["id"] != category["id"]:
            told = f"Subcategory {subcategory.data['name']!r} does not belong to category {category['name']!r}"
            draft.refuse("catalogItem", "subcategory", told)

    def changed(self, tenant: Tenant, row: Row, values: dict[str, Any]) -> None:
        if values.keys() & {"description", "unitOfMeasure"}:
            for addition in tenant.tables["addition"].rows.values():
                if addition.data["product"]["id"] == row.id:
                    addition.data["description"] = row.data["description"]
                    addition.data["uom"] = row.data["unitOfMeasure"]["name"]


class SubCategoryRules(Rules):
    """A subcategory's name is unique in its category."""

    def prepare(self, draft: Draft) -> None:
        if draft.parent is not None:
            draft.values["category"] = draft.tenant.reference("ProductCategory", draft.parent)

    def check(self, draft: Draft) -> None:
        for row in draft.tenant.tables["subCategory"].named("name", draft.values["name"]):
            if row is not draft.row and row.data["category"]["id"] == draft.values["category"]["id"]:
                draft.refuse("subCategory", "name", "The category has this subcategory already", "ObjectExists")
