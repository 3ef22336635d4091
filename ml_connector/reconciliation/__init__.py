"""The check on everything before it: what Visma has and what HubSpot shows, read afresh and compared to the cent."""
