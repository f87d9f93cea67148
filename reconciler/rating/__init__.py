"""Rating: turn measured usage into the lines of a charge, by the rules and prices of its mapping.

Owns: the price of each range (`pricing`), and the steps from bytes to quantities and amounts (`rate`): unit, allowance,
rounding, minimum, ranges, price.
Does not own: how usage is read and measured (`metering`), and the charge that the lines belong to (`additions`).

Always true: every function is pure. Every number is a `Decimal`. A quantity is rounded once.
"""
