"""Tests of additions: charges, ownership, match, drift, guardrails and orphans."""
