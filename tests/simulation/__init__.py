"""A month of random days against an oracle."""
