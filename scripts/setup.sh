# Sourced by ./start and ./test: an environment in .venv that holds what pyproject.toml asks for.
# set_up EXTRA: EXTRA is "" or the name of an optional part such as "test". Needs $root.

set_up() {
    python="$root/.venv/bin/python"
    wanted=$(cksum < "$root/pyproject.toml")
    stamp="$root/.venv/.set-up${1:+-$1}"
    if is_fit "$python" && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then
        return 0
    fi
    echo "Setting up in .venv: once, a few minutes and about a gigabyte." >&2
    is_fit "$python" || rm -rf "$root/.venv" # one whose Python is gone or too old is of no use
    if command -v uv > /dev/null 2>&1; then
        [ -d "$root/.venv" ] || uv venv --quiet --python '>=3.11' "$root/.venv" >&2 || exit 1
        uv pip install --quiet --python "$python" --editable "$root${1:+[$1]}" >&2 || exit 1
    else
        if ! "$python" -m pip --version > /dev/null 2>&1; then
            found=$(find_python) || give_up
            "$found" -m venv --clear "$root/.venv" >&2 || exit 1
        fi
        "$python" -m pip install --quiet --disable-pip-version-check --editable "$root${1:+[$1]}" >&2 || exit 1
    fi
    echo "$wanted" > "$root/.venv/.set-up" # every optional part brings the whole product with it
    echo "$wanted" > "$stamp"
}

is_fit() { # a Python of 3.11 or newer?
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1
}

find_python() { # the newest one that can make an environment
    for name in python3.15 python3.14 python3.13 python3.12 python3.11 python3 python; do
        if is_fit "$name" && "$name" -c 'import venv, ensurepip' > /dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

give_up() {
    sudo=$([ "$(id -u)" = 0 ] || echo "sudo ")
    if command -v apt-get > /dev/null 2>&1; then
        version=$(is_fit python3 && echo 3 || echo 3.11)
        line="${sudo}apt-get install -y python$version python$version-venv"
    elif command -v dnf > /dev/null 2>&1; then
        line="${sudo}dnf install -y python3.11"
    elif command -v brew > /dev/null 2>&1; then
        line="brew install uv"
    else
        line="(your package manager) install python3.11, or install uv"
    fi
    printf 'Gearwheel needs Python 3.11 or newer, or uv. Type this, then run it again:\n\n    %s\n\n' "$line" >&2
    exit 1
}
