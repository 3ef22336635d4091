"""Fixtures of the sandbox's tests, kept in the module that serves each half."""

from ml_connector_tests.sandbox.book_keeping import served, visma
from ml_connector_tests.sandbox.hubspot_serving import hub, hub_server

__all__ = ["hub", "hub_server", "served", "visma"]
