"""What operators do: stop runs, wipe histories, change settings, bring a second company into the same portal."""

import signal

import dagster as dg

from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.elsewhere import Elsewhere, killed_at_call
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.graph.recovery import recovers


class TestStopped:
    """Ctrl-C in a terminal, and a service manager that asks to end."""

    def test_by_ctrl_c_in_the_middle_of_a_write(self, filled: World) -> None:
        run = Elsewhere(filled)
        path = "/crm/objects/2026-09/contacts/batch/upsert"
        with killed_at_call(filled, run, 1, path=path, carried_out=True, how=signal.SIGINT):
            assert "Stopped" in run.start().error()
        with filled.instance() as instance:
            assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]
        recovers(filled)


class TestWipedHistory:
    """Dagster's UI lets anybody delete runs and wipe assets."""

    def test_of_an_asset_and_of_a_run_leaves_the_ledger_as_it_was_and_doubles_nothing(
        self, filled: World
    ) -> None:
        loaded = filled.sync()
        before = filled.portrait()
        counted = filled.query("SELECT count(*) FROM ml_connector.operation")
        last = dg.AssetKey([NAME, "hubspot", "contacts"])
        with filled.instance() as instance:
            instance.wipe_assets([last])
            assert instance.get_materialized_partitions(last) == set()
            instance.delete_run(str(loaded.run_id))
        assert filled.query("SELECT count(*) FROM ml_connector.operation") == counted
        filled.forget_calls()
        recovers(filled)
        assert filled.writes() == []
        assert filled.portrait() == before


class TestChangedSettings:
    """A rule changes; the next run applies it to what comes by, and asks no more than it must."""

    def test_of_merging_are_applied_to_the_next_version(self, world: World) -> None:
        world.enter_pairs([1])
        world.sync(0)
        company = world.company(1)
        world.sandbox.hubspot.edit_as_person("companies", company.id, {"city": "Bergen"})
        world.settings = connection(merging={"companies": {"city": "fill_blank"}})
        world.sandbox.visma.update("customers", "1", {"name": "Nytt"}, stamp=rows.at(1))
        world.sync(1)
        assert world.company(1).values["city"] == "Bergen"
        assert world.company(1).values["name"] == "Nytt"

    def test_creating_can_be_switched_off(self, world: World) -> None:
        world.sandbox.hubspot.add_record("companies", {"name": "Kjent", "domain": "kunde1.no"})
        world.enter_pairs([1, 2])
        world.settings = connection(matching={"create_missing": False})
        summary = world.sync(0)
        assert len(world.companies()) == 1
        assert summary.entities["companies"]["skipped"] == 1
        assert world.sandbox.hubspot.records("contacts") == {}
        world.settings = connection()
        world.sync(0)
        assert len(world.companies()) == 2
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == 2


class TestTwoCompaniesInOnePortal:
    """A group with two Visma companies and one sales team."""

    def test_keep_their_records_apart_and_share_people(self, world: World) -> None:
        tenant = "8d3bad44-5d0a-11ee-9c3b-0242ac120002"
        with Sandbox(empty_company(visma={"tenant_id": tenant})) as other:
            sister = World(other, connection(name="beta"), world.database_url)
            world.enter_pairs(range(20))
            for number in range(10, 30):
                sister.enter("customers", [rows.customer(number)])
                sister.enter(
                    "contacts",
                    [rows.contact(5000 + number, number, email=f"person{number}@kunde{number}.no")],
                )
            mixed = {
                "VISMA_API_URL": other.url,
                "VISMA_TOKEN_URL": f"{other.url}/connect/token",
                "VISMA_TENANT_ID": tenant,
            }
            first = Elsewhere(world).start()
            second = Elsewhere(world, settings=sister.settings, environment=mixed).start()
            assert first.summary().status == "success"
            assert second.summary().status == "success"
            # Ten customers are customers of both: two companies, as each carries its own Visma record, and one person.
            assert len(world.companies()) == 40
            assert len(world.sandbox.hubspot.records("contacts")) == 30
            assert len(world.sandbox.hubspot.links("contacts", "companies")) == 40
            world.forget_calls()
            world.sync(0)
            again = Elsewhere(world, settings=sister.settings, environment=mixed).start().summary()
            assert again.status == "success"
            assert world.writes() == []
