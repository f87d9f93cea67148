"""`python -m reconciler`."""

from reconciler.cli.entry import main

main()
