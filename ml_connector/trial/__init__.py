"""Trying things out: what would become of one record now, and what other settings would change. Writes nothing."""
