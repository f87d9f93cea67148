"""The product catalog and its setup tables [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "catalogItem",
        "catalogItem",
        """
        identifier text(75) required unique trimmed
        description text(60) required
        inactiveFlag flag =false
        subcategory ref(ProductSubCategory) required
        type ref(ProductType) required
        productClass enum(Agreement|Bundle|Inventory|NonInventory|Service) =NonInventory
        serializedFlag flag =false
        serializedCostFlag flag =false
        phaseProductFlag flag =false
        unitOfMeasure ref(UnitOfMeasure)
        minStockLevel int
        price number =0
        cost number =0
        priceAttribute enum(FixedFee|NotToExceed|OverrideRate|TimeAndMaterials)
        taxableFlag flag =false
        dropShipFlag flag =false
        specialOrderFlag flag =false
        customerDescription text(6000) required
        manufacturer ref(Manufacturer)
        manufacturerPartNumber text(50)
        vendor ref(Company)
        vendorSku text(50)
        notes text
        integrationXRef text(50)
        sla ref(SLA)
        entityType ref(EntityType)
        recurringFlag flag =false
        recurringRevenue number
        recurringCost number
        recurringOneTimeFlag flag =false
        recurringBillCycle ref(BillingCycle)
        recurringCycleType enum(ContractYear|CalendarYear)
        calculatedPriceFlag flag =false
        calculatedCostFlag flag =false
        category ref(ProductCategory)
        calculatedPrice number computed
        calculatedCost number computed
        billableOption enum(Billable|DoNotBill|NoCharge|NoDefault) =Billable
        connectWiseID text computed
        agreementType ref(AgreementType)
        markupPercentage number
        markupFlag flag =false
        autoUpdateUnitCostFlag flag =false
        autoUpdateUnitPriceFlag flag =false
        customFields custom
        """,
    ),
    entity(
        "category",
        "category",
        """
        name text(50) required unique trimmed
        inactiveFlag flag =false
        priceLevelXref text(10)
        integrationXref text(50)
        locationIds numbers
        defaultFlag flag =false
        addAllLocations flag =false
        removeAllLocations flag =false
        """,
    ),
    entity(
        "subCategory",
        "subCategory",
        """
        name text(50) required trimmed
        inactiveFlag flag =false
        integrationXref text(50)
        defaultFlag flag =false
        category ref(ProductCategory) required
        """,
    ),
    entity(
        "productType",
        "productType",
        """
        name text(50) required unique trimmed
        inactiveFlag flag =false
        typeXref enum(InventoryPart|NonInventoryPart|OtherCharge|Service)
        defaultFlag flag =false
        """,
    ),
    entity(
        "unitOfMeasure",
        "unitOfMeasure",
        """
        name text(50) required unique trimmed
        inactiveFlag flag =false
        defaultFlag flag =false
        uomScheduleXref text(31)
        """,
    ),
)
