"""Product: what is sold, by the gigabyte (guide step 8, `/procurement/catalog`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictStr, StringConstraints

from reconciler.kinds.base import Kind, Spec
from reconciler.kinds.field_mapping import flag, number, setup, text
from reconciler.kinds.fields import Unquoted
from reconciler.kinds.money import at_most_six_decimals

UnitPrice = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), AfterValidator(at_most_six_decimals), Unquoted]
ProductClass = Literal["Agreement", "Bundle", "Inventory", "NonInventory", "Service"]


BUNDLE = "is a product of class Bundle, which ConnectWise takes on no agreement as an addition"
"""[docs]"""


class ProductSpec(Spec):
    identifier: Annotated[
        str, StringConstraints(min_length=1, max_length=75, strict=True), text("identifier", exact=True)
    ] = Field(description="The unique product ID. At most 60 characters before 2026.4.")
    description: Annotated[str, StringConstraints(min_length=1, max_length=60, strict=True), text("description")] = (
        Field(description="What it is.")
    )
    customer_description: Annotated[
        str, StringConstraints(min_length=1, max_length=6000, strict=True), text("customerDescription")
    ] = Field(description="What the customer reads on the invoice.")
    category: Annotated[StrictStr | None, setup("category", "procurement/categories", inactive=True)] = Field(
        None, description="Category, by its name; the guide wants Managed Services."
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
    ] = Field(description="Subcategory, by its name within the category.")
    type: Annotated[StrictStr, setup("type", "procurement/types", inactive=True)] = Field(
        description="Product type, by its name."
    )
    unit_of_measure: Annotated[
        StrictStr | None, setup("unitOfMeasure", "procurement/unitOfMeasures", inactive=True)
    ] = Field(None, description="Unit of measure, by its name; the guide wants Each, for each gigabyte.")
    price: Annotated[UnitPrice | None, number("price")] = Field(
        None,
        description="Unit price in the agreement's currency, with at most six decimals. An explicit 0 is fine; "
        "an unset price cannot bill.",
    )
    cost: Annotated[UnitPrice | None, number("cost")] = Field(None, description="Unit cost.")
    product_class: Annotated[ProductClass | None, text("productClass")] = Field(
        None, description="Product class; the server takes NonInventory where none is given."
    )
    taxable: Annotated[StrictBool | None, flag("taxableFlag")] = Field(None, description="Taxable.")
    inactive: Annotated[StrictBool | None, flag("inactiveFlag")] = Field(None, description="No longer sold.")


KIND = Kind(
    name="Product",
    spec=ProductSpec,
    describes="What is sold, by the gigabyte (seed guide, step 8).",
    key=("identifier",),
    collection="procurement/catalog",
    rename_key="identifier",
    lookup_path="identifier",
    unbillable=lambda obj: BUNDLE if obj.get("productClass") == "Bundle" else None,
    read_also=("price", "productClass"),
)
