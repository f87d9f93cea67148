"""Metering: read usage, measure it, and account for every customer.

    sources ─▶ pull ─▶ ledger ─▶ snapshot ─▶ hourly totals ─▶ measure        and beside it: customer status, coverage

Owns: the usage sources, whether a pull is believed, snapshots of the ledger, hourly totals, measures, the status of
each customer, and the coverage table.
Does not own: quantities and prices (`rating`), and charges and their additions in ConnectWise (`additions`).

Always true: only `sources`, `collect` and `loading` do I/O. All other modules are pure functions of a snapshot, the
rules and a moment. Zero, missing and failed usage are three different values.
"""
