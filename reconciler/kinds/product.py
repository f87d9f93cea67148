"""The kind Product: a catalog item that is billed by quantity (guide step 8, `/procurement/catalog`)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints

from reconciler.kinds.base import Dated, Kind, Spec
from reconciler.kinds.dated_prices import DatedPrices, UnitPrice, unit_price
from reconciler.kinds.field_mapping import flag, number, setup, text
from reconciler.kinds.fields import Price
from reconciler.kinds.retirement import Retirement

ProductClass = Literal["Agreement", "Bundle", "Inventory", "NonInventory", "Service"]


BUNDLE = "is a product of class Bundle, which ConnectWise does not accept as an addition"
"""Why a bundle cannot be billed [docs]."""


class ProductSpec(Spec):
    """The fields of a product."""

    identifier: Annotated[
        str, StringConstraints(min_length=1, max_length=75, strict=True), text("identifier", exact=True)
    ] = Field(
        description="The unique Product ID. At most 60 characters before ConnectWise 2026.4.", examples=["BACKUP-GB"]
    )
    description: Annotated[str, StringConstraints(min_length=1, max_length=60, strict=True), text("description")] = (
        Field(description="Description of the product, for your staff.", examples=["Managed backup, per GB"])
    )
    customer_description: Annotated[
        str, StringConstraints(min_length=1, max_length=6000, strict=True), text("customerDescription")
    ] = Field(
        description="Description of the product on the invoice.",
        examples=["Managed backup storage, per gigabyte and month"],
    )
    category: Annotated[StrictStr | None, setup("category", "procurement/categories", inactive=True)] = Field(
        None,
        description="Name of the category. The vendor's guide uses Managed Services.",
        examples=["Managed Services"],
    )
    subcategory: Annotated[
        StrictStr,
        setup(
            "subcategory",
            "procurement/subcategories/",
            scope="category",
            scope_table="procurement/categories",
            inactive=True,
        ),
    ] = Field(description="Name of the subcategory. It must belong to the category.", examples=["Backup"])
    type: Annotated[StrictStr, setup("type", "procurement/types", inactive=True)] = Field(
        description="Name of the product type.", examples=["Agreement"]
    )
    unit_of_measure: Annotated[
        StrictStr | None, setup("unitOfMeasure", "procurement/unitOfMeasures", inactive=True)
    ] = Field(
        None,
        description="Name of the unit of measure. The vendor's guide uses Each: one for each GB.",
        examples=["Each"],
    )
    price: Annotated[Price | None, number("price")] = Field(
        None,
        description="Unit price in the agreement's currency, with at most six decimals. 0 is a price; without a "
        "price, nothing can be billed.",
        examples=[0.15],
    )
    cost: Annotated[Price | None, number("cost")] = Field(
        None, description="Unit cost, with at most six decimals.", examples=[0.06]
    )
    prices: DatedPrices | None = Field(
        None,
        description="Unit prices and costs with the day from which each counts. `price` and `cost` count before the "
        "first of these days. ConnectWise has the price of this month.",
        examples=[[{"from": "2026-01-01", "price": 0.15}, {"from": "2027-01-01", "price": 0.18, "cost": 0.07}]],
    )
    product_class: Annotated[ProductClass | None, text("productClass")] = Field(
        None, description="Product class. If you leave it out, ConnectWise uses NonInventory."
    )
    taxable: Annotated[StrictBool | None, flag("taxableFlag")] = Field(
        None, description="True if the product is taxable."
    )
    inactive: Annotated[StrictBool | None, flag("inactiveFlag")] = Field(
        None, description="True if the product is no longer sold."
    )

    def in_force(self, first_day: date) -> UnitPrice:
        """Return the price and the cost in the period that has this first day. None: not declared."""
        return unit_price(self.price, self.cost, self.prices, first_day)


def _of_month(spec: ProductSpec, first_day: date) -> dict[str, Decimal]:
    found = spec.in_force(first_day)
    values = {"price": found.price, "cost": found.cost}
    return {name: value for name, value in values.items() if value is not None}


KIND = Kind(
    name="Product",
    spec=ProductSpec,
    describes="A catalog item that is billed by quantity (step 8 of the vendor's guide).",
    key=("identifier",),
    collection="procurement/catalog",
    retirement=Retirement(retired={"inactive": True}, alive={"inactive": False}),
    rename_key="identifier",
    lookup_path="identifier",
    unbillable=lambda obj: BUNDLE if obj.get("productClass") == "Bundle" else None,
    read_also=("price", "productClass"),
    zero_is_unset=frozenset({"price"}),
    dated=Dated("prices", _of_month),
    own_or_default=(frozenset({"price", "prices"}),),
)
