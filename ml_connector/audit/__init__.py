"""Answers from what is kept: why a record looks as it does, what a run did, and how two runs differ. Writes nothing."""
