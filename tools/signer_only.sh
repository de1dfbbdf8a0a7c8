#!/usr/bin/env bash
# Install the bundle as docs/install-offline.md says, and use it, all without a network.
# Usage: signer_only.sh, from the project's root, after `make bundle`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3=$(command -v "${PYTHON:-python3}")
tar -xf dist/coldlever-signer-bundle.tar -C "$work"

# Outside the checkout, so that only what is installed can be imported.
cd "$work"
export HOME="$work/home" XDG_STATE_HOME="$work/state"
mkdir -p "$HOME"

isolate=()
if unshare --net true 2>/dev/null; then isolate=(unshare --net)
elif unshare --map-root-user --net true 2>/dev/null; then isolate=(unshare --map-root-user --net)
else echo "unshare -n is not allowed here: the network is not cut off for this run"; fi

(cd signer-bundle && sha256sum --quiet --check SHA256SUMS)
"$python3" -m venv env
"${isolate[@]}" env/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps \
  signer-bundle/wheels/*.whl
"${isolate[@]}" env/bin/pip check --disable-pip-version-check
for module in requests urllib3 sqlalchemy flask coldlever.broadcaster; do
  if ./env/bin/python -c "import $module" 2>/dev/null; then
    echo "the signer's environment holds $module"; exit 1
  fi
done

run() { "${isolate[@]}" ./env/bin/coldlever-signer "$@"; }

umask 077
head -c 24 /dev/urandom | base64 > passphrase
cat > request.json <<'JSON'
{"network": "testnet",
 "action": {"leverage": 10, "isCross": true, "asset": 3, "type": "updateLeverage"},
 "nonce": 1795340000000, "expiresAfter": 1795343600000, "vaultAddress": null}
JSON
run --version
run key new --out key.json --passphrase-file passphrase
run key show key.json
run inspect request.json
run sign request.json --keystore key.json --passphrase-file passphrase --yes \
  --assume-time 2026-11-22T09:40:00Z --out signed.json
run verify signed.json
run ledger show
run qr show signed.json --qr-out signed.svg
run qr show signed.json --qr-out signed.png
# Approvals are no extra: their two packages are in the bundle.
run approver new --name alice --passphrase-file passphrase
run policy init --approver alice="$XDG_STATE_HOME/coldlever/signer/approvers/alice.pub" --out policy.toml
cp key.json copy.json
run policy seal policy.toml --keystore key.json --backup copy.json --passphrase-file passphrase --yes
sed 's/1795340000000,/1795340000001, "signer": "'"$(grep -o '0x[0-9a-fA-F]\{40\}' signed.json | head -1)"'",/' \
  request.json > second.json
at=(--assume-time 2026-11-22T09:40:00Z)
if run sign second.json --keystore key.json --passphrase-file passphrase --yes "${at[@]}" --out second-signed.json
then echo "signed without an approval?"; exit 1; fi
run approve second.json --policy policy.toml --passphrase-file passphrase --yes "${at[@]}" --out said.json
run sign second.json --approvals said.json --keystore key.json --passphrase-file passphrase --yes "${at[@]}" \
  --out second-signed.json
# Reading pictures is an extra; without it the command names what is missing.
if run qr read signed.png --json > refusal.json; then echo "read a picture without the extra?"; exit 1; fi
grep -q extra-missing refusal.json
if ./env/bin/python - <<'PY'
from coldlever.signer.isolation import engage
engage()
import socket
socket.socket()
PY
then echo "the signer's process could open a socket"; exit 1; fi 2>/dev/null
echo "signer-only environment: works without a network (${isolate[*]:-audit hook alone})"
