"""The controls below `/sandbox/`: they show and change a running sandbox.

Owns: the control routes, their JSON bodies, and the tables of the page.
Does not own: the behaviour that a control changes.
Always true: a control answers requests from this machine only.
"""
