"""Names by hand: pairs that are one company, pairs that are two, and customers that two companies may be."""

from __future__ import annotations

import pytest

from reconciler.importing.matching.model import (
    Address,
    CandidateAgreement,
    CandidateCompany,
    Customer,
    Estate,
    Proposal,
)
from reconciler.importing.matching.propose import propose
from tests.importing.matching import builders
from tests.importing.matching.estates import world

BERLIN = Address("Hauptstr. 12", "10115", "Berlin")

ONE_COMPANY = [
    ("Zwickelhuber uned Trampusch Stickerei", "Zwickelhuber und Trampusch Stickerei"),
    ("Wolkersdorfer Teppiche OHG (85003) (alt)", "Wolkersdorfer Teppiche OHG"),
    ("Umbrellaworks Sply", "Umbrellaworks Supply LLC"),
    ("KÃ¼hnemund Orgelbau", "Kühnemund Orgelbau GmbH"),
    ("Sj?holmen Segel", "Sjöholmen Segel AB (publ)"),
    ("L\ufffdffelhardt Besteck GmbH", "Löffelhardt Besteck GmbH"),
    ("KD-10733 Quandt Fahrradbau", "Quandt Fahrradbau GmbH"),
    ("Pettibone Kilns - K86665", "Pettibone Kilns LLC"),
    ("Ueberschaer Geigenbau (paid monthly)", "Ueberschär Geigenbau"),
    ("Wigglesworth Saddlery PC (prod)", "Wigglesworth Saddlery, P.C."),
    ("T. Zwingenberger Orgeln", "Thomas Zwingenberger Orgeln"),
    ("Hollingshead Ceramic Tile Wareh", "Hollingshead Ceramic Tile Warehousing LLC"),
    ("Achterkamp Ing.-Büro", "Achterkamp Ingenieurbüro mbH"),
    ("Zillmer Elektrot. SE", "Zillmer Elektrotechnik SE"),
    ("GbR Dinkelacker Imkerei", "Dinkelacker Imkerei"),
    ("Obersteiner Ballonfahrten UG (haftungsbeschr", "Obersteiner Ballonfahrten UG"),
    ("Stichting Wezeperberg", "Wezeperberg"),
    ("霞ヶ関製麺 (old)", "霞ヶ関 製麺"),
    ("Ziegelmayer Falknerei GmbH & C", "Ziegelmayer Falknerei GmbH & Co. KG"),
    ("Aydoğmuş Halı A.Ş.", "Aydogmus Hali San. ve Tic. A.Ş."),
    ("Hallström & Söner AB", "Hallstrom och Soner Aktiebolag"),
    ("Kreuzapotheke am Markt", "Kreuz-Apotheke am Markt e.K."),
    ("Jonesboro Intl Mfg", "Jonesboro International Manufacturing, Inc."),
    ("THE QUILLON GROUP", "Quillon Group LLC"),
    ("Dr. Xaver Obermoser", "Obermoser, Xaver Dr."),
    ("Bjørnstad Rør", "Bjornstad Roer AS"),
    ("Weissenfels Stahlhandel", "Weißenfels Stahlhandel GmbH & Co. KG"),
    ("Zürcher Treuhand", "Zuercher Treuhand AG"),
    ("O&#39;Flaherty Roofing", "O'Flaherty Roofing Ltd"),
    ("OFlaherty Masonry", "O'Flaherty Masonry Ltd"),
    ("Pembroke&amp;Tusk", "Pembroke & Tusk LLP"),
    ("Pembroke + Vale", "Pembroke and Vale LLP"),
    ("Vandenbrouck\u00a0Metaal\u200b", "Vandenbrouck Metaal B.V."),
    ("vandenplas  logistics", "Vandenplas Logistics nv"),
    ("Kowalczewski Transport", "Kowalczewski Transport Sp. z o.o."),
    ("Łukasiewicz Meble", "Lukasiewicz Meble sp.j."),
    ("Gutenbergdruck Mainz", "Gutenberg Druck Mainz GmbH"),
    ("Thornbury Assoc.", "Thornbury Associates Ltd"),
    ("Thistlewood Bros Plumbing", "Thistlewood Brothers Plumbing Inc"),
    ("St. Aldhelm School", "Saint Aldhelm School"),
    ("Mt Rainbird Dental", "Mount Rainbird Dental, P.C."),
    ("Ft. Collingwood Vet Clinic", "Fort Collingwood Veterinary Clinic"),
    ("Zephyrine Technolgies", "Zephyrine Technologies LLC"),
    ("Zanzbar Fishing", "Zanzibar Fishing Co."),
    ("Osterreichische Kletterhalle", "Österreichische Kletterhalle GmbH"),
    ("Oesterreichische Seilbahn", "Österreichische Seilbahn AG"),
    ("Ferrigno Costruzioni", "Ferrigno Costruzioni S.p.A."),
    ("Ferrabosco SpA", "Ferrabosco S.p.A."),
    ("Établissements Chantrier", "Ets Chantrier SARL"),
    ("Chapdelaine et Fils", "Chapdelaine & Fils SAS"),
    ("Hijos de Quiroga", "Quiroga e Hijos S.L."),
    ("Transportes Zubizarreta", "Transportes Zubizarreta, S.A. de C.V."),
    ("7 Pines Brewery", "7 Pines Brewery LLC"),
    ("Seven Oakwoods Lodge", "7 Oakwoods Lodge"),
    ("First Bankhurst Trust", "1st Bankhurst Trust"),
    ("Marchetti Holdings", "Marchetti Hldgs Inc"),
    ("Quarterman Law", "Quarterman Law, PLLC"),
    ("Quasimodo Engineering (Trial)", "Quasimodo Engineering"),
    ("Blenkinsop Foods - Backup", "Blenkinsop Foods Ltd"),
    ("Wetherspoon Farms [M365]", "Wetherspoon Farms"),
    ("Ravenscroft, Inc", "Ravenscroft Incorporated"),
    ("Xylander Pty Ltd", "Xylander Proprietary Limited"),
    ("Zwaardvis v.o.f.", "Zwaardvis VOF"),
    ("Hjältevad Bygg", "HJÄLTEVAD BYGG AB"),
    ("ÇELİKKAYA Metal", "Celikkaya Metal A.Ş."),
    ("Иванченко Логистика", "Ivanchenko Logistika OOO"),
    ("Παπαδόπουλος", "Papadopoylos SA"),
    ("Nagyszombati Kft.", "Nagyszombati Kft"),
    ("Rosenbaum Zahntechnik UG", "Rosenbaum Zahntechnik UG (haftungsbeschränkt)"),
    ("Silvermist Dentsitry", "Silvermist Dentistry"),
    ("Harrowgate  Univ.", "Harrowgate University"),
    ("Larkspur Mgmt", "Larkspur Management Corp."),
    ("Bluebonnet Insurance Agency", "Bluebonnet Ins Agcy Inc."),
    ("KETTERING-BLYTHE", "Kettering Blythe LLP"),
    ("Dalrymple Plumbing and Heating", "Dalrymple Heating & Plumbing"),
    ("Wolverton dba Crisp Bakery", "Crisp Bakery"),
    ("Haverford Steel", "Haverford Steel Company, formerly Haverford Iron Works"),
    ("Gebr. Oberhuber", "Gebrüder Oberhuber OHG"),
    ("Stb. Ringelnatz", "Steuerberater Ringelnatz"),
    ("10009 Pélissier Charpente", "Pélissier Charpente S.A."),
    ("Wolverhampton Freight", "Wolverhampton Freight #10179"),
    ("Nakamura Flooring - NEW", "Nakamura Flooring LLP"),
    ("Underhill Masonry", "Underhill Masonry Corp. *managed*"),
    ("Abercrombie Bros Roofing", "Abercrombie Brotthers Roofing"),
    ("QRX", "Quillfeather Rope Xylophones"),
    ("Umberto Ostwald Kraftwerke International", "UOKI Inc"),
    ("Quatermain Umber Ochre Zoo Pigments", "QUOZ Pigments"),
    ("Muellenhoff Werke", "Mullenhoff Werke AG"),
    ("Una Quail PC", "Una Quail PC (Clinton)"),
    ("Ottokringer Braeuhaus", "Otto Kringer Bräuhaus"),
    ("Quarrington SurveyorsCorporation", "Quarrington Surveyors Corp"),
    ("Umberleigh PloughsInc", "Umberleigh Ploughs Incorporated"),
    ("Håkansbo RevisionA/S", "Håkansbo Revision A/S"),
    ("Of ficina Zorzanello", "Officina Zorzanello S.r.l."),
    ("Ulverscroft Kites Public Limited Co.", "Ulverscroft Kites PLC"),
    ("Oswaldtwistle Kites Public Limiyed Company", "Oswaldtwistle Kites PLC"),
    ("Unterkofler E-Technik", "Unterkofler Elektrotechnik"),
    ("Trevethick Cor poration", "Trevethick Corporation"),
    ("Zirngiebl Drechslerei G mbH", "Zirngiebl Drechslerei GmbH"),
    ("Caompany Imports Falmouthfield PLC", "Falmouthfield Imports Company PLC"),
    ("Penhaligon Motors Cmopany LLC", "Penhaligon Motors LLC"),
    ("Clinic VeterinaryTrelawney", "Trelawney Veterinary Clinic"),
    ("Zollikofer Immmob.", "Zollikofer Immobilien AG"),
    ("Trenchard Mkyg", "Trenchard Marketing Ltd"),
    ("Polperro Fur. Ltd", "Polperro Furniture Ltd"),
    ("J. Öhrnell Snickeri", "Snickeri Jan Öhrnell AB"),
    ("Whitstable DesignMapplewood", "Mapplewood Whitstable Design"),
    ("Yelverton Ksyaks", "Yelverton Kayaks LLP"),
    ("Yalbert Mdaflies", "Yalbert Mayflies LLP"),
    ("Emlynna's Wholesaale", "Emlynda's Wholesale LLC"),
    ("Ugborough, Tregonwelland Bligh", "Ugborough, Tregonwell and Bligh"),
    ("e figli Bacosetti", "Bacosetti e figli S.n.c."),
    ("Riegelmayer Holzbau", "Riegelmayer Holzbau GesbR"),
    ("Cutulinari", "Cutulinari SPA"),
    ("Asesores Duartez", "Asesores Duartez S.L.L."),
    ("Mosemannlein", "Mosemannlein Stiftung & Co. KGaA"),
    ("Blumenschein Hoerak.", "Blumenschein Hörakustik"),
    ("Wimmerl u. Sedlak", "Wimmerl & Sedlak OHG"),
]
"""The customer, and the company that it is."""

