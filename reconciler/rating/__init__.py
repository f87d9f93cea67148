"""Rating: turn measured usage into the charge of a mapping, by its rules and prices.

Owns: the price of each range (`pricing`), and the steps from bytes to quantities and amounts (`rate`): unit, allowance,
rounding, minimum, ranges, price.
Does not own: how usage is read and measured (`metering`), and what happens to additions (`additions`).

Always true: every function is pure. Every number is a `Decimal`. A quantity is rounded once.
"""
