"""Run the command line with `python -m reconciler`."""

from reconciler.cli.entry import main

main()
