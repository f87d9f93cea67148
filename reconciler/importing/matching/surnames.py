"""Surnames that differ in few letters. One is not a typing error of another."""

from __future__ import annotations


def _list(text: str) -> list[str]:
    return text.split()


SURNAMES = frozenset(
    _list("""
        adam adams adkins ahlberg ahlgren ahlin ahlqvist ahlstrom ahmad ahmadi ahmed aichinger alan allan allen amann
        anderl anders andersen anderson andersonn andersson andreasen andreassen andreasson andren andresen atkins
        atzler auer aumann bacher bachinger bachler bachmann bader bahr baier baker bakke bakken bakker barer barker
        barnett barrett barry barth bartl barton bauer baum baumann baur bayer beck becker beer beier bender benson
        berg berge berger bergkvist bergman bergmann bergner bergqvist bergstrom bernard berner bernhard berry beyer
        bichler binder binner bird black blomkvist blomqvist blum blume bock bodin bodner bogner bohlander bohler
        bohlin bohm bohman bohme bohnbach bolander bolin bolnbach boman bonbach borg borgstrom borner bostrom bowen
        bowers bowman boyd boyer boyle brady brandl brandner brandstatter brandstetter brandt brandtner brauer braun
        bray brenner breuer brodin brolin broman brook brookes brooks brown browne bruck brucker bruhn brunner bruun
        bryan bryant bucher buchinger buchner burger burk burke burton byrd bystrom carlsen carlson carlsson carr
        carter cartner chan chang chapman chen clark clarke clarkson cocks cohen cohn cole coleman coles collin
        collins colman connell connor cook cooper couper cox craft cramer crews cruz curry dahl dahlberg dahlen
        dahlgren dahlin dahlqvist dahlstrom dale daly daniels david davids davidson davidsson davies davis davison
        dawson dean deane decker denk dennis dickson dietl dietrich dietz dittrich dixon dixson dodd dohn donnell
        dorfer dorn dorner dorr doyle drub drubin dumont dunn dunne dupont duran durand dyer eberhard eberhardt eberl
        ebert eberth ecker edberg eder edlund edman edmonds edstrom edward edwards eibl eichinger eimer eisl ekberg
        ekelund eklund ekman ekstrom eliassen eliasson eliot eller elliot elliott ellis elliston ender engel engen
        engl erber erickson ericsson eriksen erikson eriksson erler etzler fehringer feichter feichtinger feichtner
        felber felder fellner fernandes fernandez fichtinger fink finke finn fischer fisher fleischer fletcher flinn
        flynn forrest forster foster fox francis francois frank franke frederiksen fredriksen frey fritsch fritz fry
        fuchs fuller gardiner gardner garner garnier garrett gartner gauthier gautier gehringer geisler geissler
        gerard gierschner gill girard girschner godwin gonzales gonzalez goodman goodwin gray green greene grey
        griffith griffiths gross gruber gruen gude gute haas haase haering hagen hahn hahne hale hall hamann hand
        hande hanel hansen hanson hanssen hansson harden harding hardt hardy haring harper harris harrison hart harte
        hass haug hauge haugen hayes haynes hays hayward haywood hecker heidrich hein heine heinrich heinz hell
        helland heller henck hendricks hendriks hendrix henk henricksen henriksen henschel hentschel hering herman
        hermann hernandez herrmann heser hess hesse heuser heward hewes heydrich hill hiller hobbes hobbs hodgson
        hodson hoffman hoffmann hofman hofmann holl holm holmes holt hooper hopkin hopkins horton howard howell
        howells hudson hughes huhn hull jacob jacobs jacobsen jahn jakobsen jansen janson janssen jarvis jenkins
        jennings jensen jenson jenssen jepsen jessel jessen johansen johansson johns johnsen johnson johnston jones
        junck juncken jung junge junk junken kade kaiser karlsen karr karz kaster kaul kaur keiser keller kelley
        kellner kelly kemp kempe kern kerner kerr kessler khan king klein klemm klemt kline knudsen knutsen koch
        koehler kohl kohler koster kraemer kraft kramer kramp krampe kraus krause krein kremer kuhl lachmann laing
        lamb lambe lane lang lange larsen larson larsson lassen laursen lawson lee lees lefebvre lefevre leigh lennard
        lentz lenz leonard lewis lind linde linke lloyd lorentz lorenz louis low lowe loyd lund lunde lynn lynne
        macdonald maclean madsen maier mair man mann manning march markel marks marley marsh marten martens martin
        martins marx mason massen masson mathew mathews matthew matthews mayer mcdonald mcdonell mcdonnell mclean
        mcneil mcneill meier mende mendez merkel metz metzger meyer michel mies miles millar miller mills mitchel
        mitchell moeller moller moodie moody moor moore moran more morel morgan morin morley morris morrison morton
        mosemann mueller muller murray murry myer myers nash naylor neal neilson nelson nerger neuman neumann newman
        nicholls nichols nicholson nicolson nielsen niemann nilsen nilsson nissen nixon norman norris oconnor olesen
        olsen olson olsson oneal oneil oneill owen owens page paige paine palmer park parker parkes parks parr parry
        parson parsons paterson patterson payne pearce pears pearson pedersen pederson peirce perry peter peters
        petersen peterson pettersen pettersson pfeifer pfeiffer phelps philips phillips pierce pierson platt pohl pool
        poole porter potter powel powell pratt prescott preston price pryce quinn ramsay ramsey rapp rau rauh read
        reade reed rees reese reeve reeves reid reilly reiter renner ressler reuter reyes rhoades rhodes rice richard
        richards richardson richter rider riley ritter robbins robert roberts robertson robin robins rodgers rodrigues
        rodriguez roger rogers rogner rohricht roland romer romero rorricht rose rosen ross rossi roth rothe rother
        roussel rowe rowland rupp russel russell russo ryan ryder sager sander sanders sanderson sauer saunders sauter
        schaefer schaeffer schafer schenk schenke schmid schmidt schmiedt schmitt schmitz schneider scholl scholtz
        scholz schramm schreiber schroder schroeder schroter schrum schueler schuler schulte schultz schulz schulze
        schuster schutz schutze schwartz schwarz seidel seidl seiler seyler shaffer sharp sharpe shaw shea shepard
        shepherd sheppard sherman sherwin sherwood shultz simmons simon simons simpson simson smit smith smits smyth
        snider snow snyder sorensen sorenson spencer spenser steel steele stein stephen stephens stephenson stern
        stevens stevenson steward stewart stiebitz stocker stone stowe straub strauch strauss striebitz strom stuart
        sutter sutton svendsen svensson swan swann swanson swenson tailor taylor terrell terry thanel thiel thiele
        thieme thomas thompson thomsen thomson thorn thorne thorpe todd tomson tores torres trapp tripp trost trub
        trubin trupp turner tyrrell uhl uhlig vasquez vaughan vaughn vazquez vogel vogt voigt vos voss wagner wagoner
        wahner walker wallace waller wallis walsh walter walters wang ward wards warmer warner waters watkins watson
        watt watts weaver webber weber webster weidel weidner weigel weigl weimer weis weiss welch weller welles wells
        welsh wende wendt wenzel werner west wester wetzel white whyte wilkes wilkins wilkinson wilks williams
        williamson willis willson wilson winkel winkler winslow winston winter winters wirth wirtz wolf wolfe wolff
        wong wood woods woolf wright wulf wulff wyatt yang young younger zahn zeller ziegler zimmer zimmerman
        zimmermann
    """)
)
"""In plain letters, of English, German, Nordic and French."""
