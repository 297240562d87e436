# Sourced by the scripts beside it: a virtual environment of the project's own, made or brought up to date.
# It is made anew only when what is to be installed has changed, so that the second run starts at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

setup() { # setup [dev]: install the package, with "dev" the development tools too
    local python=${PYTHON:-python3} venv=.venv want
    want="$("$python" -c 'import sys; print(sys.version)') ${1:-} $(cksum pyproject.toml)"
    if [ ! -x "$venv/bin/python" ]; then
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
            { echo "cipherpost needs Python 3.11 or later; set PYTHON to one" >&2; exit 1; }
        "$python" -m venv "$venv"
    fi
    if [ "$(cat "$venv/installed-${1:-run}" 2>/dev/null)" != "$want" ]; then
        echo "setting up $venv ..." >&2
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable . ${1:+--group "$1"}
        printf '%s' "$want" >"$venv/installed-${1:-run}"
    fi
    PATH="$PWD/$venv/bin:$PATH"
    export PATH
}
