"""The entry point: collects the commands and turns every expected error into a sentence and an exit code."""

import click

from ml_connector.cli.credentials import credentials
from ml_connector.cli.demo import demo
from ml_connector.cli.dev import dev
from ml_connector.cli.init import init
from ml_connector.cli.output import Commands
from ml_connector.cli.ping import ping
from ml_connector.cli.rejects import rejects
from ml_connector.cli.sandbox import sandbox
from ml_connector.cli.sync import plan, sync


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ml-connector", prog_name="ml-connector")
def main() -> None:
    """Carry customers, suppliers and contacts from Visma.net ERP into HubSpot.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but with rejects.
    """


for command in (demo, dev, init, credentials, ping, plan, sync, rejects, sandbox):
    main.add_command(command)
