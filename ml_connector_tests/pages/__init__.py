"""Tests of ml_connector.pages."""
