"""Plan and outcome JSON → terminal. A renderer reads the JSON models and nothing else."""
