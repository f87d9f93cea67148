"""Make the folder of programs that a pipeline finds before those of the system.

`reconciler` runs in a fork of a server that has imported it already: starting Python takes longer than most commands.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent
_CLIENT = """\
#!{python} -IS
import array, json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
    server.connect({path!r})
    job = json.dumps({{"arguments": sys.argv[1:], "environ": dict(os.environ), "folder": os.getcwd()}}).encode()
    socket.send_fds(server, [len(job).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(job)
    sys.exit(int(server.recv(16) or b"70"))
"""
_PYTHON = """\
#!/bin/sh
case "$*" in
    "-m pip install --no-deps --require-hashes -r "*) exec {python} -I {install} "$7" ;;
    *) echo "python $*: no stand-in" >&2; exit 70 ;;
esac
"""
_SLEEP = """\
#!{python} -IS
import json, os
path = os.environ["STAND_IN"] + "/forge.json"
forge = json.load(open(path))
for run in forge["runs"].values():
    if run["id"] in forge["ending"]:
        run["status"] = "completed"
json.dump(forge, open(path, "w"))
"""
_DATE = """\
#!/bin/sh
exec /bin/date -d "$RECONCILER_NOW" "$@"
"""


class Programs:
    """The folder of programs, and the server behind `reconciler`, until the `with` block ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="programs"))
        socket = self.folder / "server.socket"
        python = sys.executable
        self._write("reconciler", _CLIENT.format(python=python, path=str(socket)))
        self._write("gh", f"#!{python} -IS\n" + (HERE / "gh.py").read_text(encoding="utf-8"))
        self._write("glab", f"#!{python} -IS\n" + (HERE / "gitlab" / "glab.py").read_text(encoding="utf-8"))
        self._write("python", _PYTHON.format(python=python, install=HERE / "install.py"))
        self._write("sleep", _SLEEP.format(python=python))
        self._write("date", _DATE)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.pipelines.forking", str(socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"ready\n"

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def __enter__(self) -> Programs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(timeout=30)
        self._server.stdout.close()
        shutil.rmtree(self.folder)
