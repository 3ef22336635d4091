"""The real definitions, run by Dagster against the sandbox over HTTP and a real PostgreSQL."""
