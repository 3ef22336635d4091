"""How much a plan would change, in figures that runs can be compared by. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ml_connector.plan.operations import Action, Operation

TAKEN_AWAY = (Action.ARCHIVE, Action.UNLINK)

AMOUNT = "visma_amount"
"""The property whose sum is compared: the amounts of documents, payments and transactions."""

CENTS = Decimal(100)

Figures = Mapping[str, int]
"""What :meth:`Changes.as_dict` returns and a run's summary keeps."""

PASSING = frozenset({"visma_days_overdue", "visma_last_modified"})
"""Properties that time changes by itself: an update of nothing else is no change that anybody has to look at."""


@dataclass(slots=True)
class Changes:
    """What a plan would change of one entity.

    Args:
        creates, updates, archives: operations; an archive is a record or link that is taken away.
        fields: updates by property.
        amount: the sum of the amounts written, whatever their sign or currency; only good to be compared.
    """

    creates: int = 0
    updates: int = 0
    archives: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    amount: Decimal = Decimal(0)

    def add(self, operation: Operation) -> None:
        """Count one operation; those that are not sent change nothing."""
        if operation.action is Action.CREATE:
            self.creates += 1
            self._add_amount(operation)
        elif operation.action is Action.UPDATE and not PASSING.issuperset(operation.values):
            self.updates += 1
            self.fields.update(name for name in operation.values if name not in PASSING)
            self._add_amount(operation)
        elif operation.action in TAKEN_AWAY:
            self.archives += 1

    def _add_amount(self, operation: Operation) -> None:
        try:
            self.amount += abs(Decimal(operation.values.get(AMOUNT) or 0))
        except InvalidOperation:
            return

    def as_dict(self) -> Figures:
        """Return the figures as whole numbers, the amount in hundredths, fields as ``field <name>``."""
        return {
            "creates": self.creates,
            "updates": self.updates,
            "archives": self.archives,
            "amount": int(self.amount * CENTS),
            **{f"field {name}": many for name, many in sorted(self.fields.items())},
        }


def shown(figure: str, many: int) -> str:
    """Return a figure of :meth:`Changes.as_dict` for a person, such as ``12 updates of city``."""
    if figure == "amount":
        return f"amounts of {Decimal(many) / CENTS:,.2f} in all"
    name = figure.removeprefix("field ")
    return f"{many:,} {figure}" if name == figure else f"{many:,} updates of {name}"
