"""Why records are refused or wait: the catalogue of causes, and how one is told from what was said about a record."""
