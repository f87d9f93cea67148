"""Compares desired values with live values, and makes the plan file. Pure: no network, no files, no clock.

This room owns which values count as the same, the guardrails of the setup, how parts are joined to a plan, the order of
actions, approvals, and the plan file.
It does not own how objects are read (`live`) or how usage becomes additions (`additions`).

Always true here: the same values give the same plan. A plan has no secrets in it, and amounts are decimal text. Every
reason against a plan is collected, so that one error gives all of them.
"""
