"""What a person may say about one run at its launch: a field in the UI's launchpad, a flag on the command line."""

import dagster as dg
from pydantic import Field

OPTIONS = "ml_connector_options"
"""Key of the resource; in run config ``resources: {ml_connector_options: {config: {…}}}``."""


class RunOptions(dg.ConfigurableResource["RunOptions"]):
    """The options of one run. Without run config every option is off."""

    accept_mass_change: bool = Field(
        default=False,
        description="Write even where far more would change than in recent runs, or than the limits of the connection "
        "allow. Look at the plan first.",
    )
