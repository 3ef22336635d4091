"""Connections: one folder each, with a defs.yaml that `ml-connector init` writes."""
