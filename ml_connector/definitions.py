"""What Dagster loads: every connection in ``defs/``, or in the folder that ``ML_CONNECTOR_DEFS`` names."""

import os
import sys
import warnings
from pathlib import Path
from types import ModuleType

import dagster as dg

from ml_connector.errors import UsageError

DEFS_VARIABLE = "ML_CONNECTOR_DEFS"

LOADED = (".yaml", ".py")
"""Endings of what Dagster finds definitions in."""


def defs_folder() -> Path:
    """Return the folder of connections, one subfolder with a ``defs.yaml`` each."""
    named = os.environ.get(DEFS_VARIABLE)
    return Path(named).resolve() if named else Path(__file__).parent / "defs"


def _as_module(folder: Path) -> ModuleType:
    """Return a folder outside the package as the module Dagster loads components from."""
    if not folder.is_dir():
        raise UsageError(
            f"{DEFS_VARIABLE} names {folder}, which is not a folder.", remedy="Create it or unset it."
        )
    module = ModuleType("ml_connector_connections")
    module.__path__ = [str(folder)]
    module.__file__ = str(folder / "__init__.py")
    sys.modules[module.__name__] = module
    return module


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of all connections."""
    with warnings.catch_warnings():
        # Dagster warns of its own beta parts, four times for each asset of a component.
        warnings.simplefilter("ignore", dg.BetaWarning)
        if os.environ.get(DEFS_VARIABLE):
            folder = defs_folder()
            module = _as_module(folder)
            if not any(file.suffix in LOADED for file in folder.rglob("*")):
                return dg.Definitions()  # Dagster trips over a folder without anything in it for it
            return dg.ComponentTree.from_module(module, project_root=folder.parent).build_defs()
        return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
