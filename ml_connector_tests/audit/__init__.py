"""Tests of ml_connector.audit."""
