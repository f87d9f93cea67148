"""Integrator logins, custom fields, callbacks, members and locations [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "integratorLogin",
        "integratorLogin",
        """
        username text(50) required unique trimmed
        password text(50) writeonly
        canAccessAllRecordsFlag flag =false
        canAccessAllApisFlag flag =false
        inactiveFlag flag =false
        dateInactivated date computed
        inactivatedBy ref(Member) computed
        serviceTicketApiFlag flag =false
        board ref(Board)
        serviceBoardCallbackUrl text(1000)
        serviceBoardLegacyCallbackFlag flag =false
        timeEntryApiFlag flag =false
        member ref(Member)
        timeEntryCallbackUrl text(1000)
        timeEntryLegacyCallbackFlag flag =false
        managedServicesApiFlag flag =false
        managedServicesAutoChildFlag flag =false
        managedServicesChildingFlag flag =false
        contactApiFlag flag =false
        contactCallbackUrl text(1000)
        contactLegacyCallbackFlag flag =false
        companyApiFlag flag =false
        companyCallbackUrl text(1000)
        companyLegacyCallbackFlag flag =false
        activityApiFlag flag =false
        activityCallbackUrl text(1000)
        activityLegacyCallbackFlag flag =false
        invoiceApiFlag flag =false
        productApiFlag flag =false
        productCallbackUrl text(1000)
        productLegacyCallbackFlag flag =false
        opportunityApiFlag flag =false
        opportunityCallbackUrl text(1000)
        opportunityLegacyCallbackFlag flag =false
        opportunityConversionApiFlag flag =false
        memberApiFlag flag =false
        marketingApiFlag flag =false
        purchasingApiFlag flag =false
        purchasingCallbackUrl text(1000)
        purchasingLegacyCallbackFlag flag =false
        reportingApiFlag flag =false
        systemApiFlag flag =false
        projectApiFlag flag =false
        projectCallbackUrl text(1000)
        projectLegacyCallbackFlag flag =false
        configurationApiFlag flag =false
        configurationAutoChildFlag flag =false
        configurationChildlingFlag flag =false
        configurationCallbackUrl text(1000)
        configurationLegacyCallbackFlag flag =false
        scheduleApiFlag flag =false
        scheduleCallbackUrl text(1000)
        scheduleLegacyCallbackFlag flag =false
        agreementApiFlag flag =false
        agreementCallbackUrl text(1000)
        agreementCallbackLegacyFlag flag =false
        documentApiFlag flag =false
        """,
    ),
    entity(
        "userDefinedField",
        "userDefinedField",
        """
        podId int required
        caption text(25) required
        sequenceNumber int required
        helpText text(1000)
        fieldTypeIdentifier enum(CustomFieldType) required
        numberDecimals int
        entryTypeIdentifier enum(Date|EntryField|List|Option)
        requiredFlag flag =false
        displayOnScreenFlag flag =false
        readOnlyFlag flag =false
        listViewFlag flag =false
        buttonUrl text(1000)
        options objects(UserDefinedFieldOption)
        businessUnitIds numbers
        locationIds numbers
        addAllBusinessUnits flag =false
        removeAllBusinessUnits flag =false
        addAllLocations flag =false
        removeAllLocations flag =false
        dateCreated date computed
        """,
    ),
    entity(
        "callback",
        "callbackEntry",
        """
        description text(100)
        url text
        objectId int
        type text
        level text
        memberId int
        payloadVersion text
        inactiveFlag flag =false
        isSoapCallbackFlag flag =false
        isSelfSuppressedFlag flag =false
        """,
    ),
    entity(
        "member",
        "member",
        """
        identifier text
        firstName text
        middleInitial text
        lastName text
        fullName text
        defaultEmail text
        photo ref(Document)
        licenseClass enum(A|C|F|X)
        inactiveFlag flag
        """,
    ),
    entity(
        "location",
        "location",
        """
        name text
        location_flag flag
        structureLevel ref(CorporateStructureLevel)
        """,
    ),
)
