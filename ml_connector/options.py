"""What a person may say about one run at its launch: a field in the UI's launchpad, a flag on the command line."""

import dagster as dg
from pydantic import Field

OPTIONS = "ml_connector_options"
"""Key of the resource; in run config ``resources: {ml_connector_options: {config: {…}}}``."""

KIND_TAG = "ml_connector/kind"
OF_RUN_TAG = "ml_connector/of_run"
"""Tags of a run that is neither a sync nor a plan: what it is, and which run it replays.

A run with the second reads the snapshots that the run it names has made, even where newer ones exist.
"""


class RunOptions(dg.ConfigurableResource["RunOptions"]):
    """The options of one run. Without run config every option is off."""

    accept_mass_change: bool = Field(
        default=False,
        description="Write even where far more would change than in recent runs, or than the limits of the connection "
        "allow. Look at the plan first.",
    )
    retry: str = Field(
        default="",
        description="Try only these refused records again: all, cause:NAME or record:KEY, as record:customer:1. "
        "The window's own records are left alone, so it is for runs of the steps plan and hubspot on a loaded window.",
    )
