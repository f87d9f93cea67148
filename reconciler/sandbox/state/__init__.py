"""A whole sandbox: a tenant and a console in one environment, and the state file that keeps them.

Owns: the parts of one sandbox, and how a sandbox is saved and loaded.
Does not own: how it is served.
Always true: a sandbox that is saved and loaded again answers the same requests in the same way.
"""
