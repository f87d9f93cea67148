"""Words of which the generated estates are made."""

from __future__ import annotations


def _list(text: str) -> list[str]:
    return text.split()


SURNAMES = {
    "us": """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez
        Wilson
        Anderson Thomas Taylor Moore Jackson Martin Lee Thompson White Harris Sanchez Clark Ramirez Lewis Robinson
        Walker
        Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell
        Mitchell
        Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris
        Morales Murphy
        Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward
        Richardson Watson
        Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers
        Long Ross
        Foster Jimenez O'Brien McDonald Vandermeer Kowalczyk Abernathy Blankenship Culpepper Dunaway Eberhart
        Fitzgerald
        Gallagher Hathaway Ingersoll Jankowski Kettleworth Lindqvist Montague Nakamura Oglesby Pemberton Quackenbush
        Rutherford Satterfield Thackeray Underwood Vasquez Wetherby Yarborough Zimmerman""",
    "de": """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
        Richter Klein
        Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause
        Meier Lehmann
        Köhler Maier Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn
        Schubert
        Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon
        Ludwig
        Böhm Winter Kraus Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas
        Schreiber Graf""",
    "fr": """Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel
        García
        David Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet François
        Martínez Legrand
        Garnier Faure Rousseau Blanc Guérin Müller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier
        Dumont""",
    "es": """García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández
        Ruiz Díaz
        Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano
        Morales""",
    "nl": """Jong Jansen Vries Bakker Visser Smit Meijer Boer Mulder Groot Bos Vos Peters Hendriks Leeuwen
        Dekker Brouwer
        Wit Dijkstra Smits Graaf Meer Linden Kok Jacobs Haan Vermeulen Heuvel Veen Broek Schouten Beek Willems""",
    "no": """Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen
        Eriksen
        Berg Haugen Hagen Johannessen Andreassen Jacobsen Halvorsen Jørgensen Dahl Sørensen Lund Strøm Ødegård
        Moen Bakken""",
}
TRADES = {
    "us": """Dental|Dental Care|Law|Law Group|Family Law|Plumbing|Heating & Cooling|Accounting|Accounting
        Services|Insurance
        |Insurance Agency|Manufacturing|Engineering|Construction|Builders|Architects|Consulting|Medical
        Center|Veterinary
        Clinic|Orthodontics|Pharmacy|Realty|Properties|Logistics|Transportation|Auto
        Repair|Landscaping|Marketing|Financial
        Services|Wealth Management|Technologies|Software Solutions|Electrical|Electric Supply|Roofing|Bakery|Brewing
        |Furniture|Printing|Physical Therapy|Pediatrics|Eye Associates|Surgical
        Associates|Environmental|Security|Foods
        |Wholesale|Distribution|Design Studio|Equipment Rental|Holdings|Industries|International|Enterprises""",
    "de": """Zahnarztpraxis|Steuerberatung|Maschinenbau|Elektrotechnik|Bau|Hoch- und
        Tiefbau|Rechtsanwälte|Logistik|Spedition
        |Apotheke|Metallbau|Gartenbau|Immobilien|Versicherungen|Bäckerei|Heizung &
        Sanitär|Werkzeugbau|Druckerei|Möbel
        |Verwaltung|Holding|Gebäudetechnik|Feinmechanik|Medizintechnik|Architekten|Ingenieurbüro|Autohaus|Großhandel""",
    "fr": """Avocats|Plomberie|Électricité|Assurances|Immobilier|Bâtiment|Menuiserie|Transports|Pharmacie
        |Conseil|Boulangerie
        |Construction|Architectes|Expertise Comptable|Chauffage|Logistique|Imprimerie|Paysage""",
    "es": """Abogados|Asesores|Construcciones|Transportes|Seguros|Inmobiliaria|Clínica
        Dental|Ingeniería|Electricidad
        |Instalaciones|Alimentación|Logística|Arquitectos|Consultores|Farmacia""",
    "nl": """Accountants|Advocaten|Bouw|Installatietechniek|Makelaars|Transport|Tandartsen|Verzekeringen
        |Groothandel|Metaal
        |Tuinbouw|Schilderwerken|Logistiek|Architecten|Drukkerij""",
    "no": """Bygg|Elektro|Regnskap|Eiendom|Transport|Rør|Tannklinikk|Advokat|Maskin|Interiør|Arkitekter|Fisk|Trelast""",
}
FORMS = {
    "us": ["Inc", "Inc.", "LLC", "Corp", "Corporation", "Co.", "LLP", "PC", "P.A.", "Ltd", "Incorporated", "", ""],
    "de": ["GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "GbR", "UG (haftungsbeschränkt)", "OHG", "mbB", ""],
    "fr": ["SARL", "SAS", "SA", "S.A.R.L.", "EURL", ""],
    "es": ["S.L.", "S.A.", "SL", "SA", "S.L.U.", ""],
    "nl": ["B.V.", "BV", "N.V.", "VOF", ""],
    "no": ["AS", "ASA", "A/S", ""],
}
OTHER_FORM = {"Inc": "Incorporated", "Inc.": "Inc", "LLC": "L.L.C.", "Corp": "Corporation", "Corporation": "Corp.",
              "Co.": "Company", "Ltd": "Limited", "Incorporated": "Inc.", "GmbH": "G.m.b.H.",
              "AG": "Aktiengesellschaft",
              "GmbH & Co. KG": "GmbH & Co KG", "S.L.": "SL", "SL": "S.L.", "S.A.": "SA", "SA": "S.A.", "B.V.": "BV",
              "BV": "B.V.", "SARL": "S.A.R.L.", "S.A.R.L.": "SARL", "A/S": "AS", "AS": "A/S"}  # fmt: skip
CITIES = {
    "us": _list("""
        Springfield Riverside Franklin Greenville Bristol Clinton Fairview Salem Madison Georgetown Arlington
        Ashland Dover Oxford Jackson Burlington Manchester Milton Newport Auburn
    """),
    "de": _list("""
        Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Nürnberg
    """),
    "fr": ["Paris", "Lyon", "Marseille", "Toulouse", "Nice", "Nantes", "Lille", "Rennes", "Bordeaux", "Reims"],
    "es": ["Madrid", "Barcelona", "Valencia", "Sevilla", "Zaragoza", "Málaga", "Murcia", "Bilbao"],
    "nl": ["Amsterdam", "Rotterdam", "Utrecht", "Eindhoven", "Groningen", "Tilburg", "Almere", "Breda"],
    "no": ["Oslo", "Bergen", "Trondheim", "Stavanger", "Drammen", "Tromsø", "Ålesund"],
}
STREETS = _list("""
    Main Oak Maple Cedar Pine Elm Washington Lake Hill Park Walnut Spring Ridge Church Mill Bridge Station
""")
SYLLABLES = _list("""
    ba be bo bri ca ce cla co da del do en fa fi ga gen gra hel in ja jo ka kel la lu ma mer mi na ne no or pa
    per qui ra ri sa sol sta ta ter tri u va ve vo wen xi ya za ze
""")
NATURE = _list("""
    Blue Red Silver Golden Green Northern Coastal Summit Pinnacle Granite Cascade Prairie Evergreen Lakeside
    Harbor Heritage Liberty Pioneer Patriot Capital Premier Precision Advanced Allied Apex Atlas Beacon Cardinal
    Compass Crescent Delta Eagle Falcon Horizon Keystone Lighthouse Meridian Monarch Oakwood Orion Phoenix
    Redwood Sterling Titan Vanguard
""")
FREE = ["gmail.com", "outlook.com", "yahoo.com", "web.de", "orange.fr", "hotmail.com"]
SHORT = {"International": "Intl", "Manufacturing": "Mfg.", "Services": "Svcs", "Associates": "Assoc.",
"Center": "Ctr",
         "Management": "Mgmt", "Technologies": "Tech", "Engineering": "Eng.", "Construction": "Const.",
         "Group": "Grp",
         "Holdings": "Hldgs", "Insurance": "Ins.", "Brothers": "Bros.", "Financial": "Fin.", "Solutions": "Solns",
         "Company": "Co", "Medical": "Med.", "Distribution": "Dist.", "Industries": "Ind.", "Properties": "Props",
         "Transportation": "Transp.", "Enterprises": "Ent.", "Agency": "Agcy", "Equipment": "Equip.",
         "Söhne": "Sn."}  # fmt: skip
ACCENTS = str.maketrans("äöüÄÖÜéèêáàâóòôíìîúùûñçåÅøØÉÁÍÓÚ", "aouAOUeeeaaaoooiiiuuuncaAoOEAIOU")
TWO_LETTERS = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "ß": "ss",
    "ø": "oe",
    "å": "aa",
    "Ø": "Oe",
}
