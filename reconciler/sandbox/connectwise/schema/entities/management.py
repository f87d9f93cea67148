"""Managed devices integrations, Management IT records, and the management solutions of companies [spec]."""

from __future__ import annotations

from reconciler.sandbox.connectwise.schema.fields import Entity, entity

ENTITIES: tuple[Entity, ...] = (
    entity(
        "managedDevicesIntegration",
        "managedDevicesIntegration",
        """
        name text(30) required unique trimmed
        solution text(30) required
        portalUrl text(200)
        loginBy enum(Global|Member) required
        globalLoginUsername text(50)
        globalLoginPassword text(50) writeonly
        defaultBillingLevel enum(Detail|Summary) required
        managementItSetupType text computed
        defaultLocation ref(SystemLocation)
        defaultDepartment ref(SystemDepartment)
        integratorLogin ref(IntegratorLogin)
        matchOnSerialNumberFlag flag =true
        disableNewCrossReferencesFlag flag =false
        configBillCustomerFlag flag =false
        """,
    ),
    entity(
        "crossReference",
        "managedDevicesIntegrationCrossReference",
        """
        managedDevicesIntegration ref(ManagedDevicesIntegration) computed
        vendorType text(255)
        vendorLevel text(255)
        agreementType ref(AgreementType)
        product ref(IvItem)
        configurationType ref(ConfigurationType)
        inactiveFlag flag =false
        """,
    ),
    entity(
        "deviceLogin",
        "managedDevicesIntegrationLogin",
        """
        managedDevicesIntegration ref(ManagedDevicesIntegration) computed
        username text(50) required
        password text(50) writeonly
        member ref(Member)
        """,
    ),
    entity(
        "deviceNotification",
        "managedDevicesIntegrationNotification",
        """
        managedDevicesIntegration ref(ManagedDevicesIntegration) computed
        notifyWho ref(NotificationRecipient)
        member ref(Member)
        logType enum(All|Error|NewManagedSolution|NewDeviceType|NewConfiguration|NewAddition|Info) required
        """,
    ),
    entity(
        "managementItSolution",
        "managementItSolution",
        """
        name text(30) required unique trimmed
        managementItSolutionType enum(LevelPlatforms|NAble|Continuum|Custom) required
        managementSolutionName text(30)
        managementServerUrl text(200)
        webserviceOverrideUrl text(200)
        portalOverrideLoginUrl text(200)
        globalLoginFlag flag =false
        globalLoginUsername text(50)
        globalLoginPassword text(50) writeonly
        usingSslFlag flag =false
        nAbleUsername text(50)
        nAblePassword text(50) writeonly
        overrideWebServiceLocationFlag flag =false
        overrideLoginLocationFlag flag =false
        continuumApiUsername text(100)
        continuumApiPassword text(100) writeonly
        levelApiUsername text(100)
        levelApiPassword text(100) writeonly
        levelVarDomain text(100)
        noDisplayFlag flag =false
        """,
    ),
    entity(
        "managementProduct",
        "managementItSolutionAgreementInterfaceParameter",
        """
        managedDevicesIntegration ref(ManagedDevicesIntegration)
        agreementType ref(AgreementType)
        serverProduct ref(IvItem)
        workstationProduct ref(IvItem)
        spamStatsProduct ref(IvItem)
        """,
    ),
    entity(
        "managementSummary",
        "managementSummaryReport",
        """
        managementSolution ref(ManagementSolution)
        groupIdentifier text(100) required
        deviceType enum(WorkstationsAndServers|BackupStats|Servers|Workstations)
        agreement ref(Agreement)
        snmpMachines int computed
        totalWorkstations int computed
        totalServers int computed
        totalWindowsServers int computed
        totalWindowsWorkstations int computed
        totalManagedMachines int computed
        serversOffline int computed
        serversDiskSpaceLow int computed
        failedBackupJobs int computed
        totalNotifications int computed
        successfulBackupJobs int computed
        serverAvailability int computed
        virusesRemoved int computed
        spywareItemsRemoved int computed
        windowsPatchesInstalled int computed
        diskCleanups int computed
        diskDefragmentations int computed
        fullyPatchedMachines int computed
        missingOneTwoPatchesMachines int computed
        missingThreeFivePatchesMachines int computed
        missingMoreFivePatchesMachines int computed
        missingUnscannedPatchesMachines int computed
        alertsGenerated text computed
        internetConnectivity number computed
        diskSpaceCleanedMb int computed
        missingSecurityPatches text computed
        cpuUtilization number computed
        memoryUtilization number computed
        company ref(Company) computed
        """,
    ),
    entity(
        "reportNotification",
        "managementReportNotification",
        """
        notifyWho ref(NotificationRecipient)
        member ref(Member)
        email text(50)
        globalFlag flag =false
        company ref(Company) computed
        """,
    ),
    entity(
        "reportSetup",
        "managementReportSetup",
        """
        scheduledReportDisabledFlag flag required =false
        """,
    ),
)