TWO_COMPANIES = [
    ("Grimaldi North", "Grimaldi South Inc"),
    ("Tellurian 1", "Tellurian 2"),
    ("Tellurian Works 12", "Tellurian Works 21"),
    ("Branigan Dental", "Branigan Law"),
    ("Castellane Nord", "Castellane Sud"),
    ("Farnsworth Upper School", "Farnsworth Lower School"),
    ("Obermann 3", "Obermann GmbH"),
    ("Delacroix", "Delacroix Lyon Est"),
    ("Pellinore A", "Pellinore B"),
    ("Hobbes Junior", "Hobbes Senior"),
    ("Quintero & Hijos", "Quintero"),
    ("Day Spa", "Day Inc"),
    ("Limited Brands", "Brands Unlimited"),
    ("Rosewater Consulting", "Rosenthal Consulting"),
    ("Northgate Dental", "Southgate Dental"),
    ("Westhaven Legal Clinic", "Easthaven Legal Clinic"),
    ("Lindemann East", "Lindemann West"),
    ("Brauweiler Maler", "Grauweiler Makler"),
    ("Sunrise Valley Farm", "Sunset Valley Farm"),
    ("Highland Park Dental", "Highland Mews Dental"),
    ("New Amberley Clinic", "Old Amberley Clinic"),
    ("Trafalgar One", "Trafalgar Two"),
    ("Mercy Hospital", "Mercer Hospital"),
    ("Tyneside Windows", "Teesside Windows"),
    ("A1 Plumbing", "A2 Plumbing"),
    ("3M Signage", "4M Signage"),
    ("Blackwood 24", "Blackwood 42"),
    ("Saint Florian Bakery", "Saint Fabian Bakery"),
    ("Consulting Group", "Partners Consulting Services"),
    ("Services", "International Services Group"),
    ("Johnson", "Johnson Controls Automation"),
    ("Global Solutions", "Global Systems"),
    ("Yodelglass Pros, Nurem.", "Yodelglass Pros, Bochum"),
    ("Yodelglass Tents (Leeds)", "Yodelglass Tents - York"),
    ("Yodelkites (paid monthly)", "Yodelkites - Berlin"),
    ("Zoltran Quilts", "Zaltren Quilts"),
    ("Gusstaferson And. HB", "Gustaferson HB"),
    ("Reeshaven Ins. Inc", "Reeshaven Inc"),
    ("Lopezio, Stanleyo and JohnsonoIncor.", "Lopezio Inc"),
    ("Conseil Legranndier EURL", "Conseil Legrandier SARL"),
    ("Ga rner", "Warner Inc"),
    ("Walker Quilts", "Waller Quilts"),
    ("Roberts Quilts", "Robert Quilts"),
    ("Linde Quillts", "Lind Quilts"),
]
"""The customer, and a company that it is not, although nothing else is near."""

