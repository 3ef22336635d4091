"""The graph of a connection as Dagster shows it, and two connections side by side."""

from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from ml_connector.connection import SHARED_RESOURCES, VismaHubSpotConnection, build_defs
from ml_connector.settings import ConnectionSettings

GRAPH: dict[str, tuple[str, ...]] = {
    "visma/contacts": (),
    "visma/customer_payments": (),
    "visma/journal_transactions": (),
    "visma/customer_invoices": ("visma/customer_payments",),
    "visma/customer_credit_notes": ("visma/customer_payments",),
    "visma/customer_debit_notes": ("visma/customer_payments",),
    "visma/supplier_invoices": (),
    "visma/purchase_orders": (),
    "visma/customers": (
        "visma/contacts",
        "visma/customer_payments",
        "visma/journal_transactions",
        "visma/customer_invoices",
        "visma/customer_credit_notes",
        "visma/customer_debit_notes",
    ),
    "visma/suppliers": ("visma/contacts", "visma/supplier_invoices", "visma/purchase_orders"),
    "visma/accounts": (),
    "visma/subaccounts": (),
    "visma/dimensions": (),
    "visma/ledgers": (),
    "visma/currencies": (),
    "records/companies": ("visma/customers", "visma/suppliers", "visma/contacts"),
    "records/contacts": ("visma/contacts", "visma/customers"),
    "records/purchases": ("visma/purchase_orders", "visma/supplier_invoices"),
    "records/invoices": (
        "visma/customer_invoices",
        "visma/customer_credit_notes",
        "visma/customer_debit_notes",
        "visma/currencies",
    ),
    "records/payments": ("visma/customer_payments", "visma/currencies"),
    "records/transactions": ("visma/journal_transactions", "visma/accounts", "visma/ledgers"),
    "plan/companies": ("records/companies", "records/purchases"),
    "plan/contacts": ("records/contacts",),
    "plan/invoices": ("records/invoices", "plan/companies", "plan/contacts"),
    "plan/payments": ("records/payments", "plan/invoices"),
    "plan/transactions": ("records/transactions", "plan/invoices"),
    "hubspot/properties": (
        "plan/companies",
        "plan/contacts",
        "plan/invoices",
        "plan/payments",
        "plan/transactions",
    ),
    "hubspot/companies": ("plan/companies", "hubspot/properties"),
    "hubspot/contacts": ("plan/contacts", "hubspot/properties", "hubspot/companies"),
    "hubspot/invoices": ("plan/invoices", "hubspot/properties", "hubspot/contacts"),
    "hubspot/payments": ("plan/payments", "hubspot/properties", "hubspot/invoices"),
    "hubspot/transactions": ("plan/transactions", "hubspot/properties", "hubspot/invoices"),
    "reconciliation/statement": (),
    "undo/run": (),
}
"""What depends on what, without the connection's name."""

KINDS = {
    "visma": {"visma", "parquet"},
    "records": {"python", "parquet"},
    "plan": {"hubspot", "parquet"},
    "hubspot": {"hubspot"},
    "reconciliation": {"visma", "hubspot"},
    "undo": {"hubspot"},
}

BESIDE = ("reconciliation", "undo")
"""Steps with a job of their own, which look at everything at once."""

WHOLE_LISTS = ("accounts", "subaccounts", "dimensions", "ledgers", "currencies")

CHECKS = {
    **{
        name: {"list_read_whole"}
        for name in GRAPH
        if name.startswith("visma/") and not name.endswith(WHOLE_LISTS)
    },
    **{
        name: {"every_record_accounted_for", "no_rejects"}
        for name in GRAPH
        if name.startswith("hubspot/") and name != "hubspot/properties"
    },
    **{name: {"no_mass_change"} for name in GRAPH if name.startswith("plan/")},
    "reconciliation/statement": {
        "invoices_agree",
        "balances_agree",
        "transactions_agree",
        "nothing_missing",
        "lines_agree",
        "every_invoice_linked",
    },
    "undo/run": {"nothing_refused"},
}


def settings(**changes: Any) -> ConnectionSettings:
    """Return a connection."""
    return ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-01", **changes})


@pytest.fixture(scope="module")
def graph() -> AssetGraph:
    """The asset graph of the connection."""
    return build_defs(settings()).resolve_asset_graph()


def key(name: str) -> dg.AssetKey:
    """Return the key of ``step/entity``."""
    return dg.AssetKey(["acme", *name.split("/")])


def test_the_assets_and_what_they_depend_on(graph: AssetGraph) -> None:
    found = {
        "/".join(node.key.path[1:]): {"/".join(parent.path[1:]) for parent in node.parent_keys}
        for node in graph.asset_nodes
    }
    assert found == {name: set(parents) for name, parents in GRAPH.items()}
    assert {node.key.path[0] for node in graph.asset_nodes} == {"acme"}


def test_steps_follow_one_another_as_the_picture_has_it(graph: AssetGraph) -> None:
    order = ("visma", "records", "plan", "hubspot")
    for node in graph.asset_nodes:
        for parent in node.parent_keys:
            assert order.index(node.key.path[1]) - order.index(parent.path[1]) in (0, 1)


