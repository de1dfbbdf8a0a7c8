"""Five people with a machine each: what two approve is what one signs and another posts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coldlever.broadcaster.rehearsal import Outcome, RehearsalExchange, RehearsalServer
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.network import Network
from tests.shared.ssh_tools import build_security_key, make_key, require_ssh_keygen

pytestmark = pytest.mark.slow

PHRASE = "seven plain wooden chairs\n"


class Machine:
    """A person's own machine: a home, nothing in common with the others.

    Args:
        folder: its disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        phrase = folder / "phrase"
        phrase.write_text(PHRASE)
        phrase.chmod(0o600)

    def run(self, side: str, *arguments: object, expect: int = 0) -> dict:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        done = subprocess.run(
            [sys.executable, "-m", f"coldlever.{side}", *map(str, arguments), "--json"],
            cwd=self.folder,
            env={**kept, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return json.loads(done.stdout)

    def signer(self, *arguments: object, expect: int = 0) -> dict:
        return self.run("signer", *arguments, expect=expect)

    def broadcaster(self, *arguments: object, expect: int = 0) -> dict:
        return self.run("broadcaster", *arguments, expect=expect)

    def give(self, name: str, other: Machine) -> None:
        """Carry a file over."""
        (other.folder / name).write_bytes((self.folder / name).read_bytes())


@pytest.fixture
def team(tmp_path, made_key):
    """Proposer, two approvers (ssh-keygen, a security key), signer, broadcaster; a policy."""
    require_ssh_keygen()
    library = build_security_key(tmp_path)
    names = ("proposer", "alice", "dave", "signer", "broadcaster")
    machines = {name: Machine(tmp_path / name) for name in names}
    proposer, alice, dave = machines["proposer"], machines["alice"], machines["dave"]
    made = proposer.signer("approver", "new", "--name", "paul", "--passphrase-file", "phrase")
    folder = proposer.folder / ".local" / "state" / "coldlever"
    (folder / "broadcaster").mkdir(mode=0o700)
    (folder / "signer" / "approvers").rename(folder / "broadcaster" / "approvers")
    make_key(alice.folder, "id")
    make_key(dave.folder, "id", "ed25519-sk", library)
    keys = {
        "paul": made["publicKey"],
        "alice": (alice.folder / "id.pub").read_text().rsplit(" ", 1)[0],
        "dave": (dave.folder / "id.pub").read_text().rsplit(" ", 1)[0],
    }
    people = "".join(
        f'[[person]]\nname = "{name}"\nkeys = ["{key}"]\n' for name, key in keys.items()
    )
    text = (
        'policy = 1\nversion = 1\nname = "team"\nchange = "2 of 3"\nproposers = ["paul"]\n'
        '[limits]\nnetworks = ["testnet"]\nceiling = 50\nlongest-validity = "24h"\n'
        'expiry-required = true\n[[rule]]\nname = "all"\nneeds = "2 of 3"\n' + people
    )
    for machine in machines.values():
        (machine.folder / "policy.toml").write_text(text)
    signer = machines["signer"].folder
    (signer / "key").mkdir()
    (signer / "key" / "key.json").write_bytes(made_key[0].read_bytes())
    (signer / "backup.json").write_bytes(made_key[0].read_bytes())
    for path in ("key/key.json", "backup.json"):
        (signer / path).chmod(0o600)
    machines["signer"].signer(
        "policy", "seal", "policy.toml", "--keystore", "key/key.json", "--backup", "backup.json",
        "--passphrase-file", "phrase", "--yes",
    )  # fmt: skip
    exchange = RehearsalExchange(Network.TESTNET, accounts=[made_key[1]])
    with RehearsalServer(exchange) as server:
        yield Team(machines, exchange, server.url, made_key[1], library)


class Team:
    """All machines, and the exchange."""

    def __init__(self, machines, exchange, url, account, library):
        self.machines = machines
        self.exchange = exchange
        self.url = url
        self.account = parse_address(str(account))
        self.library = library

    def __getattr__(self, name):
        return self.machines[name]

    def draft(self, *arguments: object) -> dict:
        return self.proposer.broadcaster(
            "draft", "--coin", "BTC", "--leverage", "10", "--isolated", "--account",
            self.account.checksummed, "--api-url", self.url, *arguments,
        )  # fmt: skip

    def propose(self, *arguments: object) -> dict:
        return self.proposer.broadcaster(
            "propose", "request.json", "--policy", "policy.toml", "--approver", "paul",
            "--passphrase-file", "phrase", "--yes", *arguments,
        )  # fmt: skip

    def keygen(self, machine: Machine, *request: str, flags: str = "01") -> None:
        """A person who uses stock ssh-keygen, with a key on the disk or in a device."""
        machine.signer(
            "approve", *request, "--policy", "policy.toml", "--key", "id.pub", "--statement-only",
            "--out", "statement",
        )  # fmt: skip
        subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", "approve@coldlever", "-f", "id", "statement"],
            cwd=machine.folder,
            env={**os.environ, "SSH_SK_PROVIDER": str(self.library), "COLDLEVER_SK_FLAGS": flags},
            check=True,
            capture_output=True,
        )

    def sign(self, *arguments: object, expect: int = 0) -> dict:
        return self.signer.signer(
            "sign", *arguments, "--keystore", "key/key.json", "--passphrase-file", "phrase",
            "--yes", expect=expect,
        )  # fmt: skip

    def post(self, *arguments: object, expect: int = 0) -> dict:
        return self.broadcaster.broadcaster(
            "post", *arguments, "--policy", "policy.toml", "--api-url", self.url, expect=expect
        )


def test_a_change_goes_through_five_machines_that_exchange_files_alone(team):
    team.draft("--out", "request.json")
    team.propose("--out", "proposed.json")
    for machine in (team.alice, team.dave, team.signer):
        team.proposer.give("proposed.json", machine)
    refused = team.sign("proposed.json", expect=4)
    assert refused["error"]["code"] == "approvals-missing"
    assert "2 of: alice, dave" in refused["error"]["message"]
    team.keygen(team.alice, "proposed.json")
    team.alice.signer(
        "approvals", "add", "proposed.json", "statement.sig", "--policy", "policy.toml",
        "--out", "one.json",
    )  # fmt: skip
    team.alice.give("one.json", team.dave)
    team.keygen(team.dave, "one.json")
    team.dave.signer(
        "approvals", "add", "one.json", "statement.sig", "--policy", "policy.toml",
        "--out", "both.json",
    )  # fmt: skip
    team.dave.give("both.json", team.signer)
    signed = team.sign("both.json", "--out", "signed.json")
    assert signed["policy"][0]["approvedBy"] == ["alice", "dave"]
    assert signed["policy"][0]["proposedBy"] == ["paul"]
    team.signer.give("signed.json", team.broadcaster)
    assert team.post("signed.json")["status"] == "confirmed"
    assert team.exchange.journal.count(Outcome.ACCEPTED) == 1
    assert team.exchange.setting(team.account, "BTC").value == 10


def test_a_change_goes_through_five_machines_that_exchange_pictures_alone(team):
    pytest.importorskip("zxingcpp")
    team.draft("--out", "request.json")
    team.propose("--qr-out", "proposed.png")
    for machine in (team.alice, team.dave, team.signer):
        team.proposer.give("proposed.png", machine)
        machine.signer("qr", "read", "proposed.png", "--out", "proposed.json")
    for name in ("alice", "dave"):
        machine = getattr(team, name)
        team.keygen(machine, "--scan", "proposed.png")
        machine.signer(
            "approvals", "add", "proposed.json", "statement.sig", "--policy", "policy.toml",
            "--apart", "--qr-out", f"{name}.png",
        )  # fmt: skip
        machine.give(f"{name}.png", team.signer)
        team.signer.signer("qr", "read", f"{name}.png", "--out", f"{name}.json")
    said = ("--approvals", "alice.json", "--approvals", "dave.json")
    team.sign("proposed.json", *said, "--qr-out", "signed.png", "--density", "high")
    team.signer.give("signed.png", team.broadcaster)
    assert team.post("--scan", "signed.png")["status"] == "confirmed"
    assert team.exchange.journal.count(Outcome.ACCEPTED) == 1


def test_a_security_key_that_nobody_touched_approves_nothing(team):
    team.draft("--out", "request.json")
    team.propose("--out", "proposed.json")
    team.proposer.give("proposed.json", team.dave)
    team.keygen(team.dave, "proposed.json", flags="00")
    refused = team.dave.signer(
        "approvals", "add", "proposed.json", "statement.sig", "--policy", "policy.toml", expect=4
    )
    assert refused["error"]["code"] == "approval-invalid"
    assert "not touched" in refused["error"]["message"]


def test_what_was_signed_elsewhere_without_approvals_is_not_posted(team):
    team.draft("--out", "request.json")
    team.proposer.give("request.json", team.signer)
    # Somebody with the unsealed backup and another state folder: the machine is theirs.
    team.signer.signer(
        "sign", "request.json", "--keystore", "backup.json", "--passphrase-file", "phrase",
        "--yes", "--state-dir", "other", "--out", "signed.json",
    )  # fmt: skip
    team.signer.give("signed.json", team.broadcaster)
    refused = team.post("signed.json", expect=4)
    assert refused["error"]["code"] == "approvals-missing"
    assert team.exchange.journal.entries() == []
