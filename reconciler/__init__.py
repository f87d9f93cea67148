"""Terraform for ConnectWise backup billing."""

__version__ = "0.1.0"
