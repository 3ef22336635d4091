"""Loading connections: from a folder of one's own, from the package, from another project, and mistakes in YAML."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from ml_connector import connection
from ml_connector.automation import job_name, run_tags
from ml_connector.cli.sandbox import addresses
from ml_connector.definitions import DEFS_VARIABLE, defs, defs_folder
from ml_connector.errors import UsageError
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.source_tree import PACKAGE, ROOT

BIN = Path(sys.executable).parent

MANY = 25
"""Connections that one location must carry."""


def write(folder: Path, name: str, **attributes: str) -> Path:
    """Write a connection into a folder of connections and return its file."""
    lines = [
        f"  {key}: {value}" for key, value in {"name": name, "start": "2026-11-02", **attributes}.items()
    ]
    file = folder / name / "defs.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["type: ml_connector.VismaHubSpotConnection", "attributes:", *lines]) + "\n")
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of connections that the environment names."""
    made = tmp_path / "connections"
    made.mkdir()
    monkeypatch.setenv(DEFS_VARIABLE, str(made))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return made


def loaded() -> dg.Definitions:
    """Return the definitions as a code location has them."""
    found = defs()
    assert isinstance(found, dg.Definitions)
    return found


def connections(found: dg.Definitions) -> set[str]:
    """Return the names of the connections in definitions."""
    return {key.path[0] for key in found.resolve_all_asset_keys()}


