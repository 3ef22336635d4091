"""The entry point: collects the commands in the order of their use, and reads ``.env``."""

import os
from pathlib import Path

import click
from dotenv import dotenv_values

from ml_connector.cli.audit import audit
from ml_connector.cli.conflicts import conflicts
from ml_connector.cli.credentials import credentials
from ml_connector.cli.demo import demo
from ml_connector.cli.dev import dev
from ml_connector.cli.edits import edits
from ml_connector.cli.init import init
from ml_connector.cli.output import Commands
from ml_connector.cli.ping import ping
from ml_connector.cli.plan import plan
from ml_connector.cli.reconcile import reconcile
from ml_connector.cli.rejects import rejects
from ml_connector.cli.replay import replay
from ml_connector.cli.sandbox import sandbox
from ml_connector.cli.sync import sync
from ml_connector.cli.undo import undo


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ml-connector", prog_name="ml-connector")
def main() -> None:
    """Carry customers, suppliers, invoices and sales from Visma.net ERP into HubSpot, and reconcile them.

    To look around: demo. To set up: init, ping, plan, sync; then dev keeps it going day by day.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but with rejects.
    """
    read_env_file(Path.cwd() / ".env")


def read_env_file(file: Path) -> None:
    """Take over variables from a ``.env`` file; what the environment has already stays, and empty ones are ignored."""
    if file.is_file():
        for name, value in dotenv_values(file).items():
            if value:
                os.environ.setdefault(name, value)


for command in (
    demo,
    init,
    credentials,
    ping,
    plan,
    sync,
    replay,
    undo,
    reconcile,
    rejects,
    conflicts,
    edits,
    audit,
    dev,
    sandbox,
):
    main.add_command(command)
