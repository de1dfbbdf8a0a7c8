#!/usr/bin/env bash
# Set up and run the fast tests with each supported Python that is here, and name those that are
# not. The one that `make test` uses is left to it, and with the newest of the others the built
# wheels are what is tested. Usage: check_pythons.sh, from the project's root, after `make wheels`.
set -euo pipefail

supported="3.13 3.12 3.11"
# shellcheck disable=SC2086 # several names
usual=$($(tools/python.sh ${PYTHON:-python3 python3.13 python3.12 python3.11}) -c \
  'import sys; print("%d.%d" % sys.version_info[:2])')

tested=() missing=()
for version in $supported; do
  if [ "$version" = "$usual" ]; then continue; fi
  python=$(tools/find_python.sh "$version")
  if [ -z "$python" ]; then missing+=("$version"); continue; fi
  echo "-- Python $version"
  if [ ${#tested[@]} = 0 ]; then
    make --no-print-directory PYTHON="$python" VENV=".venv-$version" demo
    tools/check_built.sh "$python"
  else
    # Other clients are the business of `make test`; here they are skipped, with a word.
    env -u CI make --no-print-directory PYTHON="$python" VENV=".venv-$version" demo test-fast
  fi
  rm -rf ".venv-$version"
  tested+=("$version")
done
if [ ${#tested[@]} = 0 ]; then tools/check_built.sh; fi
echo "set up and tested beside Python $usual: ${tested[*]:-none}; not found here, so not tested: ${missing[*]:-none}"
echo "Python 3.14 is not supported yet: coincurve has no binary for it"
