"""Tests of the forms of the report of a period."""
