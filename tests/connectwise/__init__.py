"""Tests of the ConnectWise client, laid out like the package."""
