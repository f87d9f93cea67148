"""Words that mean the same in company names, and words that say little about whose name it is.

Each line of `SAME` has spellings of one word: abbreviations, plurals and translations that people exchange. The first
word stands for all of the line.
"""

from __future__ import annotations

from reconciler.importing.matching.surnames import SURNAMES


def _list(text: str) -> list[str]:
    return text.split()


SAME = """
international intl int internat internatl internazionale internationale internacional internationaal
national natl
american amer
manufacturing mfg manufg manuf manufacturer manufacturers mfrs mfr
service services svc svcs serv servs srv srvs servicios servizi servicos diensten dienste dienst
associate associates assoc assocs association assn asc assocation
brother brothers bros bro
technology technologies tech techn technol technical technologie technologien tecnologia tecnologias
management mgmt mgt mngmt mgmnt
department dept
university univ
engineering engineers engineer engrg engr engg eng ingenieria
construction constr const construct constructions construccion construcciones costruzioni
center centre ctr cntr cent zentrum centrum centro
hospital hosp
medical med medic medicine
industry industries ind inds indus industrie industrial industria industrias
enterprise enterprises ent entpr entr
group grp groupe gruppe gruppo grupo groep grup
holding holdings hldg hldgs hold
development dev devel developments dvlpmt
distribution dist distr distributors distributor distrib distributing
insurance ins insur assurance assurances versicherung versicherungen vers
investment investments inv invest invst
accounting acct accts acctg accountants accountant accountancy
saint st sankt sint santa san ste
street str strasse straat
mount mt
fort ft
doctor dr
professor prof
junior jr
senior sr
number no nr num
building bldg buildings bldgs bldrs builder builders
system systems sys syst systeme sistemas sistemi systemen
solution solutions sol sols soln solns soluciones soluzioni losungen
communication communications comm comms comunicaciones
electric electrical electronics electronic elec electr
mechanical mech
plumbing plmb plbg plumb
product products prod prods produkte produits
equipment equip eqpt
laboratory laboratories lab labs laboratorio
library lib
school sch schools
government gov govt
financial fin finance finances finanz
consulting consultants consultant consult cons consultancy consultores consulenza conseil
property properties prop props
partner partners ptnr ptnrs partnership
restaurant restaurants rest
automotive auto autos automobile automobiles
transport transportation transports trans transp transporte
logistics logistic log logistik logistique
pharmacy pharm pharma pharmaceutical pharmaceuticals
dental dentist dentistry dentists
veterinary vet vets
clinic clinics clin
physician physicians phys
surgery surg
therapy ther
attorney attorneys atty attys lawyers lawyer
law legal
marketing mktg mkt
advertising adv advert
security sec secur
environmental env environment envir
agriculture agri agricultural agric
architect architects arch architecture architekten architektur
design designs dsgn
real rl
estate est
supply supplies supp sply
wholesale whsl
furniture furn
heating htg
cooling clg
air ac
county cnty
community cmty
foundation fdn fndn found
institute inst institut
commission commn
committee cttee
corporate corpt
exchange exch
machine machines mach machinery maschinen masch maschinenbau
material materials mat matl
metal metals met
mortgage mtg
motor motors mtr mtrs
packaging pkg packg
publishing publ publishers pub
research rsch res
telecommunications telecom telecommunication telecomm
vehicle vehicles veh
warehouse whse
family fam
gebruder gebr gebrueder gebroeders
agency agcy agy agencies agentur agence agencia
son sons sohne sohn sn soehne fils hijos figli zonen zn zoon
hermanos hnos hermano
fratelli flli
establishment ets etablissements ets etab
steuerberater stb steuerberatung steuerberatungsgesellschaft
rechtsanwalt rechtsanwalte ra rae kanzlei rechtsanwaltskanzlei
zahnarzt zahnarzte zahnarztpraxis
apotheke apo
verwaltung verw
gesellschaft ges
handel handels handelsgesellschaft
elektro elektrotechnik
first 1st
second 2nd
third 3rd
north n nord norte
south s sud sur
east e ost est
west w oeste ouest
northwest nw
northeast ne
southwest sw
southeast se
"""

