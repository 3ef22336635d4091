"""Payment records: written where the portal takes them, and where it does not, no more than one refusal."""

import pytest

from ml_connector.errors import UsageError
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.money_group import PAYMENT_PROPERTIES
from ml_connector.hubspot.payments_setup import SCOPES, payments_ready
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.plan.operations import Action, Operation
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES
from ml_connector.settings.money import PaymentSettings, Switch
from ml_connector_tests.hubspot.documents import books, invoice, link, load, load_links
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

OBJECT = "commerce_payments"
AUTO, ON, OFF = (PaymentSettings(records=switch) for switch in (Switch.AUTO, Switch.ON, Switch.OFF))


def payment(number: int, **values: str) -> Operation:
    """Return what makes payment ``number``."""
    wanted = {
        "visma_payment_id": f"acme:Payment:{number}",
        "hs_initial_amount": "125.00",
        "hs_initiated_date": "2026-11-20T11:00:00Z",
        "hs_currency_code": "NOK",
        "hs_latest_status": "succeeded",
        **values,
    }
    return Operation(
        entity="payments",
        object_type=OBJECT,
        action=Action.CREATE,
        keys=(f"payment:Payment:{number}",),
        partition="2026-11-20",
        id_property="visma_payment_id",
        values=wanted,
        fingerprint=f"f-{number}",
        record="{}",
    )


def try_payments(chain: Chain, *operations: Operation) -> LoadCounts:
    counts = chain.loader().load(OBJECT, operations, trial=True)
    assert counts.adds_up, counts.sentence()
    return counts


@pytest.fixture
def portal(books: Chain) -> Chain:
    """A portal with the properties of payments that does not say whether it is set up for them."""
    ensure(books.client, GROUP, PAYMENT_PROPERTIES).require()
    books.portal.forget_calls()
    return books


class TestReadiness:
    """What is known before the first payment is sent."""

    def test_a_portal_that_has_payments_takes_them(self, portal: Chain) -> None:
        portal.portal.configure(payments_enabled=True)
        portal.portal.add_record(OBJECT, {"hs_initial_amount": "1", "hs_initiated_date": "2026-11-20"})
        found = payments_ready(portal.client, AUTO)
        assert (found.ready, found.on_trial) == (True, False)

    def test_one_that_has_none_is_on_trial_and_nothing_is_written(self, portal: Chain) -> None:
        found = payments_ready(portal.client, AUTO)
        assert (found.ready, found.on_trial) == (True, True)
        assert "the first one that is sent tells" in found.reason
        assert portal.portal.counts.writes == 0

    def test_switched_off_asks_nothing(self, portal: Chain) -> None:
        found = payments_ready(portal.client, OFF)
        assert not found.ready
        assert "payments.records" in found.reason
        assert portal.portal.counts.calls == 0

    def test_switched_on_is_no_trial(self, portal: Chain) -> None:
        found = payments_ready(portal.client, ON)
        assert (found.ready, found.on_trial) == (True, False)

    @pytest.mark.parametrize("scope", SCOPES)
    def test_missing_scopes_are_named(self, portal: Chain, scope: str) -> None:
        portal.portal.configure(scopes=ALL_SCOPES - {scope})
        found = payments_ready(portal.client, AUTO)
        assert not found.ready
        assert f"The token lacks {scope}." in found.reason
        with pytest.raises(UsageError, match=scope):
            payments_ready(portal.client, ON)


class TestTrial:
    """The first payment tells."""

    def test_a_portal_that_is_not_set_up_refuses_one_and_skips_the_others(self, portal: Chain) -> None:
        unchanged = Operation(
            entity="payments",
            object_type=OBJECT,
            action=Action.UNCHANGED,
            keys=("payment:Payment:0",),
            partition="2026-11-20",
        )
        counts = try_payments(portal, unchanged, *[payment(number) for number in range(1, 251)])
        assert (counts.read, counts.unchanged, counts.skipped, counts.rejected) == (251, 1, 250, 0)
        assert portal.portal.counts.writes == 1
        assert portal.rejects() == {}
        assert portal.portal.records(OBJECT) == {}
        reasons = {row[0] for row in portal.rows("operation", "reason, action") if row[1] == "skip"}
        assert reasons == {
            "HubSpot does not take commerce_payments: This account is not set up to collect payments."
        }

    def test_a_portal_that_is_set_up_gets_them_all(self, portal: Chain) -> None:
        portal.portal.configure(payments_enabled=True)
        counts = try_payments(portal, *[payment(number) for number in range(1, 121)])
        assert counts.created == 120
        assert len(portal.portal.records(OBJECT)) == 120

    @pytest.mark.parametrize("bad", [{"hs_currency_code": "XXX"}, {"hs_latest_status": "unheard_of"}])
    def test_a_first_payment_with_a_bad_value_stops_no_other(
        self, portal: Chain, bad: dict[str, str]
    ) -> None:
        portal.portal.configure(payments_enabled=True)
        counts = try_payments(portal, payment(1, **bad), payment(2), payment(3))
        assert (counts.rejected, counts.created) == (1, 2)
        assert list(portal.rejects()) == ["payment:Payment:1"]

    def test_a_first_payment_that_was_made_meanwhile_is_no_trial(self, portal: Chain) -> None:
        portal.portal.configure(payments_enabled=True)
        load(portal, payment(1))
        portal.portal.forget_calls()
        counts = try_payments(portal, payment(1), payment(2))
        assert (counts.unchanged, counts.created) == (1, 1)
        assert portal.portal.counts.writes == 1

    def test_a_plan_without_payments_tries_none(self, portal: Chain) -> None:
        assert try_payments(portal) == LoadCounts()


def test_a_payment_is_linked_with_its_invoice_its_company_and_its_contact(portal: Chain) -> None:
    portal.portal.configure(payments_enabled=True)
    load(portal, invoice(1))
    load(portal, payment(1))
    others = {"invoices": "invoice:1", "companies": "customer:10", "contacts": "contact:1"}
    links = [link("payment:Payment:1", to_type, key, from_type=OBJECT) for to_type, key in others.items()]
    assert load_links(portal, *links).created == 3
    assert all(len(portal.portal.links(OBJECT, to_type)) == 1 for to_type in others)
