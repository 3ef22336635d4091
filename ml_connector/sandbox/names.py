"""The words the believable company's customers, suppliers and people are made of, per country. Data only.

Family and trade names are ordinary words; every combination is invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A postal code with its town, and the county as Visma gives it (id and name)."""

    postal_code: str
    city: str
    county_id: str
    county: str


@dataclass(frozen=True, slots=True)
class Country:
    """What is needed to invent a company of one country.

    ``areas`` are the leading digits of its phone numbers with the count of digits that follow, fixed lines first;
    ``mobiles`` the same for mobile phones. ``trunk`` is dialled before a national number.
    """

    code: str
    name: str
    currency: str
    domain: str
    dial: str
    trunk: str
    areas: tuple[tuple[str, int], ...]
    mobiles: tuple[tuple[str, int], ...]
    legal_forms: tuple[str, ...]
    places: tuple[Place, ...]
    streets: tuple[str, ...]
    families: tuple[str, ...]
    given: tuple[str, ...]
    landmarks: tuple[str, ...]
    trades: tuple[str, ...]
    box: str


def _listed(text: str) -> tuple[str, ...]:
    """Return the entries of a text, which are divided by bars."""
    return tuple(entry.strip() for entry in text.replace("\n", " ").split("|") if entry.strip())


NORWAY = Country(
    code="NO",
    name="Norge",
    currency="NOK",
    domain="no",
    dial="47",
    trunk="",
    areas=tuple((area, 6) for area in "22 23 32 33 35 51 52 55 56 61 62 66 69 70 73 74 75 76 77".split()),
    mobiles=tuple((lead, 6) for lead in "40 41 45 46 47 48 90 91 92 93 95 97 98".split()),
    legal_forms=_listed("AS | AS | AS | AS | AS | ASA | ANS | DA | SA | ENK"),
    places=(
        Place("0155", "OSLO", "03", "Oslo"),
        Place("0484", "OSLO", "03", "Oslo"),
        Place("1337", "SANDVIKA", "32", "Akershus"),
        Place("1706", "SARPSBORG", "31", "Østfold"),
        Place("2317", "HAMAR", "34", "Innlandet"),
        Place("2609", "LILLEHAMMER", "34", "Innlandet"),
        Place("3044", "DRAMMEN", "33", "Buskerud"),
        Place("3126", "TØNSBERG", "39", "Vestfold"),
        Place("3717", "SKIEN", "40", "Telemark"),
        Place("4014", "STAVANGER", "11", "Rogaland"),
        Place("4611", "KRISTIANSAND S", "42", "Agder"),
        Place("5006", "BERGEN", "46", "Vestland"),
        Place("5531", "HAUGESUND", "11", "Rogaland"),
        Place("6002", "ÅLESUND", "15", "Møre og Romsdal"),
        Place("6800", "FØRDE", "46", "Vestland"),
        Place("7011", "TRONDHEIM", "50", "Trøndelag"),
        Place("8006", "BODØ", "18", "Nordland"),
        Place("8450", "STOKMARKNES", "18", "Nordland"),
        Place("9008", "TROMSØ", "55", "Troms"),
        Place("9510", "ALTA", "56", "Finnmark"),
    ),
    streets=_listed(
        """
        Storgata | Kirkegata | Sjøgata | Industriveien | Skolevegen | Strandgata | Havnegata |
        Bøkeveien | Kongens gate | Nedre Langgate | Åsgårdveien | Fjordveien | Møllebakken |
        Elveveien | Ørneveien
        """
    ),
    families=_listed(
        """
        Haugen | Bjørkelund | Aasen | Sørlie | Ødegård | Nygård | Strøm | Lærum | Tveit | Myhre |
        Grønli | Solbakken | Hægeland | Vågen | Rønning | Skår | Bakke | Fossum | Eide | Kvåle |
        Brekke | Moen
        """
    ),
    given=_listed(
        """
        Ingrid | Øystein | Åse | Kåre | Bjørn | Sigrid | Håkon | Turid | Pål | Marit | Jørgen |
        Solveig | Gøran | Astrid | Torbjørn | Ragnhild | Sølvi | Anne Grethe | Lars | Kjærsti | Terje |
        Hilde
        """
    ),
    landmarks=_listed(
        """
        Nordlys | Fjordglimt | Sørlandet | Midnattssol | Havørn | Tindeby | Fossekall | Vestavind |
        Lyngheia | Måseskjær | Blåfjell | Østerdalen | Kystlinja | Grønnvik | Langøya | Rødberg |
        Snøhvit | Trollstøl
        """
    ),
    trades=_listed(
        """
        Elektro | Rørservice | Bygg | Maskin | Entreprenør | Fisk | Transport | Verft | Møbler |
        Ventilasjon | Bakeri | Eiendom | Landbruk | Sjømat | Rederi | Bilsenter | Trevare |
        Skipsservice | Hotell | Energi
        """
    ),
    box="Postboks",
)

