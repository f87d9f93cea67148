"""Companies, their sites and types, and the setup tables around them [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "company",
        "company",
        """
        identifier text(156) required unique trimmed
        name text(156) required
        status ref(CompanyStatus)
        addressLine1 text(50)
        addressLine2 text(50)
        city text(50)
        state text(50)
        zip text(12)
        country ref(Country)
        phoneNumber text(30)
        faxNumber text(30)
        website text(255)
        territory ref(SystemLocation)
        market ref(MarketDescription)
        accountNumber text
        defaultContact ref(Contact)
        dateAcquired date
        sicCode ref(SicCode)
        parentCompany ref(Company)
        annualRevenue number =0
        creditLimit number
        additionalDebt number
        numberOfEmployees int
        yearEstablished int
        revenueYear int
        ownershipType ref(OwnershipType)
        timeZoneSetup ref(TimeZoneSetup)
        leadSource text(50)
        leadFlag flag =false
        unsubscribeFlag flag =false
        calendar ref(Calendar)
        userDefinedField1 text(50)
        userDefinedField2 text(50)
        userDefinedField3 text(50)
        userDefinedField4 text(50)
        userDefinedField5 text(50)
        userDefinedField6 text(50)
        userDefinedField7 text(50)
        userDefinedField8 text(50)
        userDefinedField9 text(50)
        userDefinedField10 text(50)
        vendorIdentifier text
        taxIdentifier text
        taxCode ref(TaxCode)
        billingTerms ref(BillingTerms)
        invoiceTemplate ref(InvoiceTemplate)
        pricingSchedule ref(PricingSchedule)
        companyEntityType ref(EntityType)
        billToCompany ref(Company)
        billingSite ref(Site)
        billingContact ref(Contact)
        invoiceDeliveryMethod ref(BillingDelivery)
        emailTemplate ref(EmailTemplate)
        invoiceToEmailAddress text
        invoiceCCEmailAddress text
        deletedFlag flag computed
        dateDeleted date computed
        deletedBy text computed
        mobileGuid text computed
        facebookUrl text
        twitterUrl text
        linkedInUrl text
        currency ref(Currency)
        territoryManager ref(Member)
        resellerIdentifier text
        isVendorFlag flag =false
        types refs(CompanyType) postonly
        site ref(Site) computed
        integratorTags texts
        customFields custom
        """,
    ),
    entity(
        "companySite",
        "companySite",
        """
        name text(156) required
        addressLine1 text(50)
        addressLine2 text(50)
        city text(50)
        stateReference ref(State)
        zip text(12)
        country ref(Country)
        addressFormat text
        phoneNumber text(30)
        phoneNumberExt text(30)
        faxNumber text(30)
        taxCode ref(TaxCode)
        entityType ref(EntityType)
        expenseReimbursement number
        primaryAddressFlag flag =false
        defaultShippingFlag flag =false
        defaultBillingFlag flag =false
        defaultMailingFlag flag =false
        inactiveFlag flag =false
        billSeparateFlag flag =false
        mobileGuid text computed
        calendar ref(Calendar)
        timeZone ref(TimeZoneSetup)
        company ref(Company) computed
        territory ref(SystemLocation)
        invoiceTemplate ref(InvoiceTemplate)
        customFields custom
        """,
    ),
    entity(
        "companyStatus",
        "companyStatus",
        """
        name text(50) required unique trimmed
        defaultFlag flag =false
        inactiveFlag flag =false
        notifyFlag flag =false
        disallowSavingFlag flag =false
        notificationMessage text(500)
        customNoteFlag flag =false
        cancelOpenTracksFlag flag =false
        track ref(Track)
        connectWiseId text computed
        """,
    ),
    entity(
        "companyType",
        "companyType",
        """
        name text(50) required unique trimmed
        defaultFlag flag =false
        vendorFlag flag =false
        serviceAlertFlag flag =false
        serviceAlertMessage text(150)
        connectWiseId text computed
        """,
    ),
    entity(
        "companyTypeAssociation",
        "companyTypeAssociation",
        """
        type ref(CompanyType) required
        company ref(Company) required
        """,
    ),
    entity(
        "country",
        "country",
        """
        name text(50) required unique trimmed
        defaultFlag flag =false
        currency ref(Currency)
        cityCaption text(25)
        stateCaption text(25)
        zipCaption text(25)
        zipMinimumLength int
        dialingPrefix text(5)
        addressFormat ref(AddressFormat)
        countryCode text(2)
        localizationCaptionOne text(25)
        localizationValueOne text(50)
        """,
    ),
)