CONNECTORS = frozenset(
    _list("""
        and und u et y e og och en ja n the of der die das des de du la le les el los las het for und fur in at dba
    """)
)
"""Words that do not count when names are compared."""

DECORATION = frozenset(
    _list("""
        backup backups cove trial msp m365 o365 office365 microsoft365 365 cloud production prod customer client
        kunde managed online server servers workstation workstations nable datto veeam acronis nas vip hq
    """)
)
"""Words that people add to a customer's name in a backup console."""

GENERIC = frozenset(
    _list("""
        international national service associate technology management center group holding enterprise solution
        system consulting partner company care practice office firm global worldwide usa us uk europe online digital
        corporate industry product development family son brother team studio agency works house shop store trading
        gesellschaft praxis buro firma betrieb handel verwaltung beratung cabinet societe agence bureau studio
        impresa compania empresa agencia hq headquarters main business professional general department network
        resource
    """)
)
"""Words that people leave out or add. They say little about whose name it is."""

FILLERS = frozenset(
    _list("""
        group service solution system enterprise partner associate company firm office team hq headquarters corporate
        business general professional gesellschaft gruppe firma buro betrieb societe compania empresa impresa
    """)
)
"""Generic words that name neither a trade nor a place. Other generic words may name a sister company."""

STANDING = frozenset(
    _list("""
        old test demo inactive new closed duplicate dup former formerly archive archived alt neu copy ex
    """)
)
"""Words that mark one of several objects of the same name."""

STRUCTURAL = frozenset(
    _list("""
        holding holdings beteiligung beteiligungs beteiligungen beteiligungsgesellschaft verwaltung verwaltungs
        verwaltungsgesellschaft besitz immobilien immobilier immobiliare inmobiliaria property properties realty
        leasing capital investment investments invest finance ventures foundation stiftung stichting fondation
        fundacion fondazione trust trustees charity beheer vastgoed ejendomme fastigheter eiendom vermietung
        vermogensverwaltung treuhand retail wholesale export import logistics logistik
    """)
)
"""Words by which companies of one group differ. These companies share owners, and often domain and address."""

DISTINGUISHING = frozenset(
    _list("""
        north south east west northwest northeast southwest southeast upper lower inner outer central downtown
        uptown junior senior first second third fourth fifth new old one two three four five six seven eight nine
        ten mitte oben unten alt neu i ii iii iv v vi vii viii ix x
    """)
)
"""Words by which sister companies differ. A name without such a word is another name."""

NUMERALS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
}  # fmt: skip
"""Numbers in words and Roman numerals. `i`, `v` and `x` are initials more often than numbers."""

ALIAS_MARKS = ("doing business as", "trading as", "formerly known as", "formerly", "also known as", "vormals",
               "ehemals", "anciennement", "voorheen", "dba", "d/b/a", "t/a", "fka", "f/k/a", "aka", "a/k/a",
               "previously")  # fmt: skip
"""Words between two names of one company."""


def _table(text: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        for word in line.split():
            table.setdefault(word, line.split()[0])
    return table


SAME_WORD = _table(SAME)

WHOLE_WORDS = GENERIC | STRUCTURAL | DISTINGUISHING | STANDING | SURNAMES | frozenset(SAME_WORD.values())
"""Whole words. A longer word that begins with one of them is another word."""

_CUT_STRUCTURAL = 5
"""The smallest number of letters of a structural word that was cut off: `verwaltun`."""


def is_structural(word: str) -> bool:
    """Return whether a word is a structural one, an abbreviation of one, or one that was cut off."""
    if word in STRUCTURAL or SAME_WORD.get(word) in STRUCTURAL:
        return True
    return len(word) >= _CUT_STRUCTURAL and any(whole.startswith(word) for whole in STRUCTURAL)


SPELLINGS: dict[str, tuple[str, ...]] = {line.split()[0]: tuple(line.split()) for line in SAME.strip().splitlines()}
"""All spellings of each word."""
