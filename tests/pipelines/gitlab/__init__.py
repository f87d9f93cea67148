"""The pipeline for GitLab, run as it is written, with a stand-in for GitLab's runner and for its program `glab`."""