TWO_CANDIDATES = [
    ("Miller Dentistry", ["Miller Dentistry Care", "Miller Dentistry Group"]),
    ("Smyth Law", ["Smyth Law LLC", "Smyth Law PLLC"]),
    ("Corvino", ["Corvino GmbH", "Corvino AG"]),
    ("Corvetti GmbH", ["Corvetti GmbH & Co. KG", "Corvetti AG"]),
    ("Adlerbrau", ["Adlerbrau 1", "Adlerbrau 2"]),
    ("Quimby", ["Quimby North", "Quimby South"]),
    ("Zentralapotheke", ["Zentralapotheke", "Zentral-Apotheke e.K."]),
    ("Peregrin Mihcael", ["Peregrin Michael", "Michael Peregrin Ltd"]),
    ("Halden Rehab Clinic", ["Halden Rehab Clinic", "Halden Rehab Clinic"]),
    ("Tarn Group", ["Tarn Holding", "Tarn Services"]),
    ("Lancaster Marne", ["Lancaster Mane", "Lancaster Marme"]),
    ("Wexcombe", ["Wexcombe Ltd", "Wexcombe Inc"]),
]
"""The customer, and two companies of which either may be it."""

FILLER = world(7, 300).estate.companies


def company(number: int, name: str) -> CandidateCompany:
    agreement = CandidateAgreement(70_000 + number, "Managed Services")
    return CandidateCompany(60_000 + number, f"C-{number:04}", name, agreements=(agreement,))


