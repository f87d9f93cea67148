"""Random histories of a month that ends: late samples, closes, invoices, prices with a date, approvals given or not.

Everything is in memory. `world` has what the product sees, and lets it bill. `oracle` computes the month on its own,
with nothing of `reconciler`. `run` plays a history, and compares.
"""
