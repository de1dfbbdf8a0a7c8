#!/bin/sh
# Print a Python of the version given, such as 3.13: on the PATH, or among pyenv's. Nothing where
# there is none.
for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
  if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
    echo "$candidate"; exit 0
  fi
done
