"""Choosing the deals of invoices: those of the run that are new or changed, and earlier ones when deals change."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ml_connector.ledger.document_queries import DocumentReader, SentInvoice
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.deal_search import OBJECT, DealFinder
from ml_connector.plan.deals import Bill, DealIndex, Match, match_deal, references
from ml_connector.plan.lines import INVOICE_TIES
from ml_connector.plan.links import DEAL, Wanted, link
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.model import Properties
from ml_connector.settings.money import DealRule, DealSettings

REFERENCES = "references"
DOCUMENT_DATE = "document_date"
"""What the ledger remembers of an invoice besides what HubSpot holds, so that a later deal can be matched with it."""

ASKED = (REFERENCES, DOCUMENT_DATE, "visma_amount", "visma_vat_amount", "hs_currency")


@dataclass(frozen=True, slots=True)
class Choice:
    """The deal of an invoice, or why it has none although some fit; ``fitting`` are their HubSpot ids."""

    wanted: Wanted | None = None
    rule: str | None = None
    reason: str | None = None
    fitting: tuple[str, ...] = ()


class DealChooser:
    """Chooses deals for invoices.

    Args:
        settings: the rules.
        ledger: companies' HubSpot ids, and which deals have invoices.
        finder: reads the deals.
    """

    def __init__(self, settings: DealSettings, ledger: LedgerReader, finder: DealFinder) -> None:
        self._settings = settings
        self._ledger = ledger
        self._finder = finder
        self._taken: dict[str, str] = {}

    def choose(self, bills: Sequence[Bill], expected: int = 0) -> dict[str, Choice]:
        """Return a choice for each invoice that some deal fits, by the invoice's key.

        A deal that fits by amount alone is for one invoice: where it has another already, nothing is chosen.

        Args:
            bills: the invoices.
            expected: how many invoices the run is going to ask about in all, as far as is known.
        """
        if not self._settings.rules or not bills:
            return {}
        index = self._finder.candidates(bills, expected)
        matches = {bill.key: match_deal(bill, index, self._settings) for bill in bills}
        single = {key: match for key, match in matches.items() if len(match.ids) == 1}
        self._note_taken(f"{DEAL}{match.ids[0]}" for match in single.values())
        for key, match in single.items():
            if match.rule is DealRule.REFERENCE:
                self._taken.setdefault(match.ids[0], key)
        return {key: self._choice(key, match) for key, match in matches.items() if match.ids}

    def _choice(self, key: str, match: Match) -> Choice:
        if len(match.ids) > 1:
            reason = f"{len(match.ids)} deals fit by {match.rule}; a person has to choose one"
            return Choice(rule=str(match.rule), reason=reason, fitting=match.ids)
        first = self._taken.setdefault(match.ids[0], key)
        if match.rule is DealRule.ONLY_DEAL and first != key:
            reason = (
                "the deal that fits by amount and date has another invoice already; a person has to choose"
            )
            return Choice(rule=str(match.rule), reason=reason, fitting=match.ids)
        return Choice(Wanted(f"{DEAL}{match.ids[0]}", OBJECT, str(match.rule)), fitting=match.ids)

    def _note_taken(self, deals: Iterable[str]) -> None:
        """Note which deals have invoices, as the ledger knows."""
        unknown = [key for key in dict.fromkeys(deals) if key.removeprefix(DEAL) not in self._taken]
        for key, links in self._ledger.linked_to("invoices", OBJECT, unknown).items():
            self._taken[key.removeprefix(DEAL)] = links[0].from_key

    def later(
        self,
        documents: DocumentReader,
        *,
        since: datetime,
        dated: date,
        planned: Collection[str],
        partition: str,
        alone: Callable[[Collection[str]], Collection[str]],
    ) -> Iterator[Operation]:
        """Yield the links of earlier invoices with deals that came, or were changed, since.

        Args:
            documents: the ledger's invoices.
            since: from when on deals count as changed (aware).
            dated: the earliest date of invoices to look at.
            planned: keys of invoices whose deals were chosen in this run already.
            partition: the window that the links go into.
            alone: returns those of some invoices that are left alone.
        """
        if not self._settings.rules:
            return
        without = [one for one in documents.without_deal(dated, ASKED) if one.key not in planned]
        left = alone([one.key for one in without])
        sent = [one for one in without if one.key not in left]
        changed = DealIndex(self._finder.modified(since) if sent else ())
        if not changed.deals:
            return
        companies = self._ledger.identities(
            "companies", (str(one.values["customer"]) for one in sent if one.values["customer"])
        )
        ids = {key: found.hubspot_id for key, found in companies.items()}
        bills = [bill_of_sent(one, self._settings, ids) for one in sent]
        fitting = [bill for bill in bills if match_deal(bill, changed, self._settings).ids]
        for key, choice in self.choose(fitting).items():
            yield from deal_operations(key, choice, partition)


def deal_operations(key: str, choice: Choice, partition: str) -> Iterator[Operation]:
    """Yield the link with a chosen deal, or a note that several fit."""
    if choice.wanted is not None:
        yield link(INVOICE_TIES, key, choice.wanted, partition)
    else:
        yield Operation(
            entity=INVOICE_TIES.entity,
            object_type=INVOICE_TIES.from_type,
            action=Action.SKIP,
            keys=(f"{key}>deal",),
            partition=partition,
            values={"from": key, "to": DEAL, "to_type": OBJECT},
            rule=choice.rule,
            reason=choice.reason,
            candidates=choice.fitting,
        )


def remembered(record: InvoiceRecord) -> Properties:
    """Return what the ledger keeps of an invoice so that a later deal can be matched with it."""
    return {
        REFERENCES: json.dumps(dict(record.references), ensure_ascii=False, sort_keys=True),
        DOCUMENT_DATE: record.document_date.isoformat() if record.document_date else None,
    }


def bill_of(record: InvoiceRecord, settings: DealSettings, companies: Mapping[str, str]) -> Bill:
    """Return what the rules ask of an invoice; ``companies`` are HubSpot ids by the key of the company."""
    return Bill(
        key=record.key,
        references=references(record.references.get(name) for name in settings.reference_fields),
        company=companies.get(record.customer or ""),
        amount=record.amount,
        net=record.net,
        currency=record.currency,
        dated=record.document_date,
    )


def bill_of_sent(sent: SentInvoice, settings: DealSettings, companies: Mapping[str, str]) -> Bill:
    """Return what the rules ask of an invoice that was sent before, as the ledger remembers it."""
    held = sent.values
    named = json.loads(held[REFERENCES] or "{}")
    amount, vat = Decimal(held["visma_amount"] or 0), Decimal(held["visma_vat_amount"] or 0)
    dated = held[DOCUMENT_DATE]
    return Bill(
        key=sent.key,
        references=references(named.get(name) for name in settings.reference_fields),
        company=companies.get(held["customer"] or ""),
        amount=amount,
        net=amount - vat,
        currency=held["hs_currency"] or "",
        dated=date.fromisoformat(dated) if dated else None,
    )
