"""The shape of ConnectWise's API: kinds of objects, their fields, references, paths and error bodies [spec].

Owns: the tables of fields in `entities`, and the check of one body against them.
Does not own: objects. This room holds no data of a tenant.
Always true: two calls with the same arguments give the same result.
"""
