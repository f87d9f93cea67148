#!/bin/sh
# Print the path of a Python that can run the project. If there is none, print what to do and exit with 1.
#
#   tools/find_python.sh             find any supported version, 3.11 first
#   tools/find_python.sh 3.12        find this version
#   tools/find_python.sh PYTHON      check this interpreter: a path, or a name on PATH
#
# A name on PATH is not enough. pyenv puts a `python3.12` there that may only print which versions it has, and some
# systems do not install the modules that a virtual environment needs. So the script starts each candidate and checks it.
set -u
SUPPORTED="3.11 3.12 3.13"
wanted=${1-}

# Exit code 0: usable. 3: another version or implementation. 4: a module is missing. Any other: it does not run.
ask='
import sys
wanted = [tuple(map(int, version.split("."))) for version in sys.argv[1:]]
if sys.version_info[:2] not in wanted:
    print("is Python %d.%d" % sys.version_info[:2])
    raise SystemExit(3)
if sys.implementation.name != "cpython" or "t" in getattr(sys, "abiflags", ""):
    print("is not the standard CPython, and the lock has no wheels for it")
    raise SystemExit(3)
missing = []
for name in ("venv", "ensurepip", "ssl", "sqlite3", "zlib"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
if missing:
    print("does not have the modules " + ", ".join(missing) + " (on Debian and Ubuntu: apt install python3-venv)")
    raise SystemExit(4)
'

try() { # CANDIDATE VERSIONS...: set `answer` to the path of the interpreter, or to what is wrong with it
    candidate=$1; shift
    found=$(command -v "$candidate" 2>/dev/null) || { answer="was not found"; return 1; }
    answer=$("$candidate" -I -c "$ask" "$@" 2>/dev/null)
    case $? in
        0) answer=$found; return 0 ;;
        3|4) return 1 ;;
        *) answer="does not run"; return 1 ;;
    esac
}

case $wanted in
    "") versions=$SUPPORTED ;;
    3.[0-9]|3.[0-9][0-9]) versions=$wanted ;;
    *)
        # shellcheck disable=SC2086
        if try "$wanted" $SUPPORTED; then echo "$answer"; exit 0; fi
        echo "error: PYTHON=$wanted $answer. This project needs Python 3.11, 3.12 or 3.13." >&2
        case $wanted in
            python3.11|python3.12|python3.13)
                echo "  To search the folders of pyenv and uv too, give only the version: PYTHON=${wanted#python}." >&2 ;;
            *) echo "  Give another one, such as PYTHON=python3.11, or leave out PYTHON to search for one." >&2 ;;
        esac
        exit 1
        ;;
esac

noted=""
for version in $versions; do
    # Search PATH first, then the folders of pyenv and uv, which need not be on PATH.
    for candidate in "python$version" python3 python \
        "${PYENV_ROOT:-${HOME-}/.pyenv}/versions/$version".*/bin/python \
        "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME-}/.local/share}/uv/python}/cpython-$version"*/bin/python; do
        if try "$candidate" "$version"; then echo "$answer"; exit 0; fi
        case $answer in "does not have"*) noted="$noted
  $candidate $answer" ;; esac
    done
done
echo "error: no Python ${wanted:-3.11, 3.12 or 3.13} was found$noted" >&2
echo "  Install one (\`pyenv install ${wanted:-3.11}\`, \`uv python install ${wanted:-3.11}\`, or your system's package) and run again." >&2
echo "  If you have one elsewhere, give its path: \`make install PYTHON=/path/to/python${wanted:-3.11}\`." >&2
exit 1
