"""A plan carried out: preconditions, walk of the graph, journal, outcomes."""
