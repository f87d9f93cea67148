"""Tests of importing: matching customers with companies, and writing manifests."""
