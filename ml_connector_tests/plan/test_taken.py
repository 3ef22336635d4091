"""Who does not travel, and what becomes of contacts, links and purchases that belong to them."""

from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.ledger.taking import LastSynced, TakingReader
from ml_connector.plan.operations import Action, Operation
from ml_connector.plan.purchases import PurchasesPlanner
from ml_connector.plan.taken import given_up
from ml_connector.records.booking_model import PurchasesRecord
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.plan.chain import NAME, Chain
from ml_connector_tests.records.snapshots import DAY, at, contact, customer, supplier

LATER = "2026-11-21T10:00:00"
EU = {"id": "EU", "description": "Utland"}
NO = {"id": "NO", "description": "Norge"}
CLASS_NO = "not taken: customer class NO"


def by(chain: Chain, **take: Any) -> Chain:
    """Return the chain of a connection that takes some customers and suppliers only."""
    values = {**chain.settings.model_dump(), "take": take}
    return Chain(chain.sandbox, chain.client, chain.engine, ConnectionSettings.model_validate(values))


def plan(chain: Chain, customers: Any = (), suppliers: Any = ()) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers))


def actions(operations: list[Operation]) -> dict[str, tuple[Action, str | None]]:
    return {one.key: (one.action, one.reason) for one in operations}


@pytest.fixture
def european(chain: Chain) -> Chain:
    return by(chain, customer_classes=["EU"])


class TestCompanies:
    """Customers and suppliers themselves."""

    def test_one_that_is_not_taken_is_skipped_with_the_reason(self, european: Chain) -> None:
        planned = plan(european, [customer("1", customerClass=EU), customer("2", customerClass=NO)])
        assert actions(planned) == {
            "customer:1": (Action.CREATE, None),
            "customer:2": (Action.SKIP, CLASS_NO),
        }
        european.load_companies(planned)
        assert len(european.portal.records("companies")) == 1
        assert european.rejects() == {}

    def test_one_that_was_synced_before_stays_as_it_is(self, chain: Chain, european: Chain) -> None:
        chain.load_companies(plan(chain, [customer("1", customerClass=NO, currencyId="NOK")]))
        before = dict(chain.company("customer:1").values)
        planned = plan(european, [at(customer("1", customerClass=NO, currencyId="SEK"), LATER)])
        assert actions(planned) == {"customer:1": (Action.SKIP, CLASS_NO)}
        european.load_companies(planned)
        assert european.company("customer:1").values == before
        taken_again = plan(chain, [at(customer("1", customerClass=NO, currencyId="SEK"), LATER)])
        assert taken_again[0].values["visma_currency"] == "SEK"

    def test_of_one_company_the_part_that_is_taken_travels(self, chain: Chain) -> None:
        both = (
            [customer("1", corporateId="912345678", customerClass=NO)],
            [supplier("9", corporateId="912345678")],
        )
        european = by(chain, customer_classes=["EU"])
        assert actions(plan(european, *both)) == {
            "customer:1": (Action.SKIP, CLASS_NO),
            "supplier:9": (Action.CREATE, None),
        }

    def test_a_reject_that_is_not_taken_any_more_is_settled(self, chain: Chain, european: Chain) -> None:
        chain.load_companies(plan(chain, [customer("1", name=None, customerClass=NO)]))
        assert chain.rejects() == {"customer:1": "company-nameless"}
        european.load_companies(plan(european))
        assert european.rejects() == {}


