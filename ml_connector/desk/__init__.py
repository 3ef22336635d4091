"""The duplicate desk: what a person has to decide, the evidence for it, and the decisions."""
