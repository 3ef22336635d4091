"""ml-connector: Visma.net ERP into HubSpot, as a Dagster project."""
