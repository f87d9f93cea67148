"""Price cases: what usage would be billed, checked offline against what a person expects.

    case file ──▶ usage ──────────▶ snapshots of sources ──┐
    manifests ──▶ mapping, prices ▶ a live state ──────────┼──▶ charges ──▶ plan ──▶ outcome ──▶ compared with `expect`
    case file ──▶ standing lines ─▶ additions and a ledger ┘

Owns: the format of case files, the values that they stand for, and the comparison with what a case expects.
Does not own: any rule of billing. `metering` places samples, `rating` makes lines, and `additions` plans them.

Always true: nothing is read but files and Git. A case is planned by the same functions as a real run, with the same
values: there is no second implementation of a rule. What only ConnectWise knows counts as found and in order.
"""
