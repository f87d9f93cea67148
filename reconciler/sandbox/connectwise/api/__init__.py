"""The HTTP face of a tenant: a request to its response.

Owns: routes, credentials, the rate limit, bundles, PATCH, and the faults of ConnectWise.
Does not own: sockets. The server sends what comes out here.
Always true: every response is a value that is computed from one request and the tenant.
"""
