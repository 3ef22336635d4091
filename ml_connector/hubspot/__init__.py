"""HubSpot: what can be read and written there, and how to stay within its limits.

Only ``resource.py`` and ``assets.py`` know Dagster; everything else works in a notebook.
"""
