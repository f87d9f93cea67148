"""Simulation of a month with random events. An oracle checks each addition after each hour."""
