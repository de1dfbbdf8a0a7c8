#!/usr/bin/env bash
# Check docs/model with Spin: the model holds, and with the rule of release 0.1 it does not.
# Usage: check_model.sh PYTHON, from the project's root.
set -euo pipefail

python=${1:-python3}
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "$tool not found: apt-get install $tool" >&2; exit 2; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the number of errors that an exhaustive search finds; fails when it was not exhaustive.
errors_of() {
  cp "$1" "$work/payload.pml"
  (
    cd "$work"
    spin -a payload.pml >spin.log || { cat spin.log >&2; exit 1; }
    gcc -w -O2 -DSAFETY -DHC4 -o pan pan.c
    timeout 60 ./pan -E -m100000 >pan.log || { cat pan.log >&2; exit 1; }
    if grep -q "max search depth too small" pan.log; then cat pan.log >&2; exit 1; fi
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
  )
}

cp docs/model/table.pml "$work/table.pml"
held=$(errors_of docs/model/payload.pml)
[ "$held" = 0 ] || { cat "$work/pan.log" >&2; echo "the model fails" >&2; exit 1; }
echo "the model holds: $(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1 states/p' "$work/pan.log")"

"$python" tools/model.py --old >"$work/table.pml"
old=$(errors_of docs/model/payload.pml)
[ "$old" != 0 ] || { echo "with the old rule the model should fail, and does not" >&2; exit 1; }
echo "with the rule of release 0.1 (a duplicate means accepted) it fails, as it must"
