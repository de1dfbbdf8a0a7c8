"""A team with a sealed key: for the tests of policies and approvals on the signer's command line."""

import json
from hashlib import sha256

from coldlever.shared.sshsig import seal_key
from coldlever.signer.key.keystore import load_keystore
from coldlever.signer.key.signing_key import SigningKey
from tests.shared.approving import KEYS, policy_text

PHRASE = "a lantern over 7 quiet harbours"
SECRET = sha256(b"a team's key").digest()
ADDRESS = SigningKey(SECRET).address


class Team:
    """Five people, a policy, and a key that is sealed to it.

    Args:
        cli: the signer's command line.
        folder: where their files lie.
        keystore: the key's file.
    """

    def __init__(self, cli, folder, keystore):
        self.cli = cli
        self.folder = folder
        self.keystore = keystore
        self.backup = folder / "backup.json"
        self.phrase = self.write("phrase", PHRASE + "\n")
        self.policy = self.write("policy.toml", policy_text(change="2 of 4"))
        self.count = 0

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def document(self, name, wire):
        return self.write(name, json.dumps(wire))

    def person(self, name):
        """The key file of a person."""
        path = self.folder / name
        if not path.exists():
            path.write_bytes(seal_key(sha256(name.encode()).digest(), PHRASE, 1))
            path.chmod(0o600)
            self.write(f"{name}.pub", KEYS[name].public.line + f" {name}\n")
        return path

    def seal(self, status=0):
        """Seal the key to the policy."""
        self.backup.write_bytes(self.keystore.read_bytes())
        return self.cli.json(
            "policy", "seal", self.policy, "--keystore", self.keystore, "--backup", self.backup,
            "--passphrase-file", self.phrase, "--yes", status=status,
        )  # fmt: skip

    def say(self, name, request, *options, command="approve", policy=None, status=0):
        """The file of a person's word on a request."""
        self.count += 1
        out = self.folder / f"said-{self.count}.json"
        self.cli.json(
            command, request, "--policy", policy or self.policy, "--approver", self.person(name),
            "--passphrase-file", self.phrase, "--yes", "--out", out, *options, status=status,
        )  # fmt: skip
        return out

    def sign(self, request, *said, status=0, options=(), **more):
        """Sign with these approvals."""
        approvals = [word for path in said for word in ("--approvals", path)]
        return self.cli.json(
            "sign", request, "--keystore", self.keystore, "--passphrase-file", self.phrase,
            "--yes", *approvals, *options, status=status, **more,
        )  # fmt: skip

    def refusal(self, request, *said, **more):
        """The code by which signing is refused; nothing was written and nothing recorded."""
        before = self.cli.json("ledger", "show")["entries"]
        out = self.folder / "must-not-be.json"
        error = self.sign(request, *said, status=4, options=("--out", out), **more)["error"]
        assert error["remedy"]
        assert not out.exists()
        assert self.cli.json("ledger", "show")["entries"] == before
        return error["code"]

    @property
    def sealed(self):
        """The policy that the keystore is sealed to."""
        return load_keystore(self.keystore).sealed
