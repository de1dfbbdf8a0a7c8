#!/usr/bin/env bash
# The fast tests against the built wheels: a copy of the checkout without the three `src` folders, in
# an environment of its own. Usage: check_built.sh [PYTHON], from the project's root, after `make wheels`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086 # several names
python=$(tools/python.sh ${1:-${PYTHON:-python3 python3.13 python3.12 python3.11}})

mkdir "$work/copy"
git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$work/copy"
rm -r "$work"/copy/{shared,signer,broadcaster}/src
# The reference vectors, when present, lie beside the checkout.
if [ -d ../shared/vectors ]; then ln -s "$(realpath ../shared)" "$work/shared"; fi

"$python" -m venv "$work/env"
pip() { "$work/env/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
pip install --quiet --no-deps dist/coldlever_*.whl
pip check

cd "$work/copy"
# Other clients are the business of `make test`; here they are skipped, with a word.
env -u CI -u PYTHONPATH COLDLEVER_TEST_WHEELS=1 "$work/env/bin/python" -m pytest -n 2 --dist loadfile -q \
  -p no:cacheprovider -m "not slow and not sources"
echo "the built wheels pass the fast tests, without the sources"
