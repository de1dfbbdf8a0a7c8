#!/usr/bin/env bash
# The locks install on any day: with the pip that the interpreter brings, untouched, and where a
# newer release of a locked package is out. Usage: check_lock.sh [PYTHON], from the project's root.
set -euo pipefail
# shellcheck disable=SC2086 # several names
python=$(tools/python.sh ${1:-python3 python3.13 python3.12 python3.11})

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/env"
bundled=$("$python" -c 'import ensurepip; print(ensurepip.version())')
pip() { "$work/env/bin/python" -m pip --disable-pip-version-check "$@"; }
is_bundled() { pip --version | grep -qF "pip $bundled from" || { echo "pip is not the bundled $bundled"; exit 1; }; }
is_bundled

# The same lock, in which one package is a release behind.
"$work/env/bin/python" - requirements/dev.txt tools/setup/coverage-older.txt "$work/dev.txt" <<'PY'
import re
import sys
from pathlib import Path

lock, older = (Path(name).read_text() for name in sys.argv[1:3])
entry = re.compile(r"^coverage==(\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)
(locked,) = entry.finditer(lock)
(behind,) = entry.finditer(older)
if locked[1] == behind[1]:
    sys.exit(f"tools/setup/coverage-older.txt holds the locked release {locked[1]}: give it the one before")
Path(sys.argv[3]).write_text(lock.replace(locked[0], behind[0]))
print(f"coverage {behind[1]} instead of {locked[1]}")
PY
pip install --quiet --no-deps --require-hashes -r "$work/dev.txt"
pip check
is_bundled
echo "the lock installs with $("$python" --version)'s own pip $bundled, one package a release behind"
