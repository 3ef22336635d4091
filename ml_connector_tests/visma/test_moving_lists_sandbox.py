"""Lists that change while the client reads them from the sandbox, page by page over HTTP."""

import pytest

from ml_connector.errors import TransientApiError
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector_tests.visma.sandboxed import (
    OLD,
    RECENT,
    before_page,
    client,
    read,
    sandbox,
    server,
    serving,
    settings,
)

__all__ = ["sandbox", "server"]


def test_2500_rows_with_one_stamp_over_page_edges() -> None:
    with Sandbox(SandboxSettings(customers=2500, suppliers=0, contacts_per_customer=0)) as sandbox:
        sandbox.visma.restamp("customers", RECENT)
        reader = client(sandbox)
        rows = read(reader, "customers", RECENT)
        assert len(rows) == len({row.key for row in rows}) == 2500
        assert reader.requests.calls == 4


@pytest.mark.parametrize(("order", "versions_of_it"), [("key", 1), ("modified", 2)])
def test_a_row_that_changes_while_pages_are_read(order: str, versions_of_it: int) -> None:
    with serving(settings(order=order)) as sandbox:
        sandbox.visma.restamp("customers", OLD)
        first = sandbox.visma.keys("customers")[0]
        with before_page(
            sandbox, "customers", 2, lambda: sandbox.visma.update("customers", first, {"name": "New AS"})
        ):
            rows = read(client(sandbox), "customers")
        assert {row.key for row in rows} == set(sandbox.visma.keys("customers"))
        versions = [(row.key, row.modified) for row in rows]
        assert len(versions) == len(set(versions))
        assert len([row for row in rows if row.key == first]) == versions_of_it


def test_a_row_deleted_while_pages_are_read(sandbox: Sandbox) -> None:
    first, *others = sandbox.visma.keys("customers")
    with before_page(sandbox, "customers", 2, lambda: sandbox.visma.delete("customers", first)):
        rows = read(client(sandbox), "customers")
    assert {row.key for row in rows} >= set(others)
    assert len(rows) == len({row.key for row in rows})


def test_a_row_deleted_and_another_entered_while_pages_are_read(sandbox: Sandbox) -> None:
    first, *others = sandbox.visma.keys("customers")

    def swap() -> None:
        sandbox.visma.delete("customers", first)
        sandbox.visma.add("customers", {"number": "99999"})

    with before_page(sandbox, "customers", 2, swap):
        rows = read(client(sandbox), "customers")
    assert {row.key for row in rows} == {first, *others, "99999"}


def test_a_busy_company_is_read_although_it_never_stands_still(sandbox: Sandbox) -> None:
    sandbox.visma.restamp("customers", OLD)
    turn = iter(reversed(sandbox.visma.keys("customers")))

    def change() -> None:
        sandbox.visma.update("customers", next(turn), {"accountReference": "x"})

    with before_page(sandbox, "customers", 2, change, always=True):
        reader = client(sandbox)
        rows = read(reader, "customers")
    assert {row.key for row in rows} == set(sandbox.visma.keys("customers"))
    assert reader.requests.calls == 1 + 2 * 4


def test_a_list_that_moves_in_every_reading_ends_in_an_error() -> None:
    with serving(settings(order="modified")) as sandbox:
        sandbox.visma.restamp("customers", OLD)
        turn = iter(sandbox.visma.keys("customers") * 20)

        def change() -> None:
            sandbox.visma.update("customers", next(turn), {"accountReference": "x"})

        with (
            before_page(sandbox, "customers", 3, change, always=True),
            pytest.raises(TransientApiError, match="readings"),
        ):
            read(client(sandbox), "customers")


def test_a_batch_that_grows_between_its_pages(sandbox: Sandbox) -> None:
    grown = [{"lineNumber": line, "debitAmount": 10} for line in range(1, 10)]
    with before_page(
        sandbox,
        "journal_transactions",
        2,
        lambda: sandbox.visma.update("journal_transactions", "AR:000001", {"journalTransactionLines": grown}),
    ):
        rows = read(client(sandbox), "journal_transactions")
    lines = {row.key: [line["lineNumber"] for line in row.values["journalTransactionLines"]] for row in rows}
    assert lines.pop("AR:000001") == list(range(1, 10))
    assert len(rows) == len(lines) + 1 == 30
    assert all(numbers == list(range(1, 8)) for numbers in lines.values())