SWEDEN = Country(
    code="SE",
    name="Sverige",
    currency="SEK",
    domain="se",
    dial="46",
    trunk="0",
    areas=(("8", 7), ("31", 6), ("40", 6), ("18", 6), ("19", 6)),
    mobiles=(("70", 7), ("72", 7), ("73", 7), ("76", 7)),
    legal_forms=_listed("AB | AB | AB | HB | AB (publ)"),
    places=(
        Place("111 22", "Stockholm", "AB", "Stockholms län"),
        Place("411 03", "Göteborg", "O", "Västra Götalands län"),
        Place("211 20", "Malmö", "M", "Skåne län"),
        Place("753 20", "Uppsala", "C", "Uppsala län"),
        Place("903 26", "Umeå", "AC", "Västerbottens län"),
        Place("702 11", "Örebro", "T", "Örebro län"),
    ),
    streets=_listed(
        "Storgatan | Kungsgatan | Hamngatan | Järnvägsgatan | Östra Ågatan | Skolvägen | Björkvägen"
    ),
    families=_listed("Lindström | Åkesson | Sjöberg | Öberg | Nyström | Bäckman | Hallberg | Norén | Wåhlin"),
    given=_listed("Åsa | Björn | Göran | Märta | Elin | Håkan | Sören | Ulrika | Anders | Lovisa"),
    landmarks=_listed(
        "Mälarviken | Västkust | Norrsken | Björkliden | Skånegård | Älvdalen | Södervik | Granåsen"
    ),
    trades=_listed(
        "Bygg | Maskin | El | Rör | Åkeri | Livsmedel | Teknik | Verkstad | Fastigheter | Trävaror"
    ),
    box="Box",
)

DENMARK = Country(
    code="DK",
    name="Danmark",
    currency="DKK",
    domain="dk",
    dial="45",
    trunk="",
    areas=(("33", 6), ("35", 6), ("70", 6), ("86", 6), ("98", 6)),
    mobiles=(("20", 6), ("22", 6), ("26", 6), ("40", 6)),
    legal_forms=_listed("ApS | A/S | A/S | I/S"),
    places=(
        Place("1123", "København K", "84", "Hovedstaden"),
        Place("8000", "Aarhus C", "82", "Midtjylland"),
        Place("5000", "Odense C", "83", "Syddanmark"),
        Place("9000", "Aalborg", "81", "Nordjylland"),
        Place("4600", "Køge", "85", "Sjælland"),
    ),
    streets=_listed("Vestergade | Nørregade | Havnevej | Søndergade | Østre Allé | Kirkevænget | Ågade"),
    families=_listed("Sørensen | Møller | Østergaard | Kjær | Bæk | Lund | Nørgaard | Bødker"),
    given=_listed("Søren | Mette | Jørgen | Kirsten | Bjarke | Åge | Pernille | Niels | Gry"),
    landmarks=_listed("Øresund | Vesterhav | Limfjord | Skagen | Bøgelund | Sønderjysk | Fyrtårn"),
    trades=_listed("Byg | Maskiner | El | VVS | Vognmand | Fødevarer | Møbler | Teknik | Smede"),
    box="Postboks",
)

