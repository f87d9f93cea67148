"""HTML reports: one file each, which a browser shows without a network.

Owns: the pages of a plan and of an outcome, their style, their script, and the policy that allows nothing else.
Does not own: what is risky, and how actions are grouped. `view` and `risks` say that for every form.

Always true: a page requests nothing from the network. All text from outside is escaped. Without script, only the
search is missing.
"""
