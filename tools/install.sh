#!/bin/sh
# Makes .venv from requirements.lock, and leaves it alone where it is whole and up to date. Run from the Makefile.
#
#   PYTHON    the interpreter to use; left out: a whole .venv keeps its own, a new one takes the first that is found
#   WITH_PIP  the release of pip to install with, or `newest`; left out: the one that comes with the interpreter
#             (.ci/run installs with old ones and with the newest)
#
# What is in .venv depends on requirements.lock, [project] of pyproject.toml and the interpreter alone. .venv/.installed says which
# of each, and is written last: where it is missing or says something else, .venv was half made (or copied, or made by
# an interpreter that has gone), and it is made anew.
set -eu
# What a person has set for other projects must not lead pip elsewhere. Where packages come from (the index, a
# certificate, a proxy) stays theirs to say.
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_EDITABLE \
    PIP_NO_BINARY PIP_PRE PIP_UPGRADE PIP_REQUIRE_VIRTUALENV PIP_DRY_RUN __PYVENV_LAUNCHER__ 2>/dev/null || true
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
venv=.venv
stamp=$venv/.installed

# The interpreter behind `$1`, and the inputs. Prints nothing where it does not run.
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
# A .venv/bin/python that does not run gives no state, whatever PYTHON says.
if [ -n "$now" ] && [ -n "$(state "$venv/bin/python")" ] && [ -f "$stamp" ] && [ "$now" = "$(cat "$stamp")" ]; then
    exit 0
fi

[ -n "${PYTHON-}" ] || python=$(sh tools/find_python.sh)
[ ! -e "$venv" ] || echo "The .venv that is there is unfinished, or made from something else: it is made anew." >&2
echo "Making .venv with $("$python" --version 2>&1) ($python)" >&2
rm -rf "$venv"
WITH_PIP=${WITH_PIP:-bundled}
"$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }
case $WITH_PIP in
    bundled) ;;
    newest) pip install --upgrade pip ;;
    *) pip install "pip==$WITH_PIP" ;;
esac
# --no-deps: the lock is complete, and an old pip would resolve extras outside it. --only-binary: nothing is built, so
# nothing is fetched to build it. The project's own build needs what the lock holds.
pip install --no-deps --require-hashes --only-binary :all: -r requirements.lock
pip install --no-deps --no-build-isolation -e .
# The install names this folder in a .pth file, which Python reads in the encoding of the locale when it starts: with
# LC_ALL=C a path with letters beyond ASCII would end it there. So that line is written in ASCII.
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
