"""What makes the project from its sources: the virtual environment, and what is given to users."""
