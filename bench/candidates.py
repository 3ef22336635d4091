"""The candidates of the table: their names, the command that runs each, and what each needs to run here."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SEGMENT = Path(__file__).parent / "segment"
NODE_MAJOR = 18
"""Segment's packages use fetch, which Node has had since then."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who can do the works.

    ``command`` is started with the path of a job as its last argument; ``ready`` makes it able to run and returns None,
    or says in plain words why it cannot run on this machine.
    """

    short: str
    title: str
    command: tuple[str, ...]
    ready: Callable[[], str | None]


def always() -> None:
    """Be ready: everything is in the environment that `make` builds."""


def segment_ready() -> str | None:
    """Install Segment's packages with npm if they are not there yet."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node and npm are not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < NODE_MAJOR:
        return f"Node {version} is older than {NODE_MAJOR}"
    if (SEGMENT / "node_modules" / "@segment" / "action-destinations").is_dir():
        return None
    print("Installing Segment's destination from npm (about 100 MB, once)")
    # Their install scripts are not run: nothing here needs them. No lock file: it would name the registry's host.
    install = [
        npm,
        "install",
        "--ignore-scripts",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    done = subprocess.run(install, cwd=SEGMENT, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"npm install failed: {done.stderr.strip().splitlines()[-1:]}"


CANDIDATES = (
    Candidate("job", "ml-connector's job", (sys.executable, "-m", "bench.runners.job"), always),
    Candidate("official", "hubspot-api-client", (sys.executable, "-m", "bench.runners.official"), always),
    Candidate("segment", "Segment HubSpot", ("node", str(SEGMENT / "driver.js")), segment_ready),
)
