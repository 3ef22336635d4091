"""Taking back what a run wrote: what it was, what has happened to it since, what is done about it, and doing it."""
