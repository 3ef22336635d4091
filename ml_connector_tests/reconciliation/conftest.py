"""Fixtures of the command's tests: a shell and a database as the tests of the other commands have them."""

from ml_connector_tests.cli.conftest import ready_template, shell, stored

__all__ = ["ready_template", "shell", "stored"]
