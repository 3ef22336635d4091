"""The fixtures of planning."""

from ml_connector_tests.plan.chain import chain, empty_ledger, ledger_engine, running
from ml_connector_tests.plan.money import books

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]
