"""What both stand-ins use: the clock, faults, credentials, the request log, requests and responses.

Does not own: anything of one API alone.
Always true: nothing here imports another folder of the sandbox.
"""
