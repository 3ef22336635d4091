"""The record-level audit trail: what every run intended, sent and got back, and what is known of each record."""
