"""The fixtures of planning."""

from ml_connector_tests.plan.chain import chain, running

__all__ = ["chain", "running"]
