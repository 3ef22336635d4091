"""Which customers and suppliers a Visma row names, as record keys such as ``customer:10023``. Pure.

Snapshots keep these names beside each row, so that nobody has to parse 200,000 invoices to learn whose they are.
"""

from collections.abc import Callable, Iterator, Mapping

from ml_connector.visma.entities import Values, short_module
from ml_connector.visma.snapshots import named_account

RECEIVABLE = "AR"
"""The module whose journal lines name customers in ``customerSupplier``."""


def names_of(entity: str, row: Values) -> list[str]:
    """Return what a row of an entity names, each once; nothing for entities that name nobody."""
    read = _NAMES.get(entity)
    return list(dict.fromkeys(read(row))) if read is not None else []


def _of_contact(row: Values) -> Iterator[str]:
    account = named_account(row)
    if account is not None:
        yield ":".join(account)


def _of_party(kind: str) -> Callable[[Values], Iterator[str]]:
    def read(row: Values) -> Iterator[str]:
        party = row.get(kind)
        number = _number(party.get("number")) if isinstance(party, Mapping) else ""
        if number:
            yield f"{kind}:{number}"

    return read


def _of_batch(row: Values) -> Iterator[str]:
    """Yield the customers of a journal batch: of its lines from the module of receivables (reference: visma 4.4)."""
    lines = row.get("journalTransactionLines")
    for line in lines if isinstance(lines, list) else ():
        module = short_module(str(line.get("module") or row.get("module") or ""))
        number = _number(line.get("customerSupplier"))
        if module == RECEIVABLE and number:
            yield f"customer:{number}"


def _number(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


_OF_CUSTOMER, _OF_SUPPLIER = _of_party("customer"), _of_party("supplier")

_NAMES: Mapping[str, Callable[[Values], Iterator[str]]] = {
    "contacts": _of_contact,
    "customer_payments": _OF_CUSTOMER,
    "customer_invoices": _OF_CUSTOMER,
    "customer_credit_notes": _OF_CUSTOMER,
    "customer_debit_notes": _OF_CUSTOMER,
    "journal_transactions": _of_batch,
    "supplier_invoices": _OF_SUPPLIER,
    "purchase_orders": _OF_SUPPLIER,
}
