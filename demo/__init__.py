"""`make demo`: the main job, told on the embedded sandbox."""
