"""A module per kind: spec model, natural key, references, translation to and from ConnectWise JSON."""
