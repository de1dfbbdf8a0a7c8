"""What ceremonies need: a folder, a key, an exchange, and real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.shared.action.address import Address, parse_address
from coldlever.shared.action.network import Network

VAULT = Address(b"\x11" * 20)


class Ceremony:
    """A folder, a key, an exchange."""

    def __init__(self, folder: Path, keystore: Path, account: Address, network: Network) -> None:
        self.folder = folder
        # A copy of its own: the ledger's head lies beside it, and each ceremony has a new ledger.
        self.keystore = Path(shutil.copytree(keystore.parent, folder / "key")) / keystore.name
        self.account = account
        self.environment = _environment(folder)
        self.exchange = RehearsalExchange(network, accounts=[account])
        self.exchange.add_vault(account, VAULT)
        self.url = ""

    def run(self, side: str, *arguments: str, expect: int = 0) -> dict:
        done = subprocess.run(
            [sys.executable, "-m", f"coldlever.{side}", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in arguments else {}

    def feed(self, text: str, side: str, *arguments: str) -> dict:
        """As `run`, with something on stdin."""
        done = subprocess.run(
            [sys.executable, "-m", f"coldlever.{side}", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    def draft(self, out: str, *arguments: str) -> None:
        self.run(
            "broadcaster",
            "draft",
            "--account",
            self.account.checksummed,
            "--out",
            out,
            "--api-url",
            self.url,
            *arguments,
        )

    def sign(self, source: str, out: str, *arguments: str) -> None:
        self.run(
            "signer",
            "sign",
            source,
            "--keystore",
            str(self.keystore),
            "--passphrase-file",
            str(self.keystore.parent / "passphrase"),
            "--yes",
            "--out",
            out,
            *arguments,
        )

    def post(self, *arguments: str, expect: int = 0) -> dict:
        return self.run(
            "broadcaster", "post", *arguments, "--api-url", self.url, "--json", expect=expect
        )


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(home)}


@pytest.fixture(scope="session")
def made_key(tmp_path_factory):
    """A real keystore of this run: its key derivation takes a second each time."""
    folder = tmp_path_factory.mktemp("key")
    (folder / "passphrase").write_text("seven plain wooden chairs\n")
    (folder / "passphrase").chmod(0o600)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "coldlever.signer",
            "key",
            "new",
            "--out",
            "key.json",
            "--passphrase-file",
            "passphrase",
            "--json",
        ],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        check=True,
    )
    return folder / "key.json", parse_address(json.loads(done.stdout)["address"])


@pytest.fixture
def ceremony(tmp_path, made_key, request):
    network = getattr(request, "param", Network.TESTNET)
    one = Ceremony(tmp_path, *made_key, network)
    with RehearsalServer(one.exchange) as server:
        one.url = server.url
        yield one
