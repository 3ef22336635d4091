"""Plan: match records with what HubSpot holds and say what would change. Reads only; nothing here writes."""
