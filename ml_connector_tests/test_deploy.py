"""The files of ``deploy/``: they agree with the code and with each other. Containers are not started."""

import re
import shlex
from configparser import ConfigParser
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from dagster._cli import create_dagster_cli
from dagster._core.instance.ref import InstanceRef
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from ml_connector_tests.source_tree import PACKAGE, ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAMS: dict[str, click.Command] = {
    "dagster": create_dagster_cli(),  # type: ignore[no-untyped-call]
    "dagster-daemon": create_dagster_daemon_cli(),
    "dagster-webserver": dagster_webserver,
}


def parsed_yaml(name: str) -> Any:
    """Return a YAML file of the folder."""
    return yaml.safe_load((DEPLOY / name).read_text())


def unit(path: Path) -> ConfigParser:
    """Return a systemd unit; of an option that comes twice only the last one."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text())
    return parser


def problem_with(words: list[str]) -> str | None:
    """Return what is wrong with a call of one of Dagster's programs, or None."""
    command = PROGRAMS[words[0]]
    rest = words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest.pop(0))
        if found is None:
            return "no such command"
        command = found
    options = {name for parameter in command.params for name in parameter.opts}
    unknown = [word for word in rest if word.startswith("-") and word not in options]
    return f"no option {unknown[0]}" if unknown else None


def compose_commands() -> list[list[str]]:
    services = parsed_yaml("compose.yaml")["services"]
    commands = [service["command"] for service in services.values() if "command" in service]
    checks = [service["healthcheck"]["test"][1:] for service in services.values()]
    return [*commands, *(check for check in checks if check[0] in PROGRAMS)]


def unit_commands() -> list[list[str]]:
    return [shlex.split(unit(path)["Service"]["ExecStart"]) for path in UNITS]


@pytest.mark.parametrize("words", [*compose_commands(), *unit_commands()], ids=" ".join)
def test_the_processes_are_commands_that_exist(words: list[str]) -> None:
    assert problem_with([Path(words[0]).name, *words[1:]]) is None


def test_a_wrong_command_would_be_found() -> None:
    assert problem_with(["dagster", "code-server", "begin"]) == "no such command"
    assert problem_with(["dagster-daemon", "run", "--forever"]) == "no option --forever"


def test_compose_publishes_the_ui_on_loopback_only_and_hides_the_database() -> None:
    services = parsed_yaml("compose.yaml")["services"]
    ports = {name: service.get("ports", []) for name, service in services.items()}
    assert {name: found for name, found in ports.items() if found} == {"webserver": ["127.0.0.1:3000:3000"]}
    assert services["postgres"]["networks"] == ["inside"]
    ours = [service for name, service in services.items() if name != "postgres"]
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours)
    assert len({service["image"] for service in ours}) == 1


def test_the_image_installs_by_hash_and_does_not_run_as_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes --only-binary :all: -r constraints.txt" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    tag = re.search(r"ml-connector:(\S+) \.", text)
    assert tag is not None
    assert tag[1] == version("ml-connector")
    assert "ml-connector" in {point.name for point in entry_points(group="console_scripts")}


def test_the_workspace_names_the_location_of_the_project() -> None:
    server = parsed_yaml("workspace.yaml")["load_from"][0]["grpc_server"]
    project = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert server["location_name"] == project["location_name"]
    code = unit(DEPLOY / "systemd" / "ml-connector-code.service")["Service"]["ExecStart"]
    assert f"--port {server['port']}" in code
    assert server["host"]["env"] in (DEPLOY / "systemd" / "environment.example").read_text()


def test_the_chart_gets_the_instance_settings_of_the_package() -> None:
    values = parsed_yaml("values.yaml")
    ours = yaml.safe_load((PACKAGE / "dagster.yaml").read_text())
    theirs = values["additionalInstanceConfig"]
    assert theirs == {name: ours[name] for name in theirs}
    daemon = values["dagsterDaemon"]["sensors"]
    assert (daemon["useThreads"], daemon["numWorkers"]) == (
        ours["sensors"]["use_threads"],
        ours["sensors"]["num_workers"],
    )
    assert values["pythonLogs"]["managedPythonLoggers"] == ours["python_logs"]["managed_python_loggers"]
    server = values["dagsterWebserver"]["workspace"]["servers"][0]
    deployment = values["dagster-user-deployments"]["deployments"][0]
    assert (server["host"], server["port"]) == (deployment["name"], deployment["port"])


def test_dagster_takes_the_instance_settings_that_the_chart_would_write(tmp_path: Path) -> None:
    values = parsed_yaml("values.yaml")
    database = {
        "postgres_db": {
            "username": values["postgresql"]["postgresqlUsername"],
            "password": "made-up",
            "hostname": values["postgresql"]["postgresqlHost"],
            "db_name": values["postgresql"]["postgresqlDatabase"],
            "port": values["postgresql"]["service"]["port"],
            "scheme": values["postgresql"]["postgresqlScheme"],
        }
    }
    launcher = values["runLauncher"]["config"]["customRunLauncher"]
    instance = {
        "run_storage": {
            "module": "dagster_postgres.run_storage",
            "class": "PostgresRunStorage",
            "config": database,
        },
        "event_log_storage": {
            "module": "dagster_postgres.event_log",
            "class": "PostgresEventLogStorage",
            "config": database,
        },
        "schedule_storage": {
            "module": "dagster_postgres.schedule_storage",
            "class": "PostgresScheduleStorage",
            "config": database,
        },
        "run_launcher": launcher,
        **values["additionalInstanceConfig"],
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(instance))
    reference = InstanceRef.from_dir(str(tmp_path))
    assert type(reference.run_launcher).__name__ == launcher["class"]
    assert type(reference.run_coordinator).__name__ == "QueuedRunCoordinator"
    assert reference.settings["concurrency"] == values["additionalInstanceConfig"]["concurrency"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_run_without_rights(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "ml-connector"
    assert service["CapabilityBoundingSet"] == ""
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["ProtectHome"]) == (
        "yes",
        "strict",
        "yes",
    )
    if "webserver" in path.stem or "code" in path.stem:
        assert "--host 127.0.0.1" in service["ExecStart"]
