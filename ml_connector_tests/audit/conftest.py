"""The fixtures of the audit: an empty ledger of a real database."""

from ml_connector_tests.plan.chain import empty_ledger, ledger_engine

__all__ = ["empty_ledger", "ledger_engine"]
