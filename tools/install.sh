#!/bin/sh
# Install .venv from requirements.lock. If .venv is complete and up to date, do nothing. The Makefile runs this script.
#
#   PYTHON    the interpreter to use. By default an existing .venv keeps its interpreter, and a new one gets the first
#             that tools/find_python.sh finds
#   WITH_PIP  the version of pip to install with, or `newest`. By default it is the one that comes with the interpreter.
#             (.ci/run installs with old versions and with the newest)
#
# The content of .venv depends only on requirements.lock, [project] of pyproject.toml, and the interpreter. The script
# records all three in .venv/.installed as its last step. If that file is missing or differs, the .venv is incomplete,
# copied, or from other inputs, and the script installs it again.
set -eu
# Ignore settings of pip and Python that the user made for other projects. Keep those for the index, certificates and
# proxies.
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_EDITABLE \
    PIP_NO_BINARY PIP_PRE PIP_UPGRADE PIP_REQUIRE_VIRTUALENV PIP_DRY_RUN __PYVENV_LAUNCHER__ 2>/dev/null || true
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
venv=.venv
stamp=$venv/.installed

# state PYTHON: print the version and path of the interpreter, and the hashes of the inputs. If it does not run, print
# nothing.
state() {
    "$1" -I -c 'if True:
        import hashlib, importlib.util, os, sys, tomllib
        if importlib.util.find_spec("pip") is None and sys.prefix != sys.base_prefix:
            raise SystemExit("no pip")
        base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        print("python", sys.version.split()[0], base)
        print("folder", os.getcwd())
        with open("requirements.lock", "rb") as file:
            print("lock", hashlib.sha256(file.read()).hexdigest())
        with open("pyproject.toml", "rb") as file:
            project = {name: value for name, value in tomllib.load(file).items() if name != "tool"}
        print("project", hashlib.sha256(repr(project).encode()).hexdigest())
        print("pip", sys.argv[1] or "bundled")
    ' "${WITH_PIP:-$(sed -n 's/^pip //p' "$stamp" 2>/dev/null)}" 2>/dev/null || true
}

if [ -n "${PYTHON-}" ]; then
    python=$(sh tools/find_python.sh "$PYTHON")
    now=$(state "$python")
elif [ -x "$venv/bin/python" ]; then
    now=$(state "$venv/bin/python")
else
    now=""
fi
# If .venv/bin/python does not run, its state is empty, and .venv is installed again.
if [ -n "$now" ] && [ -n "$(state "$venv/bin/python")" ] && [ -f "$stamp" ] && [ "$now" = "$(cat "$stamp")" ]; then
    exit 0
fi

[ -n "${PYTHON-}" ] || python=$(sh tools/find_python.sh)
[ ! -e "$venv" ] || echo "The existing .venv is incomplete or out of date. It is installed again." >&2
echo "Installing .venv with $("$python" --version 2>&1) ($python)" >&2
rm -rf "$venv"
WITH_PIP=${WITH_PIP:-bundled}
"$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }
case $WITH_PIP in
    bundled) ;;
    newest) pip install --upgrade pip ;;
    *) pip install "pip==$WITH_PIP" ;;
esac
# --no-deps: the lock is complete, and an old pip would resolve extras outside it. --only-binary: no package is built,
# so no build tools are downloaded. The build of this project needs only packages of the lock.
pip install --no-deps --require-hashes --only-binary :all: -r requirements.lock
pip install --no-deps --no-build-isolation -e .
# pip writes this folder's path to a .pth file. Python reads that file at its start, in the encoding of the locale. With
# LC_ALL=C, a path with non-ASCII letters would stop Python. So the script rewrites such a line in ASCII.
"$python" -I -S -c 'if True:
    import os, pathlib, sys
    root = os.fsencode(os.getcwd())
    for file in pathlib.Path(sys.argv[1]).glob("lib/python*/site-packages/*reconciler*.pth"):
        if not root.isascii() and file.read_bytes().strip() == root:
            file.write_text("import os, sys; sys.path.append(os.fsdecode(%r))\n" % root)
' "$venv"
pip check >&2
"$venv/bin/python" -m compileall -q reconciler
state "$venv/bin/python" >"$venv/.installed.new"
mv "$venv/.installed.new" "$stamp"
