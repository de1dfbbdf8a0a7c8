#!/bin/sh
# Print a Python that coldlever runs on: the first of the names given that is one, or an error.
# Usage: python.sh python3 python3.13 …
for name in "$@"; do
  if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    echo "$name"; exit 0
  fi
done
echo "coldlever needs Python 3.11, 3.12 or 3.13 (coincurve has no binary for 3.14 yet); none of these is one: $*" >&2
echo "When you have one elsewhere, name it: make PYTHON=/path/to/python3.13 …" >&2
exit 2
