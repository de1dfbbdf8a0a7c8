#!/usr/bin/env bash
# Install the online machine's side with the commands of the README, in an empty home.
# Usage: check_install.sh, from the project's root, after `make wheels`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Of the README's blocks that nobody runs elsewhere, the one that makes this environment.
recipe=$(awk '
  /^```text$/ { inside = 1; block = ""; next }
  /^```$/ { if (inside && block ~ /coldlever-online/) printf "%s", block; inside = 0 }
  inside { block = block $0 "\n" }' README.md)
case $recipe in *coldlever-online*) ;; *) echo "the README's recipe is not found"; exit 1 ;; esac
HOME="$work" bash -euc "$recipe"
cd "$work"
if coldlever-online/bin/python -c 'import eth_account' 2>/dev/null; then
  echo "the online machine's environment can open keystores"; exit 1
fi
echo "the online machine's installation works as the README says"