def proposals(customers: list[str], companies: list[str]) -> dict[str, Proposal]:
    """The proposals in one estate with many other companies, by the name of the customer."""
    numbered = tuple(company(number, name) for number, name in enumerate(companies))
    named = tuple(Customer("cove", str(number), name) for number, name in enumerate(customers, start=9000))
    return {each.customer.name: each for each in propose(Estate(named, (*FILLER, *numbered)))}


@pytest.mark.parametrize("name", ["Quillfeather Verwaltungs GmbH", "Quillfeather Holding", "Quillfeather Leasing"])
def test_another_company_of_the_group_is_not_proposed_though_domain_and_address_are_the_same(name: str) -> None:
    ours = builders.company(9000, name, emails=("office@quillfeather.example",), addresses=(BERLIN,))
    known = builders.customer("Quillfeather GmbH", emails=("info@quillfeather.example",), address=BERLIN)
    (proposal,) = builders.proposed(known, ours)
    assert proposal.confidence == "open"
    assert "it may be another one of the same group" in proposal.reasons[0]


@pytest.fixture(scope="module")
def matched() -> dict[str, Proposal]:
    return proposals([left for left, _ in ONE_COMPANY], [right for _, right in ONE_COMPANY])


@pytest.fixture(scope="module")
def unmatched() -> dict[str, Proposal]:
    return proposals([left for left, _ in TWO_COMPANIES], [right for _, right in TWO_COMPANIES])


@pytest.fixture(scope="module")
def undecided() -> dict[str, Proposal]:
    return proposals([left for left, _ in TWO_CANDIDATES], [each for _, names in TWO_CANDIDATES for each in names])


@pytest.mark.parametrize(("customer", "name"), ONE_COMPANY)
def test_a_name_that_is_only_written_otherwise_is_the_same_company(
    customer: str, name: str, matched: dict[str, Proposal]
) -> None:
    proposal = matched[customer]
    assert (proposal.confidence, proposal.company and proposal.company.name) == ("likely", name), proposal.reasons


@pytest.mark.parametrize(("customer", "name"), TWO_COMPANIES)
def test_a_name_that_differs_in_a_telling_word_is_another_company(
    customer: str, name: str, unmatched: dict[str, Proposal]
) -> None:
    assert unmatched[customer].confidence == "open", unmatched[customer].evidence


@pytest.mark.parametrize(("customer", "names"), TWO_CANDIDATES)
def test_two_companies_that_are_near_are_not_decided(
    customer: str, names: list[str], undecided: dict[str, Proposal]
) -> None:
    assert undecided[customer].confidence == "open", undecided[customer].evidence
    assert {each.company.name for each in undecided[customer].candidates} >= set(names)
