"""The crash matrix: end a run at each of its points, run again, and compare with an undisturbed run."""
