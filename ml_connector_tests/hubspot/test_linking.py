"""Associations: tracked like records, made once, primary where there is none, and pending with a reason if not made."""

from typing import Any

import pytest

from ml_connector.hubspot import linking
from ml_connector.hubspot.associations import CONTACT_TO_COMPANY, CONTACT_TO_PRIMARY_COMPANY, read_links
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.plan.contacts import link
from ml_connector.sandbox.hubspot.settings import Fault
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import contact, customer

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]


def person(number: int, email: str | None = None, **values: Any) -> dict[str, Any]:
    return contact(number, email=email or f"p{number}@fjord.no", lastName="Lie", **values)


def load(chain: Chain, *pairs: tuple[str, str], created: frozenset[str] = frozenset()) -> LoadCounts:
    journal = chain.journal()
    loader = LinkLoader(chain.client, journal, chain.ledger, chain.runs[-1])
    counts = loader.load([link(start, end, "2026-11-20") for start, end in pairs], created)
    assert counts.adds_up, counts.sentence()
    return counts


def states(chain: Chain) -> dict[str, tuple[str, str | None]]:
    rows = chain.rows("link", "from_key, to_key, status, reason")
    return {f"{row[0]}>{row[1]}": (row[2], row[3]) for row in rows}


def types(chain: Chain, contact_id: str) -> dict[str, set[int]]:
    linked = read_links(chain.client, "contacts", "companies", [contact_id]).get(contact_id, ())
    return {one.id: set(one.type_ids) for one in linked}


@pytest.fixture
def filled(chain: Chain) -> Chain:
    """Customers 10, 20 and 30 and contacts 1, 2 and 3, without a link."""
    chain.sync([customer(number) for number in ("10", "20", "30")], (), [person(n) for n in (1, 2, 3)])
    chain.sandbox.log.clear()
    return chain


def test_the_first_company_is_primary_and_further_ones_are_not(filled: Chain) -> None:
    counts = load(filled, ("contact:1", "customer:10"), ("contact:1", "customer:20"))
    assert (counts.read, counts.created) == (2, 2)
    assert types(filled, filled.contact("p1@fjord.no").id) == {
        filled.company("customer:10").id: {CONTACT_TO_COMPANY, CONTACT_TO_PRIMARY_COMPANY},
        filled.company("customer:20").id: {CONTACT_TO_COMPANY},
    }
    assert states(filled) == {
        "contact:1>customer:10": ("confirmed", None),
        "contact:1>customer:20": ("confirmed", None),
    }


def test_a_primary_company_a_person_chose_stays(filled: Chain) -> None:
    theirs = filled.portal.add_record("companies", {"name": "Theirs"})
    mine = filled.contact("p1@fjord.no").id
    filled.portal.link("contacts", mine, "companies", theirs)
    before = types(filled, mine)[theirs]
    load(filled, ("contact:1", "customer:10"))
    after = types(filled, mine)
    assert after[theirs] == before
    primaries = [company for company, kinds in after.items() if CONTACT_TO_PRIMARY_COMPANY in kinds]
    assert len(primaries) <= 1
    if CONTACT_TO_PRIMARY_COMPANY in before:
        assert primaries == [theirs]


def test_what_stands_is_not_written_again(filled: Chain) -> None:
    filled.portal.link(
        "contacts", filled.contact("p1@fjord.no").id, "companies", filled.company("customer:10").id
    )
    filled.sandbox.log.clear()
    counts = load(filled, ("contact:1", "customer:10"))
    assert (counts.unchanged, counts.created) == (1, 0)
    assert states(filled) == {"contact:1>customer:10": ("confirmed", None)}
    assert not [call for call in filled.sandbox.log.calls("hubspot") if call.path.endswith("/create")]


def test_contacts_just_made_are_not_asked_for_their_links(filled: Chain) -> None:
    mine = filled.contact("p1@fjord.no").id
    load(filled, ("contact:1", "customer:10"), created=frozenset({mine}))
    assert [call.path.rsplit("/", 1)[-1] for call in filled.sandbox.log.calls("hubspot")] == ["create"]


