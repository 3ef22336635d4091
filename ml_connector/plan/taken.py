"""Which customers and suppliers do not travel, for the plans of what belongs to them: contacts, documents, payments.

What a run's own plan of companies says comes first. Of those it does not look at, the ledger remembers it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.taking import LastSynced, TakingReader
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.upcoming import PlanRows
from ml_connector.records.field_rules import NOT_TAKEN, not_taken
from ml_connector.settings.taking import TakeSettings

COMPANIES = "companies"


class NotTaken:
    """Tells why companies do not travel, by their Visma keys; where the settings take all, it asks nothing.

    Args:
        take: the settings.
        reader: what the ledger remembers.
        ignored: why people decided to leave some alone, by key, whatever the settings take.
    """

    def __init__(
        self, take: TakeSettings, reader: TakingReader, ignored: Mapping[str, str] | None = None
    ) -> None:
        self._take = take
        self._reader = reader
        self._ignored = ignored or {}
        self._known: dict[str, str | None] = {}

    @property
    def takes_all(self) -> bool:
        """Whether every customer and supplier travels."""
        return not (self._filters or self._ignored)

    @property
    def _filters(self) -> bool:
        """Whether the settings leave some out."""
        return self._take.filters_customers or self._take.filters_suppliers

    def noting(self, operations: Iterable[Operation]) -> Iterator[Operation]:
        """Yield the operations of a plan of companies, and learn from them."""
        for operation in operations:
            if operation.entity == COMPANIES and self._filters:
                self._note(operation.keys, operation.action, operation.reason)
            yield operation

    def read(self, plans: Iterable[PlanRows]) -> "NotTaken":
        """Learn from stored plans of companies, and return itself."""
        for plan in plans:
            for row in plan.rows(("action", "keys", "reason"), where=("entity", COMPANIES)):
                self._note(row["keys"], Action(row["action"]), row["reason"])
        return self

    def _note(self, keys: Sequence[str], action: Action, reason: str | None) -> None:
        left_out = action is Action.SKIP and (reason or "").startswith(NOT_TAKEN)
        self._known.update(dict.fromkeys(keys, reason if left_out else None))

    def reasons(self, keys: Iterable[str]) -> dict[str, str]:
        """Return why some of the companies do not travel, by key."""
        if self.takes_all:
            return {}
        wanted = list(dict.fromkeys(keys))
        unknown = [key for key in wanted if key not in self._known]
        if unknown and self._filters:
            self._ask(unknown)
        reasons = ((key, self._ignored.get(key) or self._known.get(key)) for key in wanted)
        return {key: reason for key, reason in reasons if reason is not None}

    def _ask(self, keys: Sequence[str]) -> None:
        """Learn from the ledger: who was left out by the same settings, and what the others were when last synced."""
        left_out = self._reader.left_out(keys, self._take.model_dump(mode="json"), NOT_TAKEN)
        synced = self._reader.last_synced(key for key in keys if key not in left_out)
        for key in keys:
            self._known[key] = left_out.get(key) or self._judged(key, synced.get(key))

    def _judged(self, key: str, last: LastSynced | None) -> str | None:
        """Return why a company that was synced as this does not travel today; what is not known is not judged."""
        if last is None:
            return None
        take, kind = self._take, key.partition(":")[0]
        of_customers = kind == "customer"
        classes = take.customer_classes if of_customers else take.supplier_classes
        statuses: Sequence[str] = take.customer_statuses if of_customers else take.supplier_statuses
        return not_taken(
            kind,
            classes if last.own_class is not None else (),
            last.own_class,
            statuses if last.status is not None else (),
            last.status,
        )


def given_up(
    not_taken: NotTaken | None, ledger: LedgerReader, object_type: str, keys: Collection[str]
) -> set[str]:
    """Return those of the records whose company, as the ledger links them, does not travel.

    What was sent of such a customer stays in HubSpot as it is.
    """
    if not_taken is None or not_taken.takes_all or not keys:
        return set()
    links = ledger.links_of(object_type, list(keys))
    companies = {pair: held.to_key for pair, held in links.items() if held.to_type == COMPANIES}
    reasons = not_taken.reasons(companies.values())
    return {from_key for (from_key, _), company in companies.items() if company in reasons}
