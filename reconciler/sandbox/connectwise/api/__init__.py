"""The API of a tenant: a function from a request to its response.

Owns: routes, credentials, the rate limit, bundles, PATCH, and the faults of ConnectWise.
Does not own: sockets. The server sends the responses.
Always true: every response is a value that is computed from one request and the tenant.
"""
