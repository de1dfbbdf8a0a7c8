"""What a policy and two approvals add to the command `sign` of one request, scrypt apart."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from benchmarks.row import Row, micro, milli, seconds_each
from coldlever.shared.action import Network, Signable, UpdateLeverage
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.saying import draft
from coldlever.shared.sshsig import open_key, seal_key, verify_signature
from coldlever.shared.statement import Case, Decision
from coldlever.signer.key.keystore import seal
from coldlever.signer.key.sealed import SealedPolicy
from coldlever.signer.key.signing_key import SigningKey

_ROUNDS = 9
_TARGET = 0.10
_PHRASE = "seven plain wooden chairs"
# The unlock is left out by making it cheap: the least that a keystore may ask for.
_LEAST_WORK = 1 << 12
_SECRET = bytes(range(1, 33))
_PEOPLE = ("alice", "bob", "carol", "dave")


def rows() -> list[Row]:
    """Measure; about twenty seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.umask(0o077)
        _prepare(folder)
        pairs = [(_cost(folder, "plain"), _cost(folder, "sealed")) for _ in range(_ROUNDS)]
    plain = statistics.median(one for one, _ in pairs)
    added = statistics.median(two - one for one, two in pairs)
    ratio = added / plain
    return [
        Row(
            "a policy and two approvals, beside `sign` of one request but scrypt",
            f"{ratio:.1%} ({milli(added)} of {milli(plain)})",
            f"<= {_TARGET:.0%}",
            ratio <= _TARGET,
        ),
        Row("  one approval rebuilt and verified", micro(_verifying())),
    ]


def _prepare(folder: Path) -> None:
    """Two keystores of one key, one of them sealed; a request, and what two people say."""
    now = time.time_ns() // 1_000_000
    action = UpdateLeverage(3, True, 10)
    signable = Signable(Network.TESTNET, action, now, None, now + 3_600_000)
    case = Case(SigningKey(_SECRET).address, None, (signable,), is_batch=False)
    policy = load_policy(_policy(), "policy")
    sealed = SealedPolicy(policy.ref, policy.text)
    # The ledger's head lies beside the keystore: a folder for each.
    for kind in ("plain", "sealed"):
        (folder / kind).mkdir()
    (folder / "plain" / "key.json").write_bytes(seal(_SECRET, _PHRASE, _LEAST_WORK))
    (folder / "sealed" / "key.json").write_bytes(seal(_SECRET, _PHRASE, _LEAST_WORK, sealed))
    (folder / "phrase").write_text(_PHRASE + "\n")
    request = {
        "network": "testnet",
        "action": action.to_wire(),
        "nonce": now,
        "expiresAfter": now + 3_600_000,
        "signer": case.signer.checksummed,
    }
    (folder / "request-plain.json").write_text(json.dumps(request))
    said = []
    for name in _PEOPLE[:2]:
        word = draft(policy, case, _key(name).public, Decision.APPROVE, known=())
        said.append(word.signed(_key(name).sign(word.namespace, word.text()).raw))
    wire = ApprovalsFile(case.network, case.subject, tuple(said)).to_wire()
    (folder / "request-sealed.json").write_text(
        json.dumps(request | {"approvals": wire["approvals"]})
    )


def _key(name: str):  # noqa: ANN202 - of an optional module's type
    return open_key(seal_key(sha256(name.encode()).digest(), _PHRASE, 1), _PHRASE, name)


def _policy() -> bytes:
    people = "".join(
        f'[[person]]\nname = "{name}"\nkeys = ["{_key(name).public.line}"]\n' for name in _PEOPLE
    )
    head = 'policy = 1\nversion = 1\nname = "bench"\nchange = "2 of 4"\n'
    return (head + people + '[[rule]]\nname = "all"\nneeds = "2 of 4"\n').encode()


def _cost(folder: Path, kind: str) -> float:
    """Seconds of processor time that the whole command takes, the unlock of no weight."""
    command = [
        *(sys.executable, "-P", "-E", "-s", "-m", "coldlever.signer"),
        *("sign", f"request-{kind}.json"),
        *("--keystore", f"{kind}/key.json", "--passphrase-file", "phrase", "--yes", "--json"),
        *("--state-dir", f"state-{kind}"),
    ]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(output.decode())
    return used.ru_utime + used.ru_stime


def _verifying() -> float:
    key = _key("alice")
    message = b"coldlever approval: 1\n" * 20
    raw = key.sign("approve@coldlever", message).raw
    return seconds_each(
        lambda: verify_signature(key.public, "approve@coldlever", message, raw), 300
    )
