"""The migrations, one module per revision. Do not change one that has been released."""
