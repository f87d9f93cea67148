"""Legal forms of companies, of many countries. A name without them is compared first, and the forms after it.

The table has one line for each form. The first word stands for all spellings of the line. Dots, slashes and blanks
inside a form are removed before it is looked up (`names.py`).
"""

from __future__ import annotations

STRONG = """
ltd limited pty pte pvt proprietary lmtd ltda ltee limitada limitee
inc incorporated incorp
corp corporation
llc
llp
lllp
plc
pllc
ulc
gmbh ggmbh mbh gesmbh gmbhuhaftungsbeschrankt
ag aktiengesellschaft
kg kommanditgesellschaft
kgaa
ohg
gbr gdbr gesbr
ug haftungsbeschrankt haftungsbeschraenkt haftungsbeschr ughaftungsbeschrankt
mbb partgmbb partg partmbb
egbr
sarl sarlu
eurl
sprl bvba
asbl vzw
srl srls
snc
sapi
sadecv
sderl sderldecv
eirl
bv
nv
vof
oy
oyj
aps
spzoo
sro
doo
eood ood
kft
zrt
nyrt
uab
sdnbhd bhd sdn
sll
slne
jsc
fze fzco fzllc
wll
cic
clg
scrl cvba
ivs
sagl
tbk
kabushikikaisha
spa societaperazioni
"""

WEAK = """
ek eingetragenerkaufmann ekfm ekfr
ev eingetragenerverein
eg
sas sasu
sci
scp
selarl
sccoop
klg
eu
og
egen genossenschaft
zs
epe
ike
ae
ky
tmi
cb
stichting
hb
asa
sia
ou
kk
pjsc ojsc pao oao
ooo
zao
dac
scop
gie
co company cie cia comp compagnie compania companhia
sa
se
ab
as
lp
pc
pa
kb
ks
da
ans
sl slu
sca
sc
cv
vos
sk
sj
ad
dd
bt
gk
cc
na
pt
is
lda
"""
"""Forms that are also words or initials. They count as forms at the end of a name only."""

PHRASES = {
    "gesellschaft mit beschrankter haftung": "gmbh",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "limited liability co": "llc",
    "public limited company": "plc",
    "professional corporation": "pc",
    "limited partnership": "lp",
    "besloten vennootschap": "bv",
    "naamloze vennootschap": "nv",
    "societe anonyme": "sa",
    "societe a responsabilite limitee": "sarl",
    "sociedad anonima": "sa",
    "sociedad limitada": "sl",
    "sociedad de responsabilidad limitada": "srl",
    "societa per azioni": "spa",
    "societa a responsabilita limitata": "srl",
    "sociedade anonima": "sa",
    "offene handelsgesellschaft": "ohg",
    "gesellschaft burgerlichen rechts": "gbr",
    "unternehmergesellschaft": "ug",
    "s a de c v": "sadecv",
    "sa de cv": "sadecv",
    "s de rl de cv": "sderl",
    "s de rl": "sderl",
    "sp z o o": "spzoo",
    "sp z oo": "spzoo",
    "spolka z oo": "spzoo",
    "sp zoo": "spzoo",
    "spolka z o o": "spzoo",
    "spolka z ograniczona odpowiedzialnoscia": "spzoo",
    "sp j": "sj",
    "sp k": "sk",
    "spolka jawna": "sj",
    "spolka komandytowa": "sk",
    "spolka akcyjna": "sa",
    "spol s r o": "sro",
    "spol sro": "sro",
    "s r o": "sro",
    "d o o": "doo",
    "sdn bhd": "sdnbhd",
    "e kfm": "ek",
    "e kfr": "ek",
    "haftungsbeschrankt": "ug",
    "haftungsbeschraenkt": "ug",
    "ges mbh": "gmbh",
    "gesellschaft mbh": "gmbh",
    "gesellschaft m b h": "gmbh",
    "stiftung und co": "co",
    "stiftung and co": "co",
    "part g mbb": "mbb",
    "gesellschaft mit beschraenkter haftung": "gmbh",
    "l l c": "llc",
    "aktiebolag": "ab",
    "aksjeselskap": "as",
    "anpartsselskab": "aps",
    "osakeyhtio": "oy",
    "ab publ": "ab",
    "san ve tic as": "as",
    "tic ltd sti": "ltd",
    "ltd sti": "ltd",
    "anonim sirketi": "as",
    "limited sirketi": "ltd",
    "s com": "scom",
    "s coop": "sccoop",
    "soc coop": "sccoop",
    "spolecnost s rucenim omezenym": "sro",
    "akciova spolecnost": "as",
    "aktieselskab": "as",
    "kommanditgesellschaft": "kg",
    "partnerschaftsgesellschaft": "mbb",
    "co ltd": "ltd",
    "and c": "co",
    "and co": "co",
    "und co": "co",
    "et cie": "co",
    "y cia": "co",
    "i co": "co",
}
"""Forms of several words, in plain letters. A phrase counts anywhere in a name, but for its first word."""

LEADING = frozenset(
    {
        "sarl",
        "sas",
        "sa",
        "srl",
        "sci",
        "pt",
        "uab",
        "sia",
        "ooo",
        "zao",
        "oao",
        "pao",
        "firma",
        "fa",
        "stichting",
        "gmbh",
        "llc",
        "inc",
        "ltd",
    }
)
"""Forms that are written before a name too."""


def _table(text: str) -> dict[str, str]:
    return {word: line.split()[0] for line in text.strip().splitlines() for word in line.split()}


STRONG_FORMS = _table(STRONG)
del STRONG_FORMS["spa"]  # `Day Spa` is no joint-stock company. `names.py` tells them apart by the case of the letters.
WEAK_FORMS = _table(WEAK)
FORMS = {**WEAK_FORMS, **STRONG_FORMS}

SPELLINGS: dict[str, tuple[str, ...]] = {
    form: (form, *(word for word, meant in FORMS.items() if meant == form and word != form))
    for form in {*FORMS.values(), *PHRASES.values()}
}
"""All spellings of each form."""

WITHOUT_WEIGHT = frozenset({"co"})
"""Forms that people add and leave out as they like."""

OFTEN_MISTYPED = (
    "gmbh",
    "limited",
    "incorporated",
    "corporation",
    "company",
    "llc",
    "ltd",
    "inc",
    "corp",
    "sarl",
    "pty",
)
"""Forms whose typing errors are recognised at the end of a name."""
