"""Agreements, their additions, sites and types [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "agreement",
        "agreement",
        """
        name text(100) required trimmed
        type ref(AgreementType) required
        company ref(Company) required
        contact ref(Contact) required
        site ref(Site)
        subContractCompany ref(Company)
        subContractContact ref(Contact)
        parentAgreement ref(Agreement)
        customerPO text(50)
        location ref(SystemLocation)
        department ref(SystemDepartment)
        restrictLocationFlag flag =false
        restrictDepartmentFlag flag =false
        startDate date
        endDate date
        noEndingDateFlag flag =false
        opportunity ref(Opportunity)
        cancelledFlag flag =false
        dateCancelled date
        reasonCancelled text(100)
        sla ref(SLA)
        workOrder text(20)
        internalNotes text
        applicationUnits enum(Amount|Hours|Incidents) =Amount
        applicationLimit number =0
        applicationCycle enum(ApplicationCycle) =CalendarMonth
        applicationUnlimitedFlag flag =false
        oneTimeFlag flag =false
        coverAgreementTime flag =false
        coverAgreementProduct flag =false
        coverAgreementExpense flag =false
        coverSalesTax flag =false
        carryOverUnused flag =false
        allowOverruns flag =false
        expiredDays int =0
        limit int =0
        expireWhenZero flag =false
        chargeToFirm flag =false
        employeeCompRate enum(Actual|Hourly) =Actual
        employeeCompNotExceed enum(Billing|Amount|Percent) =Billing
        compHourlyRate number =0
        compLimitAmount number =0
        billingCycle ref(BillingCycle)
        billOneTimeFlag flag =false
        billingTerms ref(BillingTerms)
        invoicingCycle enum(ContractYear|CalendarYear) =CalendarYear
        billToCompany ref(Company)
        billToContact ref(Contact)
        billToSite ref(Site)
        billAmount number =0
        taxable flag =false
        prorateFirstBill number =0
        billStartDate date
        taxCode ref(TaxCode)
        restrictDownPayment flag =false
        prorateFlag flag =false
        invoiceProratedAdditionsFlag flag =false
        invoiceDescription text
        topComment flag =false
        bottomComment flag =false
        workRole ref(WorkRole)
        workType ref(WorkType)
        projectType ref(ProjectType)
        invoiceTemplate ref(InvoiceTemplate)
        billTime enum(Billable|DoNotBill|NoCharge|NoDefault) =Billable
        billExpenses enum(Billable|DoNotBill|NoCharge|NoDefault) =Billable
        billProducts enum(Billable|DoNotBill|NoCharge|NoDefault) =Billable
        billableTimeInvoice flag =false
        billableExpenseInvoice flag =false
        billableProductInvoice flag =false
        currency ref(Currency)
        periodType enum(Current|Future|Both|Undefined) =Current
        autoInvoiceFlag flag =false
        billZeroAmountFlag flag =false
        nextInvoiceDate date computed
        companyLocation ref(SystemLocation)
        shipToCompany ref(Company)
        shipToContact ref(Contact)
        shipToSite ref(Site)
        agreementStatus enum(Active|Cancelled|Expired|Inactive) computed
        customFields custom
        """,
    ),
    entity(
        "addition",
        "addition",
        """
        product ref(IvItem) required
        quantity number
        lessIncluded number
        unitPrice number
        unitCost number
        billCustomer enum(Billable|DoNotBill|NoCharge) required
        effectiveDate date
        cancelledDate date
        taxableFlag flag
        serialNumber text(50)
        invoiceDescription text(6000)
        purchaseItemFlag flag =false
        specialOrderFlag flag =false
        agreementId int computed
        description text computed
        billedQuantity number computed
        uom text computed
        extPrice number computed
        extCost number computed
        sequenceNumber number
        margin number computed
        prorateCost number computed
        proratePrice number computed
        extendedProrateCost number computed
        extendedProratePrice number computed
        prorateCurrentPeriodFlag flag computed
        opportunity ref(Opportunity)
        agreementStatus enum(Active|Cancelled|Expired|Inactive) computed
        invoiceGrouping ref(InvoiceGrouping)
        customFields custom
        """,
    ),
    entity(
        "agreementSite",
        "agreementSite",
        """
        company ref(Company)
        site ref(Site)
        agreementId int computed
        customFields custom
        """,
    ),
    entity(
        "agreementType",
        "agreementType",
        """
        name text(50) required unique trimmed
        prefixSuffixOption enum(Prefix|Suffix)
        defaultFlag flag =false
        inactiveFlag flag =false
        prePaymentFlag flag =false
        invoicePreSuffix text(5)
        location ref(SystemLocation)
        department ref(SystemDepartment)
        restrictLocationFlag flag =false
        restrictDepartmentFlag flag =false
        sla ref(SLA)
        applicationUnits enum(Amount|Hours|Incidents)
        applicationLimit number
        applicationCycle enum(ApplicationCycle)
        applicationUnlimitedFlag flag =false
        oneTimeFlag flag =false
        coverAgreementTimeFlag flag =false
        coverAgreementProductFlag flag =false
        coverAgreementExpenseFlag flag =false
        coverSalesTaxFlag flag =false
        carryOverUnusedFlag flag =false
        allowOverrunsFlag flag =false
        expiredDays int
        limit int
        expireWhenZero flag =false
        chargeToFirmFlag flag =false
        employeeCompRate enum(Actual|Hourly) required
        employeeCompNotExceed enum(Billing|Amount|Percent) required
        compHourlyRate number
        compLimitAmount number
        billingCycle ref(BillingCycle)
        billOneTimeFlag flag =false
        billingTerms ref(BillingTerms)
        invoicingCycle enum(ContractYear|CalendarYear) required
        billAmount number
        taxableFlag flag =false
        restrictDownPaymentFlag flag =false
        invoiceDescription text(4000)
        topCommentFlag flag =false
        bottomCommentFlag flag =false
        workRole ref(WorkRole)
        workType ref(WorkType)
        projectType ref(ProjectType)
        invoiceTemplate ref(InvoiceTemplate)
        billTime enum(Billable|DoNotBill|NoCharge|NoDefault) required
        billExpenses enum(Billable|DoNotBill|NoCharge|NoDefault) required
        billProducts enum(Billable|DoNotBill|NoCharge|NoDefault) required
        billableTimeInvoiceFlag flag =false
        billableExpenseInvoiceFlag flag =false
        billableProductInvoiceFlag flag =false
        copyWorkRolesFlag flag =false
        copyWorkTypesFlag flag =false
        exclusionWorkRoleIds ints
        addAllWorkRoleExclusions flag =false
        removeAllWorkRoleExclusions flag =false
        exclusionWorkTypeIds ints
        addAllWorkTypeExclusions flag =false
        removeAllWorkTypeExclusions flag =false
        integrationXRef text(50)
        prorateFlag flag =false
        emailTemplate ref(EmailTemplate)
        autoInvoiceFlag flag =false
        billZeroAmountFlag flag =false
        invoiceProratedAdditionsFlag flag =false
        connectWiseId text computed
        """,
    ),
)
