"""Records: HubSpot-shaped rows made from Visma snapshots. Pure functions, no Dagster, no HTTP, no clock."""
