#!/usr/bin/env bash
# What CI runs, from the project's root: set-up, lint, types, walls, wheels, demo, README, tests.
set -euo pipefail

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

step "lint, types, import walls"
make lint

step "the locks, with the bundled pip and a package a release behind"
tools/check_lock.sh

step "wheels, and a signer-only environment without a network"
make bundle
bash tools/signer_only.sh

step "the wheels beside other people's packages of the same names"
tools/check_wheels.sh

step "the online machine's installation, as the README says"
tools/check_install.sh

step "the model of what becomes of a payload"
if ! command -v spin >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -qq -y spin gcc >/dev/null
fi
make model

step "a short crash campaign"
make campaign-crash KILLS=40

step "the demo"
make demo

step "the README's commands"
.venv/bin/python tools/readme_commands.py

step "a stranger's clone"
tools/check_stranger.sh

step "other Pythons, and the built wheels without the sources"
tools/check_pythons.sh

step "the verifier's page, and a browser for its tests"
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null
fi
make verifier

step "random edits of the test kit, judged by both implementations"
make kit-mutations

step "tests"
# Most of all those of a ledger on a server, which are skipped where there is none.
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -qq -y postgresql >/dev/null
fi
make test
