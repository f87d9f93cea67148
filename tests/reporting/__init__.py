"""Tests of the report of a period."""
