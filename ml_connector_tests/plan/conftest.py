"""The fixtures of planning."""

from ml_connector_tests.plan.chain import chain, empty_ledger, ledger_engine, running

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]
