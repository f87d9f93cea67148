"""Close a month; explain, replay and preview what is billed; say what a past month would have cost by other prices.

    samples ──▶ charge ──┐
    rules ───────────────┼──▶ explanation (JSON) ──▶ text · HTML
    writes, live lines ──┘

This room owns: the explanation of a line from its text to its samples, the version of a rule, the what-if of a
price change (`price_change`), the bills of a run (`bills`), the replay of a month (`replay`), the next invoices
(`preview`), and the three-way check (the modules `three_way*`). Of the close of a month it owns what is unknown
(`month_gaps`), whether the month can be closed (`close`), what is frozen (`frozen`), the charges by the frozen rules
(`closed_charges`), what corrected it later (`corrections`), and the comparison with the console's count (`true_up`).
`events` lists closes, approvals, adjustments and edits by hand for the history. It does not own: how usage is
measured (`metering`), rated (`rating`) or planned (`additions`): a report calls the functions that bill. It does not
own the pages either: `rendering` makes them of the JSON.

Always true in it: every function is pure. Loaded values come in, and values of JSON go out. It writes nothing.
"""
