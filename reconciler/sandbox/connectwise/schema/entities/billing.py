"""Billing cycles, terms and invoices [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "billingCycle",
        "billingCycle",
        """
        identifier text(5) required unique trimmed
        name text(50) required unique trimmed
        defaultFlag flag =false
        billingOptions enum(BiMonthly|BiWeekly|Monthly|NotRecurring|Quarterly|SemiAnnual|Weekly|Yearly) required
        """,
    ),
    entity(
        "billingTerm",
        "billingTerm",
        """
        name text(50) required unique trimmed
        defaultFlag flag =false
        dueDays int required
        termsXref text(50)
        """,
    ),
    entity(
        "invoice",
        "invoice",
        """
        invoiceNumber text(15)
        type enum(Agreement|CreditMemo|DownPayment|Miscellaneous|Progress|Standard|Consolidated) required
        status ref(BillingStatus)
        company ref(Company) required
        billToCompany ref(Company)
        shipToCompany ref(Company)
        accountNumber text
        applyToType enum(All|Agreement|Project|ProjectPhase|SalesOrder|Ticket)
        applyToId int
        attention text(60)
        shipToAttention text(60)
        billingSite ref(Site)
        billingSiteAddressLine1 text
        billingSiteAddressLine2 text
        billingSiteCity text
        billingSiteState text
        billingSiteZip text
        billingSiteCountry text
        shippingSite ref(Site)
        shippingSiteAddressLine1 text
        shippingSiteAddressLine2 text
        shippingSiteCity text
        shippingSiteState text
        shippingSiteZip text
        shippingSiteCountry text
        billingTerms ref(BillingTerms)
        reference text(50)
        customerPO text(50)
        templateSetupId int
        invoiceTemplate ref(InvoiceTemplateDetail)
        emailTemplateId int
        addToBatchEmailList flag =false
        date date
        restrictDownpaymentFlag flag =false
        locationId int
        location ref(SystemLocation)
        departmentId int
        department ref(BillingUnit)
        territoryId int
        territory ref(SystemLocation)
        topComment text
        bottomComment text
        taxableFlag flag =false
        taxCode ref(TaxCode)
        internalNotes text
        downpaymentPreviouslyTaxedFlag flag =false
        serviceTotal number computed
        overrideDownPaymentAmountFlag flag =false
        currency ref(Currency)
        dueDate date
        expenseTotal number computed
        productTotal number computed
        previousProgressApplied number computed
        serviceAdjustmentAmount number
        agreementAmount number computed
        downpaymentApplied number computed
        subtotal number computed
        total number computed
        remainingDownpayment number computed
        salesTax number computed
        adjustmentReason text
        adjustedBy text computed
        closedBy text computed
        payments number computed
        credits number computed
        balance number computed
        specialInvoiceFlag flag =false
        billingSetupReference ref(BillingSetup)
        ticket ref(Ticket)
        project ref(Project)
        phase ref(ProjectPhase)
        salesOrder ref(SalesOrder)
        agreement ref(Agreement)
        glBatch ref(Batch)
        unbatchedBatch ref(Batch)
        customFields custom
        """,
    ),
)
