"""The web server and daemon as people use them: what they list, runs from the UI and from the command line."""

import json
from datetime import datetime
from typing import Any

from click.testing import CliRunner

from ml_connector.cli.main import main
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import PoisonMode, PoisonRule
from ml_connector_tests.web.conftest import FIRST, LAST, SELECTOR, Deployment

RANGE = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": LAST}

BESIDE = {"reconciliation": "acme_reconcile", "undo": "acme_undo"}
"""Steps that have a job of their own, beside the sync."""

ASSET = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    groupName description
    partitionStats { numPartitions numMaterialized numFailed }
    assetMaterializations { runId partition metadataEntries { label ... on IntMetadataEntry { intValue } } }
    assetChecksOrError { ... on AssetChecks { checks { name description executionForLatestMaterialization {
        status evaluation { success metadataEntries {
            label ... on TextMetadataEntry { text } } } } } } }
} } }"""

RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run {
    jobName status canTerminate tags { key value }
    repositoryOrigin { repositoryLocationName }
    assetSelection { path } parentRunId
} } }"""

SENSOR = """query($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { ... on Sensor {
    name description targets { pipelineName } sensorState { id status ticks(limit: 1) { status skipReason } } } } }"""


def asset(ui: Deployment, *path: str) -> dict[str, Any]:
    """Return what the UI knows of an asset."""
    found: dict[str, Any] = ui.ask(ASSET, key={"path": ["acme", *path]})["assetNodeOrError"]
    return found


def test_the_graph_is_listed_by_steps(ui: Deployment) -> None:
    nodes = ui.ask("{ assetNodes { assetKey { path } groupName description jobNames } }")["assetNodes"]
    assert {node["groupName"] for node in nodes} == {"visma", "records", "plan", "hubspot", *BESIDE}
    assert all(node["assetKey"]["path"][:2] == ["acme", node["groupName"]] for node in nodes)
    assert all(node["description"] for node in nodes)
    for node in nodes:
        assert BESIDE.get(node["groupName"], "acme_sync") in node["jobNames"]


def test_a_range_launched_in_the_ui_fills_its_partitions_and_a_failed_check_says_why(ui: Deployment) -> None:
    refused, number = "Ikke Mottatt AS", ui.sandbox.visma.keys("customers")[0]
    ui.sandbox.visma.update("customers", number, {"name": refused}, stamp=datetime(2020, 1, 2))
    ui.sandbox.hubspot.poison(PoisonRule("companies", "name", refused, PoisonMode.INPUT_ERROR))
    run_id = ui.launch(RANGE)
    ui.wait_for_run(run_id, "SUCCESS")
    for path in (("visma", "customers"), ("plan", "companies"), ("hubspot", "contacts")):
        assert asset(ui, *path)["partitionStats"] == {
            "numPartitions": 3,
            "numMaterialized": 3,
            "numFailed": 0,
        }
    companies = asset(ui, "hubspot", "companies")
    newest = companies["assetMaterializations"][0]
    figures = {entry["label"]: entry.get("intValue") for entry in newest["metadataEntries"]}
    assert newest["runId"] == run_id
    assert figures["companies: rejected"] == 1
    checks = {check["name"]: check for check in companies["assetChecksOrError"]["checks"]}
    assert checks["every_record_accounted_for"]["executionForLatestMaterialization"]["status"] == "SUCCEEDED"
    failed = checks["no_rejects"]["executionForLatestMaterialization"]
    assert failed["status"] == "FAILED"
    said = {entry["label"]: entry for entry in failed["evaluation"]["metadataEntries"]}
    assert said["causes"]["text"].startswith("- 1 x companies: ")
    assert f"customer:{number}" in said["causes"]["text"]
    assert refused not in json.dumps(failed)
    assert said["every one by name"]["text"] == "ml-connector rejects acme list"


