"""A retry: what of a plan is about the refused records that a person wants tried again. Pure.

Their links come with them, and the opening of invoices that waited for them; everything else waits for its next run.
"""

from collections.abc import Collection, Iterable, Iterator

from ml_connector.plan.operations import Action, Operation

LINKING = frozenset({Action.LINK, Action.UNLINK})


def only_about(operations: Iterable[Operation], keys: Collection[str]) -> Iterator[Operation]:
    """Yield the operations on some records, their links, and then the openings of invoices that these belong to."""
    linked: set[str] = set()
    for operation in operations:
        if operation.action in LINKING:
            ends = (operation.values.get("from"), operation.values.get("to"))
            mine = any(end in keys for end in ends)
            linked.update(str(end) for end in ends if mine)
        elif operation.action is Action.OPEN:
            mine = operation.key in keys or operation.key in linked
        else:
            mine = any(key in keys for key in operation.keys)
        if mine:
            yield operation
