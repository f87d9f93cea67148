"""Tests of matching: names, candidates, evidence and decisions."""
