"""What the company sells and buys, and the texts it writes on documents. Data only."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is sold or bought. ``price`` is in NOK; ``vat`` the code inside Norway."""

    number: str
    name: str
    uom: str
    price: Decimal
    account: str
    vat: str = "3"


def _items(account: str, text: str, vat: str = "3") -> tuple[Item, ...]:
    """Return the items of a text: number, name, unit and price divided by bars, one item to a line."""
    found = []
    for line in text.strip().splitlines():
        number, name, uom, price = (part.strip() for part in line.split("|"))
        found.append(Item(number, name, uom, Decimal(price), account, vat))
    return tuple(found)


GOODS = _items(
    "3000",
    """
    LS-2100 | Landstrømskap 2100, 125 A med måler | STK | 84250
    LS-2105 | Landstrømskap 2105, 63 A | STK | 41890
    KB-16 | Kabel RQ 5G16 mm², halogenfri | M | 118.4520
    KB-2.5 | Kabel RQ 3G2,5 mm² | M | 14.2875
    LY-440 | Dekkslys LED 440 W, sjøvannsbestandig | STK | 6890
    LY-021 | Nødlys rømningsvei, ØÅ-serien | STK | 1249.5000
    PN-75 | Panelovn 750 W for lugar | STK | 1875.2500
    FR-11 | Frekvensomformer 11 kW | STK | 17640
    AL-300 | Alarmtavle 30 sløyfer | STK | 23400
    SK-8 | Skrue syrefast A4 M8×40 | STK | 2.1340
    BR-12 | Brannmansjett Ø110 | STK | 312.9900
    GF-1 | Gjennomføring rørtetning, brannklasse A60 | STK | 1450
    """,
)
SERVICES = _items(
    "3010",
    """
    T-MONT | Montørtime, ordinær | TIME | 895
    T-OVER | Montørtime, overtid 50 % | TIME | 1342.5000
    T-PROS | Prosjektering og tegning | TIME | 1240
    T-REISE | Reisetid | TIME | 645
    S-AVT | Serviceavtale, måned | MND | 3490
    S-KONTR | Årskontroll brannalarm | STK | 8900
    S-IGANG | Igangkjøring og opplæring om bord | DAG | 11800
    """,
)
MIDDLE = _items("3020", "KANT-1 | Lunsj under kurs, ved våre lokaler | STK | 189", "31")
LOW = _items("3020", "TR-1 | Persontransport med båt til anlegg | TUR | 1450", "33")
FREE = _items("3100", "BOK-1 | Håndbok: elektriske anlegg om bord | STK | 540", "5")
OUTSIDE = _items("3900", "FORS-1 | Viderefakturert forsikring | STK | 1200", "6")
FREIGHT = _items("3900", "FRAKT | Frakt og emballasje | STK | 385.7500")
SOLD = (*GOODS, *SERVICES, *MIDDLE, *LOW, *FREE, *OUTSIDE, *FREIGHT)
SHARES = (*(6 for _ in GOODS), *(9 for _ in SERVICES), 3, 3, 2, 2, 6)

BOUGHT = (
    *_items(
        "4300",
        """
        INN-SKAP | Tavleskap, rustfritt stål | STK | 12400
        INN-KAB | Kabel på trommel, 500 m | TROM | 38900
        INN-LED | LED-armaturer | STK | 2150
        INN-BRYT | Effektbrytere | STK | 1890.5000
        INN-KLE | Klemmer og nipler, sortert | ESK | 412.3300
        """,
        "1",
    ),
    *_items("6340", "STRØM | Strøm verksted | MND | 18450", "1"),
    *_items("6900", "TLF | Mobil og bredbånd | MND | 6120", "1"),
    *_items("6700", "REV | Revisjon og rådgivning | TIME | 1650", "1"),
    *_items("4360", "TOLL | Frakt og toll | STK | 2890", "0"),
)

TEXT_LINES = (
    "Levert om bord på M/S «Havørn» ved kai 4 i Ålesund.",
    "Deres ref.: avtalt pris på telefon.",
    "Gjelder oktober.",
    "---",
)
LONG_TEXT = (
    "Arbeidet omfatter demontering av gammelt anlegg, føring av nye kabler gjennom brannskott, merking på norsk og "
    "engelsk, igangkjøring sammen med maskinsjef, og overlevering av dokumentasjon på papir og minnepinne. Avvik "
    "fra tilbudet er avtalt skriftlig; se vedlagte bilder av lugar 12–18, messa og bysse. "
) * 6
REMARKS = (
    "Vennligst merk betalingen med KID.",
    "Takk for oppdraget – vi sees til våren!",
    "Forsinkelsesrente beregnes etter forfall.\nSpørsmål: regnskap@fjordlys.example",
    None,
    None,
)
SELLERS = {"1": "Ingrid Dahl", "2": "Magnus Lie", "3": "Åse Strøm"}
CREDIT_REASONS = ("Retur av varer", "Feil pris", "Rabatt i ettertid", "Dobbelt fakturert")
