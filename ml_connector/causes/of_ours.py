"""The causes that we tell ourselves: Visma rows that cannot be sent, records that fit several, and what only waits."""

from ml_connector.causes.model import Cause, Where

DRIFTED = "drifted"
"""The name of the cause of a record that a repair hands to the next sync: HubSpot differs and it is written again."""

DECIDED = "decided"
"""The name of the cause of a record that a person decided about: the next run carries it out."""

_DATA = (
    Cause(
        "amount-missing",
        "The document has no amount in Visma.",
        "Open the document in Visma and see why it has none; to take it for zero would be wrong.",
        Where.VISMA,
        said=(r"cannot be read: it has no \w+$",),
    ),
    Cause(
        "lines-misnumbered",
        "The document's lines have no number, or one number twice.",
        "Open the document in Visma and save it again; if that does not help, ask Visma's support about its lines.",
        Where.VISMA,
        said=(
            "cannot be read: two of its lines have the same number$",
            "cannot be read: one of its lines has no number$",
        ),
    ),
    Cause(
        "row-unreadable",
        "The record has a value of a kind that Visma never had there before.",
        "Open the record in Visma and look at what the message names. Where there is nothing odd, report the message.",
        Where.VISMA,
        said=("its row in Visma cannot be read: ", "has no figures in base currency$"),
    ),
    Cause(
        "contact-nameless",
        "The contact has neither an e-mail address nor a name.",
        "Give the contact a name or an e-mail address in Visma.",
        Where.VISMA,
        said=("^it has neither an e-mail address nor a name$",),
    ),
    Cause(
        "company-nameless",
        "The company has neither a name nor a web domain, and HubSpot asks for one.",
        "Give the customer or supplier a name in Visma.",
        Where.VISMA,
        said=("^it has neither a name nor a web domain, and HubSpot asks for one$",),
    ),
    Cause(
        "mapped-option-missing",
        "A value that is to fill {detail} has no option in the connection's mapping.",
        "Add the value to the mapping's table, or say with `otherwise` what becomes of values without an option.",
        Where.SETTINGS,
        whatever="a property",
        said=(r"cannot fill (?P<detail>\w+): its value is none of those that the mapping has an option for",),
    ),
    Cause(
        "mapped-value-unfit",
        "A value that is to fill {detail} is not of the type that the connection's mapping says.",
        "Correct the value in Visma, or set another type in the mapping.",
        Where.VISMA,
        whatever="a property",
        said=(r" cannot fill (?P<detail>\w+): ",),
    ),
    Cause(
        "document-without-currency",
        "The document has no currency.",
        "Set the document's currency in Visma.",
        Where.VISMA,
        said=("^it has no currency$",),
    ),
    Cause(
        "document-without-date",
        "The document has no date.",
        "Set the document's date in Visma.",
        Where.VISMA,
        said=("^it has no date$",),
    ),
    Cause(
        "document-without-customer",
        "The document names no customer.",
        "Set the document's customer in Visma.",
        Where.VISMA,
        said=("^it names no customer$",),
    ),
    Cause(
        "currency-not-in-portal",
        "The document is in a currency that the HubSpot portal does not have.",
        "Add the currency in HubSpot's settings, or set `invoices.convert_currency` of the connection.",
        Where.HUBSPOT,
        said=("^the portal has no currency ",),
    ),
    Cause(
        DRIFTED,
        "HubSpot differs from Visma, as a reconciliation found.",
        "Nothing: the next sync writes it again.",
        Where.NOWHERE,
        said=("^HubSpot differs from Visma: ",),
    ),
)

