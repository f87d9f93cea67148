"""A grid of money: customers with every pair of rules, phases and changes, billed in a few estates.

An oracle computes what each of them is billed, from BILLING.md. Plan, additions, report, explanation and export must
give the same quantity, price and amount, to the last unit.
"""