class TestWhatIsRemembered:
    """Of companies that a run does not look at, the ledger tells."""

    def reasons(self, chain: Chain, *keys: str) -> dict[str, str]:
        return chain.not_taken().reasons(keys)

    def test_one_that_was_left_out_by_the_same_settings(self, chain: Chain, european: Chain) -> None:
        european.load_companies(
            plan(european, [customer("1", customerClass=NO), customer("2", customerClass=EU)])
        )
        keys = "customer:1", "customer:2", "customer:77"
        assert self.reasons(european, *keys) == {"customer:1": CLASS_NO}
        assert self.reasons(by(chain, customer_classes=["EU", "NO"]), *keys) == {}
        assert self.reasons(chain, *keys) == {}

    @pytest.mark.parametrize(
        ("take", "reason"),
        [
            ({"customer_classes": ["EU"]}, CLASS_NO),
            ({"customer_classes": ["NO"]}, None),
            ({"customer_statuses": ["OnHold"]}, "not taken: customer status Active"),
            ({"supplier_classes": ["EU"]}, None),
        ],
    )
    def test_one_that_was_synced_under_other_settings(
        self, chain: Chain, take: dict[str, Any], reason: str | None
    ) -> None:
        chain.load_companies(plan(chain, [customer("1", customerClass=NO, status="Active")]))
        found = self.reasons(by(chain, **take), "customer:1")
        assert found == ({"customer:1": reason} if reason else {})

    def test_a_supplier(self, chain: Chain) -> None:
        chain.load_companies(plan(chain, (), [supplier("9", supplierClass=NO, status="Active")]))
        assert self.reasons(by(chain, supplier_classes=["EU"]), "supplier:9") == {
            "supplier:9": "not taken: supplier class NO"
        }

    def test_the_run_itself_knows_better(self, chain: Chain, european: Chain) -> None:
        european.load_companies(plan(european, [customer("1", customerClass=NO)]))
        moved = plan(european, [at(customer("1", customerClass=EU), LATER)])
        assert european.not_taken(moved).reasons(["customer:1"]) == {}

    def test_one_of_an_older_version_is_not_judged(self, chain: Chain, european: Chain) -> None:
        chain.load_companies(plan(chain, [customer("1", customerClass=NO)]))
        with chain.engine.begin() as database:
            database.execute(sa.text("UPDATE ml_connector.identity SET properties = '{}'"))
        reader = TakingReader(chain.engine, NAME)
        assert reader.last_synced(["customer:1", "customer:2"]) == {"customer:1": LastSynced(None, None)}
        assert self.reasons(european, "customer:1") == {}


class TestWhatBelongsToThem:
    """Contacts, links and purchases."""

    def test_a_contact_of_nobody_who_is_taken_is_skipped(self, european: Chain) -> None:
        companies = plan(european, [customer("1", customerClass=EU), customer("2", customerClass=NO)])
        rows = [
            contact(number, email=f"p{number}@fjord.no", businessAccount=str(number)) for number in (1, 2, 3)
        ]
        shared = [
            contact(4, email="post@fjord.no", businessAccount="2"),
            contact(5, email="post@fjord.no", businessAccount="1"),
        ]
        planned = european.plan_contacts(
            european.contacts([*rows, *shared, contact(6, lastName="Fri")]), None, companies
        )
        people = {one.key: one for one in planned if one.entity == "contacts"}
        assert (people["contact:2"].action, people["contact:2"].reason) == (Action.SKIP, CLASS_NO)
        assert {key for key, one in people.items() if one.action is Action.CREATE} == {
            *("contact:1", "contact:3", "contact:4", "contact:6")
        }
        links = {one.key for one in planned if one.action is Action.LINK}
        assert links == {"contact:1>customer:1", "contact:3>customer:3", "contact:4>customer:1"}

    def test_a_link_that_waits_for_one_waits_no_more(self, chain: Chain, european: Chain) -> None:
        chain.sync((), (), [contact(1, email="a@b.no", businessAccount="2")])
        assert [row[0] for row in chain.rows("link", "status")] == ["pending"]
        european.sync([customer("2", customerClass=NO)])
        assert chain.rows("link") == []
        contacts, links = european.load_contacts(european.plan_contacts([]))
        assert (contacts.read, links.read) == (0, 0)

    def test_purchases_of_a_supplier_that_is_not_taken_are_skipped(self, chain: Chain) -> None:
        mine = by(chain, supplier_classes=["EU"])
        not_taken = mine.not_taken(
            plan(mine, (), [supplier("9", supplierClass=NO), supplier("8", supplierClass=EU)])
        )
        bought = [PurchasesRecord(number, DAY, {"visma_open_po_count": "1"}) for number in ("9", "8")]
        bought.append(PurchasesRecord("9x", DAY, {}, "odd"))
        planned = list(PurchasesPlanner(mine.ledger, mine.client, not_taken).plan(bought))
        assert {one.key: one.action for one in planned} == {
            "supplier:9": Action.SKIP,
            "supplier:8": Action.UPDATE,
            "supplier:9x": Action.REJECT,
        }

    def test_records_of_one_are_told_by_their_links(self, chain: Chain, european: Chain) -> None:
        chain.sync(
            [customer("1", customerClass=EU), customer("2", customerClass=NO)],
            (),
            [contact(number, email=f"p{number}@b.no", businessAccount=str(number)) for number in (1, 2)],
        )
        keys = ["contact:1", "contact:2", "contact:3"]
        assert given_up(european.not_taken(), european.ledger, "contacts", keys) == {"contact:2"}
        assert given_up(chain.not_taken(), chain.ledger, "contacts", keys) == set()
        assert given_up(None, chain.ledger, "contacts", keys) == set()