FINLAND = Country(
    code="FI",
    name="Finland",
    currency="EUR",
    domain="fi",
    dial="358",
    trunk="0",
    areas=(("9", 7), ("2", 7), ("3", 7), ("8", 7)),
    mobiles=(("40", 7), ("50", 7), ("45", 7)),
    legal_forms=_listed("Oy | Oy | Oyj | Ky"),
    places=(
        Place("00100", "HELSINKI", "01", "Uusimaa"),
        Place("20100", "TURKU", "02", "Varsinais-Suomi"),
        Place("33100", "TAMPERE", "06", "Pirkanmaa"),
        Place("90100", "OULU", "17", "Pohjois-Pohjanmaa"),
        Place("65100", "VAASA", "15", "Pohjanmaa"),
    ),
    streets=_listed(
        "Mannerheimintie | Hämeenkatu | Satamakatu | Kauppakatu | Itäinen Pitkäkatu | Väinämöisentie"
    ),
    families=_listed("Virtanen | Mäkelä | Hämäläinen | Koskinen | Järvinen | Söderholm | Niemelä | Räsänen"),
    given=_listed("Päivi | Jyrki | Seppo | Antti-Jussi | Kaisa | Matti | Hannele | Väinö | Leena"),
    landmarks=_listed("Pohjola | Revontuli | Saaristo | Järvi-Suomi | Lappi | Itämeri | Hämeen"),
    trades=_listed(
        "Rakennus | Konepaja | Sähkö | Kuljetus | Elintarvike | Puutuote | Tekniikka | Kiinteistö"
    ),
    box="PL",
)

GERMANY = Country(
    code="DE",
    name="Tyskland",
    currency="EUR",
    domain="de",
    dial="49",
    trunk="0",
    areas=(("40", 7), ("30", 8), ("89", 7), ("431", 6), ("421", 6)),
    mobiles=(("151", 8), ("160", 7), ("171", 7)),
    legal_forms=_listed("GmbH | GmbH | GmbH & Co. KG | AG | e.K."),
    places=(
        Place("20457", "Hamburg", "HH", "Hamburg"),
        Place("24103", "Kiel", "SH", "Schleswig-Holstein"),
        Place("10115", "Berlin", "BE", "Berlin"),
        Place("80331", "München", "BY", "Bayern"),
        Place("28195", "Bremen", "HB", "Bremen"),
    ),
    streets=_listed("Hafenstraße | Lange Straße | Mühlenweg | Große Elbstraße | Königstraße | Industriering"),
    families=_listed("Müller | Schröder | Weiß | Köhler | Großmann | Jäger | Petersen | Böttcher"),
    given=_listed("Jürgen | Käthe | Günther | Sabine | Heike | Björn | Ursula | Dörte | Klaus"),
    landmarks=_listed("Nordsee | Elbblick | Küsten | Hanse | Süderhof | Förde | Weserland"),
    trades=_listed(
        """
        Maschinenbau | Elektrotechnik | Spedition | Fischhandel | Holzbau | Gebäudetechnik |
        Möbelwerk
        """
    ),
    box="Postfach",
)

COUNTRIES = (NORWAY, SWEDEN, DENMARK, FINLAND, GERMANY)
SHARES = (70, 13, 7, 5, 5)
"""How many of a hundred companies belong to each of COUNTRIES."""

FREE_MAIL_HOSTS = ("gmail.com", "hotmail.com", "outlook.com", "online.no", "icloud.com", "yahoo.no")
SHARED_MAILBOXES = ("post", "faktura", "regnskap", "firmapost", "info", "kundeservice")
BOOKKEEPERS = (
    "tallknuseren-regnskap.no",
    "bilagsbua.no",
    "debetogkredit.no",
    "nordkalott-okonomi.no",
    "saldohuset.no",
)
"""Accounting offices whose one mailbox receives the invoices of several customers."""

POSITIONS = _listed(
    "Daglig leder | Økonomisjef | Innkjøper | Prosjektleder | Regnskapsmedarbeider | Driftssjef | CEO | CFO"
)
