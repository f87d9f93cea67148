"""Build tools: install the virtual environment, and build the package for users."""
