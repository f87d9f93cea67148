"""Tests of price cases."""