def test_a_run_of_the_command_line_is_seen_with_its_job_and_can_be_repeated_in_the_ui(ui: Deployment) -> None:
    result = CliRunner().invoke(main, ["sync", "acme", "--partition", LAST, "--json"])
    run_id = json.loads(result.stdout)["run_id"]
    run = ui.ask(RUN, id=run_id)["runOrError"]
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert (run["jobName"], run["status"]) == ("acme_sync", "SUCCESS")
    assert run["repositoryOrigin"]["repositoryLocationName"] == "ml_connector"
    assert tags["dagster/partition"] == LAST
    assert tags["ml_connector/command"] == "sync"
    mutation = """mutation($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
    again = ui.ask(mutation, params={"parentRunId": run_id, "strategy": "ALL_STEPS"})["launchRunReexecution"]
    assert again["__typename"] == "LaunchRunSuccess", again
    repeated = again["run"]["runId"]
    ui.wait_for_run(repeated, "SUCCESS")
    assert ui.ask(RUN, id=repeated)["runOrError"]["parentRunId"] == run_id


def test_a_plan_of_the_command_line_is_told_from_a_sync(ui: Deployment) -> None:
    result = CliRunner().invoke(main, ["plan", "acme", "--partition", LAST, "--json"])
    run = ui.ask(RUN, id=json.loads(result.stdout)["run_id"])["runOrError"]
    assert {"key": "ml_connector/command", "value": "plan"} in run["tags"]
    assert {path["path"][1] for path in run["assetSelection"]} == {"visma", "records", "plan"}


def test_a_run_is_ended_from_the_ui_and_its_window_comes_again(ui: Deployment) -> None:
    ui.sandbox.faults.add(FaultRule(kind=FaultKind.DELAY, path="/crm", seconds=30.0))
    ui.sandbox.log.clear()
    run_id = ui.launch({"dagster/partition": LAST})
    ui.wait_for("a call to HubSpot", lambda: ui.sandbox.log.calls("hubspot"))
    mutation = """mutation($id: String!) { terminateRun(runId: $id) {
        __typename ... on TerminateRunFailure { message } } }"""
    assert ui.ask(mutation, id=run_id)["terminateRun"]["__typename"] == "TerminateRunSuccess"
    ui.wait_for_run(run_id, "CANCELED")
    ui.sandbox.faults.clear()
    result = CliRunner().invoke(main, ["sync", "acme", "--partition", LAST, "--json"])
    assert json.loads(result.stdout)["status"] in ("success", "rejects")


def test_the_sensor_waits_to_be_switched_on_and_then_says_that_nothing_is_due(ui: Deployment) -> None:
    CliRunner().invoke(main, ["sync", "acme"])
    selector = SELECTOR | {"sensorName": "acme_daily"}
    sensor = ui.ask(SENSOR, selector=selector)["sensorOrError"]
    assert sensor["targets"] == [{"pipelineName": "acme_sync"}]
    assert sensor["description"]
    assert sensor["sensorState"]["status"] == "STOPPED"
    start = "mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename } }"
    assert ui.ask(start, selector=selector)["startSensor"]["__typename"] == "Sensor"

    def ended() -> list[dict[str, str]]:
        ticks = ui.ask(SENSOR, selector=selector)["sensorOrError"]["sensorState"]["ticks"]
        return [tick for tick in ticks if tick["status"] != "STARTED"]

    try:
        assert ui.wait_for("a tick", ended) == [
            {"status": "SKIPPED", "skipReason": "Every complete window is synced."}
        ]
    finally:
        stop = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
        ui.ask(stop, id=sensor["sensorState"]["id"])


def test_the_job_lists_its_windows(ui: Deployment) -> None:
    query = """query($selector: RepositorySelector!, $job: String!) {
        partitionSetsOrError(repositorySelector: $selector, pipelineName: $job) { ... on PartitionSets {
            results { partitionsOrError { ... on Partitions { results { name } } } } } } }"""
    found = ui.ask(query, selector=SELECTOR, job="acme_sync")["partitionSetsOrError"]["results"]
    windows = [item["name"] for item in found[0]["partitionsOrError"]["results"]]
    assert (windows[0], windows[-1], len(windows)) == (FIRST, LAST, 3)