_DECISIONS = (
    Cause(
        "several-fit",
        "Several HubSpot records fit, and nothing tells which one it is.",
        "Merge the duplicates in HubSpot, or choose one: `conflicts` shows them side by side.",
        Where.HUBSPOT,
        said=(r"^\d+ HubSpot (companies|contacts) fit\b",),
    ),
    Cause(
        "none-fits",
        "No HubSpot record fits, and a person has to say whether one is made.",
        "Decide it with `conflicts`: make it, or link it with one; or let missing ones be made by the settings.",
        Where.HUBSPOT,
        said=("^no HubSpot (company|contact) fits; a person has to say whether it is made$",),
    ),
    Cause(
        "one-fits-perhaps",
        "One HubSpot record fits, and a person has to say whether it is the one.",
        "Look at both with `conflicts` and say whether they are the same.",
        Where.HUBSPOT,
        said=("^a HubSpot (company|contact) .*; a person has to say whether it is the one$",),
    ),
    Cause(
        "company-claimed-twice",
        "Several Visma records fit one HubSpot company.",
        "Say with `conflicts` which of them it is, or correct what they share in Visma.",
        Where.VISMA,
        said=("^several Visma records fit this HubSpot company by ",),
    ),
    Cause(
        "another-records-company",
        "The HubSpot company that fits is that of another Visma record.",
        "Merge the two records in Visma, or link one of them with another company with `conflicts`.",
        Where.HUBSPOT,
        said=(
            "^the HubSpot company it belongs to carries the id of another Visma record",
            "^a HubSpot company of another Visma record holds one of its ids",
        ),
    ),
    Cause(
        "number-of-another-country",
        "A HubSpot company has the same organisation number in another country.",
        "Correct the country or the number of one of the two in Visma, or decide it with `conflicts`.",
        Where.VISMA,
        said=("^another Visma record's company has its organisation number in another country",),
    ),
    Cause(
        "customer-and-supplier-apart",
        "A customer and a supplier with one organisation number are two companies in HubSpot.",
        "Merge the two companies in HubSpot.",
        Where.HUBSPOT,
        said=("^customer and supplier share an organisation number but are two HubSpot companies",),
    ),
    Cause(
        "choice-gone",
        "The HubSpot record that a person chose is not there any more.",
        "Choose another one with `conflicts`, or take the decision back.",
        Where.HUBSPOT,
        said=("^the HubSpot record that a person chose was archived",),
    ),
    Cause(
        "choice-taken",
        "The HubSpot record that a person chose belongs to another Visma record.",
        "Choose another one with `conflicts`, or link the other Visma record elsewhere first.",
        Where.HUBSPOT,
        said=("^the HubSpot record that a person chose carries the id of another Visma record",),
    ),
    Cause(
        "address-taken",
        "A person wants a contact of its own, but another HubSpot contact has the e-mail address.",
        "Give the contact another address in Visma, or choose the HubSpot contact with `conflicts`.",
        Where.VISMA,
        said=("^a person wants a contact of its own",),
    ),
    Cause(
        DECIDED,
        "A person decided about it; the next run carries it out.",
        "Nothing: the next run carries it out.",
        Where.NOWHERE,
        said=("^another Visma record is linked to the same HubSpot record in this run",),
    ),
)

UNDECIDED = frozenset(cause.name for cause in _DECISIONS)
"""The names of the causes that a person decides."""

_WAITING = (
    Cause(
        "company-missing",
        "The supplier has no company in HubSpot yet.",
        "Nothing, if the supplier is refused too: correct that one, and this follows.",
        Where.NOWHERE,
        said=("^its supplier has no company in HubSpot$",),
    ),
    Cause(
        "link-waits",
        "A link waits for a record that is not in HubSpot yet.",
        "Nothing, if that record is refused: correct that one, and this follows.",
        Where.NOWHERE,
        said=(
            "^the other record is not in HubSpot yet$",
            r"^\S+ is not in HubSpot yet$",
            "^the same association of another Visma record was not confirmed$",
        ),
    ),
    Cause(
        "link-type-missing",
        "The portal has no link between records of these two kinds.",
        "Look in HubSpot's settings whether the two objects can be associated.",
        Where.HUBSPOT,
        said=(r"^HubSpot has no association from \w+ to \w+$",),
    ),
    Cause(
        "draft-waits",
        "An invoice stays a draft in HubSpot until it is whole; it waits for the {detail}.",
        "Nothing, if what it waits for is refused: correct that one, and this follows.",
        Where.NOWHERE,
        whatever="rest of it",
        said=(
            r"^its (?P<detail>company|contact|deal) is not linked yet$",
            r"^one of its (?P<detail>lines) is missing or refused$",
            r"^one of its (?P<detail>links) is not made yet$",
            r"^HubSpot refuses the (?P<detail>invoice) itself$",
            r"^the (?P<detail>invoice) is not in HubSpot yet$",
        ),
    ),
)

CAUSES = (*_DATA, *_DECISIONS, *_WAITING)
