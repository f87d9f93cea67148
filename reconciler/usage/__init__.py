"""From what a backup console says to the lines that a customer is billed for.

    sources ─▶ pull ─▶ ledger ─▶ measure ─▶ rating ─▶ lines        beside them: coverage, nothing left unsaid

Everything but `sources` and `collect` is pure: samples, rules and a moment in, lines and sentences out.
"""
