"""Tests of reading Visma."""
