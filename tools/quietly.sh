#!/bin/sh
# Run a command and show what it printed only when it fails.
printed=$(mktemp) || exit 1
trap 'rm -f "$printed"' EXIT
"$@" >"$printed" 2>&1 && exit 0
status=$?
cat "$printed" >&2
exit $status
