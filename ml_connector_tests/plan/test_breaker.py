"""How much change is usual."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from ml_connector.plan.breaker import Usual, alarms
from ml_connector.plan.changes import Changes, shown
from ml_connector.plan.operations import Action, Operation
from ml_connector.settings.connection import LimitSettings

QUIET_RUN = {"known": 1000, "creates": 2, "updates": 20, "archives": 0, "amount": 100_00}


def operation(action: Action, **values: str) -> Operation:
    """Return an operation on an invoice."""
    return Operation("invoices", "invoices", action, ("invoice:Invoice:1",), "2026-11-02", values=values)


def changes(many: int, action: Action = Action.UPDATE, **values: str) -> Changes:
    """Return what as many equal operations change."""
    found = Changes()
    for _ in range(many):
        found.add(operation(action, **(values or {"city": "Oslo"})))
    return found


def usual(known: int = 1000, *runs: Mapping[str, int]) -> Usual:
    """Return what is usual after some runs."""
    return Usual(known, runs or (QUIET_RUN,))


class TestChanges:
    """What an operation changes."""

    def test_are_counted_by_kind_and_property(self) -> None:
        found = Changes()
        found.add(operation(Action.CREATE, visma_amount="100.10"))
        found.add(operation(Action.UPDATE, visma_amount="-50.05", visma_status="Open"))
        found.add(operation(Action.ARCHIVE))
        found.add(operation(Action.UNLINK))
        found.add(operation(Action.UNCHANGED))
        assert found.as_dict() == {
            "creates": 1,
            "updates": 1,
            "archives": 2,
            "amount": 150_15,
            "field visma_amount": 1,
            "field visma_status": 1,
        }

    def test_what_time_changes_by_itself_is_none(self) -> None:
        found = changes(3, visma_days_overdue="12", visma_last_modified="2026-11-02T10:00:00Z")
        assert found.as_dict() == Changes().as_dict()

    def test_an_amount_that_is_no_number_stops_nothing(self) -> None:
        assert changes(1, Action.CREATE, visma_amount="none").amount == Decimal(0)

    def test_are_said_in_words(self) -> None:
        assert shown("creates", 1200) == "1,200 creates"
        assert shown("field city", 3) == "3 updates of city"
        assert shown("amount", 1234567) == "amounts of 12,345.67 in all"


class TestAlarms:
    """Over the floor, over the recent runs and over the share of what is known."""

    @pytest.mark.parametrize(
        ("many", "known", "runs", "limits"),
        [
            (50, 100, ({"known": 1000},), {}),
            (200, 1000, (QUIET_RUN,), {}),
            (500, 1000, (QUIET_RUN | {"updates": 100, "field city": 100},), {}),
            (300, 1000, (QUIET_RUN,), {"floor": 300}),
            (300, 1000, (QUIET_RUN,), {"share_percent": 30}),
        ],
        ids=["floor", "share", "recent runs", "own floor", "own share"],
    )
    def test_none_while_one_of_them_allows_it(
        self, many: int, known: int, runs: tuple[dict[str, int], ...], limits: dict[str, int]
    ) -> None:
        assert alarms("companies", changes(many), usual(known, *runs), LimitSettings(**limits)) == []
        one_more = changes(many + 1)
        assert len(alarms("companies", one_more, usual(known, *runs), LimitSettings(**limits))) == 2

    def test_the_first_load_is_usual_and_no_measure_for_later_ones(self) -> None:
        first = {"known": 0, "updates": 1000, "field city": 1000}
        assert alarms("companies", changes(900), Usual(1000, ()), LimitSettings()) == []
        assert len(alarms("companies", changes(900), Usual(1000, (first,)), LimitSettings())) == 2

    def test_so_is_the_first_of_what_hubspot_has_none_of(self) -> None:
        """Payments of months, in a portal that takes them since today."""
        quiet = {"known": 0, "creates": 0}
        assert alarms("payments", changes(900, Action.CREATE), Usual(0, [quiet] * 5), LimitSettings()) == []
        assert len(alarms("payments", changes(900, Action.CREATE), Usual(1, [quiet] * 5), LimitSettings()))

    def test_one_property_alone_may_be_too_much(self) -> None:
        busy = QUIET_RUN | {"updates": 600, "field phone": 600}
        (found,) = alarms("companies", changes(600), usual(1000, busy), LimitSettings())
        assert found == "companies: 600 updates of city, of 1,000 known; recent runs had at most 0"

    @pytest.mark.parametrize(
        ("setting", "action"),
        [
            ("most_creates", Action.CREATE),
            ("most_updates", Action.UPDATE),
            ("most_archives", Action.ARCHIVE),
        ],
    )
    def test_hard_limits_hold_from_the_first_load_on(self, setting: str, action: Action) -> None:
        first, limits = Usual(0, ()), LimitSettings(**{setting: 3})
        assert alarms("invoices", changes(3, action), first, limits) == []
        (found,) = alarms("invoices", changes(4, action), first, limits)
        assert found.endswith("and the connection allows 3")

    def test_amounts_a_decimal_point_away_are_too_much(self) -> None:
        runs = [QUIET_RUN] * 5
        usual_amount, too_much = (
            changes(1, Action.CREATE, visma_amount=text) for text in ("2000", "2000.01")
        )
        assert alarms("invoices", usual_amount, Usual(1000, runs), LimitSettings()) == []
        (found,) = alarms("invoices", too_much, Usual(1000, runs), LimitSettings())
        assert (
            found == "invoices: amounts of 2,000.01 in all, where recent runs had at most amounts of 100.00"
        )
        assert alarms("invoices", too_much, Usual(1000, runs[:4]), LimitSettings()) == []