def test_a_contact_just_made_keeps_its_first_company_as_primary_across_chunks(
    filled: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "CHUNK", 1)
    mine = filled.contact("p1@fjord.no").id
    load(filled, ("contact:1", "customer:10"), ("contact:1", "customer:20"), created=frozenset({mine}))
    assert types(filled, mine) == {
        filled.company("customer:10").id: {CONTACT_TO_COMPANY, CONTACT_TO_PRIMARY_COMPANY},
        filled.company("customer:20").id: {CONTACT_TO_COMPANY},
    }


@pytest.mark.parametrize(
    ("pair", "missing"),
    [
        (("contact:1", "customer:99"), "customer:99"),
        (("contact:99", "customer:10"), "contact:99"),
        (("contact:98", "customer:99"), "contact:98"),
    ],
)
def test_a_link_without_one_end_waits_and_says_for_which(
    filled: Chain, pair: tuple[str, str], missing: str
) -> None:
    counts = load(filled, pair, ("contact:2", "customer:20"))
    assert (counts.pending, counts.created) == (1, 1)
    assert states(filled)[">".join(pair)] == ("pending", f"{missing} is not in HubSpot yet")
    (line,) = [row for row in filled.rows("operation", "record_key, status") if row[0] == ">".join(pair)]
    assert line[1] == "pending"
    assert [(one.from_key, one.to_key) for one in filled.ledger.pending_links("contacts")] == [pair]


def test_a_pair_that_comes_twice_is_made_once(filled: Chain) -> None:
    counts = load(filled, ("contact:1", "customer:10"), ("contact:1", "customer:10"))
    assert (counts.read, counts.created) == (1, 1)


class TestTwoOfOurContactsThatAreOneOfTheirs:
    """Two Visma contacts with one mailbox are one HubSpot contact: one association stands for both links."""

    @pytest.fixture
    def shared(self, chain: Chain) -> Chain:
        chain.sync([customer("10")], (), [person(1, "post@fjord.no")])
        chain.sync((), (), [person(2, "post@fjord.no")])
        return chain

    def test_it_is_made_once_and_confirmed_for_both(self, shared: Chain) -> None:
        counts = load(shared, ("contact:1", "customer:10"), ("contact:2", "customer:10"))
        assert (counts.created, counts.unchanged) == (1, 1)
        assert {status for status, _ in states(shared).values()} == {"confirmed"}
        assert len(shared.portal.links("contacts", "companies")) == 1

    def test_it_is_not_confirmed_for_one_when_it_was_refused_for_the_other(self, shared: Chain) -> None:
        shared.portal.archive_as_person("companies", shared.company("customer:10").id)
        counts = load(shared, ("contact:1", "customer:10"), ("contact:2", "customer:10"))
        assert counts.created == counts.unchanged == 0
        assert "confirmed" not in {status for status, _ in states(shared).values()}
        assert len(shared.ledger.pending_links("contacts")) == 2


def test_a_refused_link_is_named_and_comes_again(filled: Chain) -> None:
    filled.portal.archive_as_person("companies", filled.company("customer:10").id)
    counts = load(filled, ("contact:1", "customer:10"), ("contact:2", "customer:20"))
    assert (counts.rejected + counts.pending, counts.created) == (1, 1)
    assert states(filled)["contact:1>customer:10"][0] in ("rejected", "pending")
    assert len(filled.ledger.pending_links("contacts")) == 1


def test_links_whose_answer_was_lost_are_made_once(filled: Chain) -> None:
    filled.portal.fail(Fault(status=502, path_contains="/associations/", times=1))
    pairs = [(f"contact:{one}", f"customer:{other}") for one in (1, 2, 3) for other in (10, 20, 30)]
    counts = load(filled, *pairs)
    assert counts.created + counts.unchanged == 9
    assert len(filled.portal.links("contacts", "companies")) == 9


def test_thousands_take_few_calls(chain: Chain) -> None:
    chain.load_companies(chain.plan_companies(chain.companies([customer("10")])))
    planned = chain.plan_contacts(chain.contacts([person(n, businessAccount="10") for n in range(2500)]))
    chain.sandbox.log.clear()
    _, links = chain.load_contacts(planned)
    assert links.created == 2500
    calls = [call for call in chain.sandbox.log.calls("hubspot") if "/associations/" in call.path]
    assert len(calls) <= 3
