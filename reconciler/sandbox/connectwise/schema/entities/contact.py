"""Contacts, their communications and types [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "contact",
        "contact",
        """
        firstName text required
        lastName text
        company ref(Company)
        site ref(Site)
        addressLine1 text
        addressLine2 text
        city text
        state text
        zip text
        country ref(Country)
        relationship ref(Relationship)
        relationshipOverride text
        department ref(ContactDepartment)
        inactiveFlag flag =false
        defaultMergeContactId int
        securityIdentifier text
        managerContact ref(Contact)
        assistantContact ref(Contact)
        title text
        school text
        nickName text
        marriedFlag flag =false
        childrenFlag flag =false
        children text
        significantOther text
        portalPassword text writeonly
        portalSecurityLevel int
        disablePortalLoginFlag flag =false
        unsubscribeFlag flag =false
        gender enum(Female|Male)
        birthDay text
        anniversary text
        presence enum(NoAgent|Online|DoNotDisturb|Away|Offline)
        mobileGuid text computed
        facebookUrl text
        twitterUrl text
        linkedInUrl text
        defaultPhoneType text computed
        defaultPhoneNbr text computed
        defaultPhoneExtension text computed
        defaultBillingFlag flag =false
        defaultFlag flag =false
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
        companyLocation ref(SystemLocation)
        communicationItems objects(ContactCommunicationItem)
        types refs(ContactType) computed
        integratorTags texts
        customFields custom
        photo ref(Document) computed
        ignoreDuplicates flag writeonly =false
        typeIds ints postonly
        """,
    ),
    entity(
        "contactCommunication",
        "contactCommunication",
        """
        contactId int computed
        type ref(CommunicationType)
        value text(250) required
        extension text(15)
        defaultFlag flag =false
        mobileGuid text computed
        communicationType enum(Email|Fax|Phone) computed
        domain text computed
        """,
    ),
    entity(
        "contactType",
        "contactType",
        """
        description text(50) required unique trimmed
        defaultFlag flag =false
        serviceAlertFlag flag =false
        serviceAlertMessage text(150)
        connectWiseId text computed
        """,
    ),
    entity(
        "contactTypeAssociation",
        "contactTypeAssociation",
        """
        type ref(ContactType) required
        contact ref(Contact) computed
        """,
    ),
    entity(
        "communicationType",
        "communicationType",
        """
        description text required unique trimmed
        phoneFlag flag =false
        faxFlag flag =false
        emailFlag flag =false
        defaultFlag flag =false
        exchangeXref text(50)
        iphoneXref text(50) required
        androidXref text(50) required
        googleXref text(50)
        """,
    ),
)
