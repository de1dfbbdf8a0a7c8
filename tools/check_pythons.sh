#!/usr/bin/env bash
# Set up and run the fast tests with each supported Python that is here, and name those that are
# not. The one that `make test` uses is left to it. Usage: check_pythons.sh, from the project's root.
set -euo pipefail

supported="3.11 3.12 3.13"
# shellcheck disable=SC2086 # several names
usual=$($(tools/python.sh ${PYTHON:-python3 python3.13 python3.12 python3.11}) -c \
  'import sys; print("%d.%d" % sys.version_info[:2])')

find_python() { # of version $1: on the PATH, or among pyenv's
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$candidate"; return
    fi
  done
}

tested=() missing=()
for version in $supported; do
  if [ "$version" = "$usual" ]; then continue; fi
  python=$(find_python "$version")
  if [ -z "$python" ]; then missing+=("$version"); continue; fi
  echo "-- Python $version"
  make --no-print-directory PYTHON="$python" VENV=".venv-$version" demo test-fast
  rm -rf ".venv-$version"
  tested+=("$version")
done
echo "set up and tested beside Python $usual: ${tested[*]:-none}; not found here, so not tested: ${missing[*]:-none}"
echo "Python 3.14 is not supported yet: coincurve has no binary for it"