def dg_command(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real ``dg`` in a project."""
    environment = os.environ | {
        "VIRTUAL_ENV": str(BIN.parent),
        "PYTHONPATH": str(project),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    environment.pop(DEFS_VARIABLE, None)
    return subprocess.run(
        [str(BIN / "dg"), *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_the_folder_of_the_environment_is_loaded(folder: Path) -> None:
    write(folder, "norway")
    write(folder, "sweden", timezone="Europe/Stockholm")
    found = loaded()
    assert connections(found) == {"norway", "sweden"}
    assert {sensor.name for sensor in found.get_repository_def().sensor_defs} == {
        "norway_daily",
        "sweden_daily",
    }


def test_a_folder_without_connections_is_a_location_without_assets(folder: Path) -> None:
    assert loaded().resolve_all_asset_keys() == []
    (folder / "later").mkdir()
    (folder / "README.md").touch()
    assert loaded().resolve_all_asset_keys() == []


def test_dagster_s_own_warnings_stay_out_of_the_logs(folder: Path) -> None:
    write(folder, "norway")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        loaded()
    assert [str(warning.message) for warning in seen if "beta" in str(warning.message)] == []


def test_a_folder_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEFS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="nowhere, which is not a folder"):
        defs()


def test_an_empty_variable_means_the_package_s_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEFS_VARIABLE, "")
    assert defs_folder() == PACKAGE / "defs"


def test_many_connections_are_built_once_each(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MANY):
        write(folder, f"c{number:02}", records="[]")
    built: list[str] = []
    original: Callable[..., dg.Definitions] = connection.build_defs

    def counting(settings: ConnectionSettings) -> dg.Definitions:
        built.append(settings.name)
        return original(settings)

    monkeypatch.setattr(connection, "build_defs", counting)
    repository = loaded().get_repository_def()
    assert sorted(built) == [f"c{number:02}" for number in range(MANY)]
    assert len(repository.sensor_defs) == MANY
    assert {job.name for job in repository.get_all_jobs()} >= {job_name(name) for name in built}


@pytest.fixture(scope="module")
def package_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the project with a connection in the package's own folder, as its owner has it."""
    project = tmp_path_factory.mktemp("clone")
    for name in ("pyproject.toml", "workspace.yaml"):
        shutil.copy(ROOT / name, project)
    shutil.copytree(PACKAGE, project / "ml_connector", ignore=shutil.ignore_patterns("__pycache__"))
    write(project / "ml_connector" / "defs", "acme")
    return project


def test_the_package_s_folder_is_loaded_and_checked(package_project: Path) -> None:
    listed = dg_command(package_project, "list", "defs", "--json")
    assert listed.returncode == 0, listed.stderr
    document = json.loads(listed.stdout)
    assert {item["asset_key_parts"][0] for item in document["assets"]} == {"acme"}
    assert [item["name"] for item in document["jobs"]] == ["acme_reconcile", "acme_sync", "acme_undo"]
    assert [item["name"] for item in document["sensors"]] == ["acme_daily"]
    assert document["assets"][0]["source"].startswith("ml_connector/defs/acme/defs.yaml:")


def test_mistakes_are_shown_with_file_line_and_reason(package_project: Path) -> None:
    wrong = write(
        package_project / "ml_connector" / "defs",
        "wrong",
        timezon="Europe/Oslo",
        windows="nightly",
        settle_minutes="soon",
        not_before="10:30",
    )
    try:
        checked = dg_command(package_project, "check", "yaml")
    finally:
        shutil.rmtree(wrong.parent)
    said = checked.stdout + checked.stderr
    assert checked.returncode != 0
    assert f"{wrong}:5 - ml_connector.VismaHubSpotConnection attributes.timezon Additional properties" in said
    assert (
        f"{wrong}:6 - ml_connector.VismaHubSpotConnection attributes.windows 'nightly' does not match" in said
    )
    assert f"{wrong}:7 - ml_connector.VismaHubSpotConnection attributes.settle_minutes 'soon'" in said
    assert f"{wrong}:8 - ml_connector.VismaHubSpotConnection attributes.not_before 630" in said


def test_another_project_uses_the_component_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "warehouse"\n'
    )
    (tmp_path / "warehouse" / "defs").mkdir(parents=True)
    (tmp_path / "warehouse" / "__init__.py").touch()
    (tmp_path / "warehouse" / "defs" / "__init__.py").touch()
    (tmp_path / "warehouse" / "definitions.py").write_text(
        "from pathlib import Path\n\nimport dagster as dg\n\n\n@dg.definitions\ndef defs():\n"
        "    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)\n"
    )
    write(tmp_path / "warehouse" / "defs", "acme")
    listed = dg_command(tmp_path, "list", "defs", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [item["name"] for item in json.loads(listed.stdout)["jobs"]] == [
        "acme_reconcile",
        "acme_sync",
        "acme_undo",
    ]


def test_two_connections_of_one_location_run_side_by_side(
    folder: Path, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "norway", records="[]")
    write(folder, "sweden", portal_id="139876543", records="[]")
    location = loaded()
    for name, customers in (("norway", 3), ("sweden", 5)):
        visma = VismaSandboxSettings(tenant_id=f"8d3bad44-5d0a-11ee-9c3b-0242ac12000{customers}")
        with Sandbox(SandboxSettings(customers=customers, suppliers=0, visma=visma)) as sandbox:
            secrets = {
                "VISMA_CLIENT_ID": visma.client_id,
                "VISMA_CLIENT_SECRET": visma.client_secret,
                "VISMA_TENANT_ID": visma.tenant_id,
                "HUBSPOT_ACCESS_TOKEN": DEFAULT_TOKEN,
            }
            for variable, value in (addresses(sandbox.url) | secrets).items():
                monkeypatch.setenv(variable, value)
            for entity in ("customers", "contacts"):
                sandbox.visma.restamp(entity, datetime(2020, 1, 1))
            with dg.DagsterInstance.ephemeral() as instance:
                result = location.resolve_job_def(job_name(name)).execute_in_process(
                    instance=instance, tags=run_tags(name, "2026-11-02", "2026-11-02")
                )
                last = dg.AssetKey([name, "hubspot", "contacts"])
                assert instance.get_materialized_partitions(last) == {"2026-11-02"}
            assert result.success
            ids = {
                record.values["visma_customer_id"] for record in sandbox.hubspot.records("companies").values()
            }
            assert {value.partition(":")[0] for value in ids} == {name}
            assert len(ids) == customers
