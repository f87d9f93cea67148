"""Reporting: what the customers used in a month, and what was billed for it.

Owns: the report of a period as JSON, its exceptions, and its schema.
Does not own: measures and charges (`metering`, `rating`, `additions`), and how a report looks (`rendering`).

Always true: it is pure, and decides nothing that bills. Every form of a report is made from its JSON, so all forms
agree. A report of one customer has no name, figure or price of another one.
"""
