"""Pure: diff, changes, order, guardrails, money, the plan file. No I/O, no clock."""
