"""A currency that the portal lacks: refused with the remedy until a person adds it, or converted."""

from decimal import Decimal

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold


def test_is_refused_with_the_remedy_and_lands_once_it_is_added(make_world: MakeWorld) -> None:
    world = make_world(empty_company(hubspot={"additional_currencies": ("EUR",)}), records=DOCUMENTS)
    world.enter_pairs([1, 2])
    money = Money(world)
    lacking = money.books.add_invoice("1", sold("100"), stamp=rows.at(0), currency="SEK")
    euros, crowns = (
        money.books.add_invoice("2", sold("100"), stamp=rows.at(0), currency=currency)
        for currency in ("EUR", "NOK")
    )
    summary = world.sync(0)
    assert summary.status == "rejects"
    assert world.sandbox.hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{lacking}") == []
    assert [money.status(key) for key in (euros, crowns)] == [("open", None)] * 2
    (reject,) = world.rejects()
    assert "SEK" in str(reject.message)
    assert "currenc" in str(reject.remedy)
    statement = money.reconciled()
    assert statement["causes"] == {"rejected": 1}

    world.sandbox.hubspot.configure(additional_currencies=("EUR", "SEK"))
    assert world.sync(1).status == "success"
    assert money.status(lacking) == ("open", None)
    money.agrees()


def test_is_converted_where_the_connection_says_so(make_world: MakeWorld) -> None:
    world = make_world(
        empty_company(hubspot={"additional_currencies": ()}),
        records=DOCUMENTS,
        invoices={"convert_currency": True},
    )
    world.enter_pairs([1])
    money = Money(world)
    key = money.books.add_invoice(
        "1", sold("100", "33.33"), stamp=rows.at(0), currency="EUR", rate=Decimal("11.4567")
    )
    assert world.sync(0).status == "success"
    document, values = money.books.books.document(key), money.invoice(key).values
    assert values["hs_currency"] == "NOK"
    assert money.amount(key, "amount") == money.amount(key, "balance") == document.base.amount
    net = [
        Decimal(line.values["visma_net_amount"]) + Decimal(line.values["visma_vat_amount"])
        for line in money.lines(key).values()
    ]
    assert sum(net) == document.base.amount
    assert money.status(key) == ("open", None)
    money.books.pay(key, stamp=rows.at(1))
    world.sync(1)
    assert money.status(key) == ("paid", None)
    assert money.reconciled()["agrees"]
