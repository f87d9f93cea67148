"""Matching: which company, agreement and addition belong to a customer of a usage source, and why.

    customers, companies ─▶ names ─▶ index ─▶ candidates ─▶ evidence ─▶ decide ─▶ proposals

Owns: how names are normalised and compared, what speaks for and against a company, and when that is enough to propose
it.
Does not own: reading the tenant and the usage sources, and writing the proposals.

Always true: all modules are pure functions of the values in `model`. The result does not depend on the order of the
input. An inactive or deleted company is never proposed. If two companies are near each other, or two customers of a
source want one company, the proposal is open and names them all.
"""
