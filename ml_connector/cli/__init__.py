"""The command line: thin over the same functions as the assets, one file per group of commands."""

from ml_connector.cli.main import main

__all__ = ["main"]
