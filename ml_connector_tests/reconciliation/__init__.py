"""The comparison of the two systems: made-up facts, both APIs in the sandbox, and the statement that comes of it."""