def test_only_what_travels_is_in_the_graph() -> None:
    def names(*records: str) -> set[str]:
        graph = build_defs(settings(records=records)).resolve_asset_graph()
        return {"/".join(node.key.path[1:]) for node in graph.asset_nodes}

    people = {
        f"{step}/{entity}"
        for step in ("visma", "records", "plan", "hubspot")
        for entity in ("companies", "contacts", "customers", "suppliers", "properties")
    } & GRAPH.keys()
    assert names() == people | {"reconciliation/statement", "undo/run"}
    bought = {"visma/purchase_orders", "visma/supplier_invoices", "records/purchases"}
    assert names("purchases") - names() == bought
    invoiced = {name for name in GRAPH if "customer_" in name} | {"visma/currencies"}
    assert names("invoices") - names() == invoiced | {
        f"{step}/invoices" for step in ("records", "plan", "hubspot")
    }
    assert names("invoices", "payments", "transactions", "purchases") == GRAPH.keys()


def test_payments_and_transactions_need_the_invoices_they_are_linked_with() -> None:
    for kind in ("payments", "transactions"):
        with pytest.raises(ValueError, match="add invoices to records"):
            settings(records=[kind])


@pytest.mark.parametrize("name", GRAPH)
def test_how_an_asset_reads(graph: AssetGraph, name: str) -> None:
    node = graph.get(key(name))
    step = name.split("/", maxsplit=1)[0]
    assert node.group_name == step
    assert node.kinds == KINDS[step]
    assert node.owners == ["team:finance-systems"]
    assert node.description
    assert node.description[0].isupper()
    assert node.description.endswith(".")
    if step in BESIDE:
        assert node.partitions_def is None
    else:
        assert node.partitions_def is graph.get(key("visma/customers")).partitions_def
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
    assert {check.name for check in node.check_keys} == CHECKS.get(name, set())


def test_checks_say_what_they_check(graph: AssetGraph) -> None:
    specs = [graph.get_check_spec(check) for node in graph.asset_nodes for check in node.check_keys]
    assert len(specs) == sum(map(len, CHECKS.values()))
    assert all(spec.description and spec.description.endswith(".") for spec in specs)


@pytest.mark.parametrize(("portal", "pool"), [(None, "hubspot_acme"), (139876543, "hubspot_139876543")])
def test_pools_leave_one_run_at_a_time_to_a_portal(portal: int | None, pool: str) -> None:
    graph = build_defs(settings(portal_id=portal)).resolve_asset_graph()
    for name in GRAPH:
        step = name.split("/", maxsplit=1)[0]
        pools = {"visma": {"acme_visma"}, "hubspot": {pool}, **{name: {pool} for name in BESIDE}}
        expected = pools.get(step, set())
        assert (graph.get(key(name)).pools or set()) == expected


def test_partitions_begin_at_the_start_and_cut_at_the_cron() -> None:
    definition = (
        build_defs(settings(windows="0 18 * * *", timezone="Europe/Helsinki"))
        .resolve_asset_graph()
        .get(key("hubspot/contacts"))
        .partitions_def
    )
    assert isinstance(definition, dg.TimeWindowPartitionsDefinition)
    assert definition.get_first_partition_key() == "2026-11-01"
    assert definition.cron_schedule == "0 18 * * *"
    assert definition.timezone == "Europe/Helsinki"


def test_job_sensor_and_resources_carry_the_connection_s_name() -> None:
    defs = build_defs(settings(owners=["owner@acme.example"]))
    job = defs.resolve_job_def("acme_sync")
    assert {name.to_user_string() for name in job.asset_layer.executable_asset_keys} == {
        f"acme/{name}" for name in GRAPH if not name.startswith(BESIDE)
    }
    assert defs.resolve_job_def("acme_reconcile").asset_layer.executable_asset_keys == {
        key("reconciliation/statement")
    }
    assert defs.resolve_job_def("acme_undo").asset_layer.executable_asset_keys == {key("undo/run")}
    assert defs.resolve_sensor_def("acme_daily").job_name == "acme_sync"
    assert job.description
    assert "acme" in job.description
    assert set(defs.resources or {}) == {*SHARED_RESOURCES, "acme_visma", "acme_hubspot"}
    assert defs.resolve_asset_graph().get(key("plan/companies")).owners == ["owner@acme.example"]


def test_a_resource_can_be_replaced() -> None:
    other = dg.ResourceDefinition.hardcoded_resource("a client of a test")
    defs = build_defs(settings(), resources={"acme_visma": other})
    assert (defs.resources or {})["acme_visma"] is other


def test_definitions_are_loadable_alone_and_merged() -> None:
    first, second = build_defs(settings()), build_defs(settings(name="other"))
    dg.Definitions.validate_loadable(first)
    both = dg.Definitions.merge(first, second)
    dg.Definitions.validate_loadable(both)
    assert len(both.resolve_all_asset_keys()) == 2 * len(GRAPH)


def test_the_component_is_a_thin_face_over_build_defs() -> None:
    component = VismaHubSpotConnection.load(settings(), None)  # type: ignore[arg-type]
    assert component.settings == settings()
    assert VismaHubSpotConnection.get_model_cls() is ConnectionSettings
    built = component.build_defs(None)  # type: ignore[arg-type]
    assert set(built.resolve_all_asset_keys()) == set(build_defs(settings()).resolve_all_asset_keys())


def test_the_component_wants_attributes() -> None:
    with pytest.raises(TypeError, match="at least name and start"):
        VismaHubSpotConnection.load(None, None)  # type: ignore[arg-type]


def test_a_definition_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-eu1-made-up")
    assert "made-up" not in repr(build_defs(settings()))
