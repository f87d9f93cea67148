"""The chain: an entry for each row that must never change, with digests of the row and of the entry before.

Owns: which tables the chain covers, how a row becomes a digest, and the entries.
Always true: an entry is written in the same transaction as the row that it covers, and no entry is ever changed or
deleted. A change of a covered row, of an entry or of their order leaves a digest that does not match.
"""
