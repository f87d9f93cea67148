"""The command line: one module for each command of `reconciler`, and what the commands share.

Owns: options, help, prompts, notes, error messages, progress, exit codes, and the order of read, plan, record, apply.
Does not own: what a plan contains, how it is applied, and how plans and tables look. `planning`, `additions`,
`applying` and `rendering` do that.

Always true: the result goes to standard output, everything else to standard error. No error ends in a traceback.
"""
