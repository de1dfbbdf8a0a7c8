#!/usr/bin/env bash
# The built wheels keep to their names: installed before and after other people's `shared` and
# `broadcaster`, and started where folders and files of the same names lie, both command lines run and
# nobody's files are replaced. Usage: check_wheels.sh, from the project's root, after `make wheels`.
set -euo pipefail

root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$(tools/python.sh ${PYTHON:-python3 python3.13 python3.12 python3.11})
"$python" tools/wheels.py names dist

"$python" -m venv "$work/env"
bin="$work/env/bin"
pip() { "$bin/python" -I -m pip --disable-pip-version-check "$@"; }
pip install --quiet --no-compile --no-deps --require-hashes -r requirements/run.txt
pip download --quiet --no-deps --require-hashes --only-binary :all: --dest "$work/theirs" -r tools/setup/neighbours.txt

# A folder in which every name that matters is taken; whoever imports one of them fails.
mkdir "$work/here"
for name in shared signer broadcaster coldlever click json; do
  echo "raise SystemExit('$name of the current folder was imported')" >"$work/here/$name.py"
done
for name in shared signer broadcaster coldlever coldlever/shared coldlever/signer coldlever/broadcaster; do
  mkdir "$work/here/$name"
  echo "raise SystemExit('folder $name was imported')" | tee "$work/here/$name/__init__.py" >"$work/here/$name/__main__.py"
done

ours() { pip install --quiet --no-compile --no-deps "$root"/dist/coldlever_*.whl; }
theirs() { pip install --quiet --no-compile --no-deps --no-index "$work"/theirs/*.whl; }

start() {
  (cd "$work/here" && env -u PYTHONPATH HOME="$work" "$@" >"$work/printed" 2>&1) ||
    { echo "failed: $*"; cat "$work/printed"; exit 1; }
  [ -s "$work/printed" ] || { echo "printed nothing: $*"; exit 1; }
}

look() { # at ours and at the others that are named
  local side option complaints
  for side in signer broadcaster; do
    for option in --version --help; do
      start "$bin/coldlever-$side" "$option"
      start "$bin/python" -P -m "coldlever.$side" "$option"
    done
  done
  "$bin/python" -I "$root/tools/wheels.py" installed coldlever-shared coldlever-signer coldlever-broadcaster "$@"
  # Theirs lack what they need, because nothing of it is wanted here; of anything else pip must not
  # complain. Every line of `pip check` begins with the distribution that it is about.
  complaints=$(pip check | grep -vE '^(broadcaster 0\.3\.1|shared 0\.0\.32) requires |^No broken requirements' || true)
  [ -z "$complaints" ] || { echo "$complaints"; exit 1; }
}

ours; theirs; look shared broadcaster
echo "ours, then theirs: fine"
pip uninstall --quiet --yes shared broadcaster; look
echo "theirs taken away again: fine"
pip uninstall --quiet --yes coldlever-shared coldlever-signer coldlever-broadcaster
theirs; ours; look shared broadcaster
echo "theirs, then ours: fine"
