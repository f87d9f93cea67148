"""Months of many customers, with random trouble. What ConnectWise invoices must be what an oracle computes."""
