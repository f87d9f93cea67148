"""Run a command, and send the alerts of its run when it has ended."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cli.context import Context
from reconciler.cli.output import print_note
from reconciler.cli.watch import Watch


def watched(context: Context, watch: Watch, run: Callable[[], int]) -> int:
    """Run a command and return its exit code. Then send the alerts of the run, whether it has raised an error or not.

    Nothing about the alerts changes the exit code or the error.
    """
    if not watch.on:
        return run()
    try:
        code = run()
    except KeyboardInterrupt:
        raise  # a person ended the run, and knows it
    except Exception as error:
        watch.error = error
        _tell(context, watch, None)
        raise
    _tell(context, watch, code)
    return code


def _tell(context: Context, watch: Watch, code: int | None) -> None:
    if watch.manifests is not None and watch.manifests.workspace.spec.alerts is None:
        return
    from reconciler.cli.alerting import tell  # noqa: PLC0415 - only watched runs need it

    try:
        tell(context, watch, code)
    except KeyboardInterrupt:
        print_note("interrupted while alerts were sent; those that were not sent are sent by the next run")
