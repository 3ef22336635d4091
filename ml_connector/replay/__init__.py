"""Old windows again, from their stored snapshots: what a replay would do beside what was done then. Writes nothing."""
