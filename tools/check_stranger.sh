#!/usr/bin/env bash
# The README's two first commands as somebody else finds them: an ordinary user with an empty home, a
# clone in a folder with a space in its name, without reference vectors, npm and camera.
# Usage: check_stranger.sh, from the project's root. As root it becomes another user.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone="$work/a folder with spaces/cold lever"
git clone --quiet . "$clone"
mkdir "$work/home" "$work/tools"

# Everything on the system's PATH but npm and node.
for tool in /usr/bin/* /bin/*; do
  case ${tool##*/} in npm | npx | node | nodejs) ;; *) ln -sf "$tool" "$work/tools/" ;; esac
done

become=()
if [ "$(id -u)" = 0 ]; then
  /usr/bin/python3 -c 'import ensurepip' 2>/dev/null ||
    { apt-get update -qq && apt-get install -qq -y python3-venv; }
  chown -R 65534:65534 "$work"
  become=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
fi

cd "$clone"
try() {
  env -u CI -u PYTHONPATH -u MAKEFLAGS -u MAKELEVEL HOME="$work/home" PATH="$work/tools" TMPDIR=/tmp \
    "${become[@]}" make --no-print-directory "$@" 2>&1 | tee "$work/printed"
}
# An ordinary user may read this script's folder, the root of its own home, and nothing of root's.
chmod 755 "$work"
: >"$work/printed"; chmod 666 "$work/printed"

said() { grep -qF "$1" "$work/printed" || { echo "not said: $1"; exit 1; }; }
try demo
said "the key, the ledgers and the exchange are gone again"
try test
said "npm not found: the UR interoperability test will be skipped"
said "reference vectors not present"
said " passed"
echo "a stranger's clone: make demo and make test work, and say what they left out"
