"""`make demo`: set up a sandbox tenant, bill three hours of backup usage on it, and let a customer grow."""
