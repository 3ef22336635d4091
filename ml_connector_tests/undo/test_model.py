"""What a run left in a record and what was there before; what later runs amount to."""

from ml_connector.undo.model import Written, since
from ml_connector_tests.undo.writes import RUN, write


class TestWritten:
    """All that a run wrote to one record."""

    def test_the_last_value_stands_and_the_first_predecessor_was_there_before(self) -> None:
        one = Written("companies", "901", (write(1), write(2), write(3, values={"city": None}, previous={})))
        assert one.values == {"name": "Name 2", "city": ""}
        assert one.before == {"name": "Name 0"}

    def test_what_was_first_written_blindly_is_not_known(self) -> None:
        blind = write(1, previous={})
        assert Written("companies", "901", (blind, write(2))).before == {}

    def test_only_what_hubspot_says_it_made_was_made(self) -> None:
        made, found, unsaid = (
            Written("companies", "901", (write(1, action="create", created=created),))
            for created in (True, False, None)
        )
        assert (made.made, found.made, unsaid.made) == (True, False, False)

    def test_what_is_written_for_another_entity_is_undone_with_its_record(self) -> None:
        assert Written("companies", "901", (write(1, entity="purchases"),)).entity == "undo_companies"
        assert Written("invoices", "901", (write(1, entity="openings"),)).entity == "undo_invoices"
        assert Written("invoices", "901", (write(1, entity="line_items"),)).entity == "undo_line_items"


class TestSince:
    """Later writes of ours."""

    def test_the_last_to_write_a_property_is_named(self) -> None:
        found = since(RUN, [write(2, "b"), write(3, "c"), write(4, "d", values={"city": "Voss"})])
        assert found.writers == {"name": "c", "city": "d"}
        assert found.used_by == "c"

    def test_what_was_undone_counts_as_never_done(self) -> None:
        undone = [write(2, "b"), write(3, "c"), write(4, "undo-c", undoes="c")]
        assert since(RUN, undone).writers == {"name": "b"}
        assert since(RUN, [*undone, write(5, "undo-b", undoes="b")]).used_by is None
        partly = [write(2, "b", values={"name": "x", "city": "y"}), write(3, "undo-b", undoes="b")]
        assert since(RUN, partly).writers == {"city": "b"}

    def test_neither_the_run_itself_nor_its_own_undos_are_later(self) -> None:
        assert since(RUN, [write(1), write(2, "undo", undoes=RUN)]).writers == {}

    def test_bookkeeping_is_no_use(self) -> None:
        days = {"visma_days_overdue": "3", "visma_pending_reason": "x", "visma_last_modified": "y"}
        found = since(RUN, [write(2, "b", values=days)])
        assert (set(found.writers), found.used_by) == (set(days), None)
