"""The verifier in JavaScript and our own reading of the same documents, as values to compare."""

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from coldlever.shared.action import Network
from coldlever.shared.action.market_name import name_market
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import check_words as words
from coldlever.shared.message.any import ANY, APPROVALS, SIGNABLE, load_expected
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.approving import items_of
from coldlever.shared.message.request import Defaults, RequestFile
from coldlever.shared.message.signed import SignedFile, prove
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.docket import Sheet, hearings
from coldlever.shared.policy.judging import Circumstances, assess

HOME = Path(__file__).resolve().parents[2] / "tools" / "verifier"


@dataclass(frozen=True)
class Job:
    """A document and what the person beside it names."""

    data: bytes
    network: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What an implementation says: nothing but None of a document that it refuses."""

    what: str
    hashes: tuple[tuple[str, str, str, str | None, str | None], ...] = ()
    check_words: str | None = None


def require_node() -> str:
    """The program; the test is skipped where something is missing, and fails in CI."""
    program = shutil.which("node")
    if program is not None and (HOME / "node_modules" / "@noble" / "curves").is_dir():
        return program
    missing = "node is not installed" if program is None else "`make verifier` was not run"
    if os.environ.get("CI"):
        pytest.fail(f"{missing}: the verifier cannot be compared")
    pytest.skip(missing)


def theirs(node, jobs, folder):
    """The verdicts of the JavaScript verifier, and its reasons."""
    wires = [
        {"base64": base64.b64encode(job.data).decode(), "network": job.network} for job in jobs
    ]
    answers = ask(node, wires, folder)
    return [_their_verdict(one) for one in answers], [one.get("error") for one in answers]


def ask(node, wires, folder):
    """Its answers in full."""
    path = Path(folder) / "jobs.json"
    path.write_text(json.dumps(wires))
    done = subprocess.run(
        [node, str(HOME / "check.mjs"), "--jobs", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def _their_verdict(answer):
    if not answer["ok"]:
        return None
    hashes = tuple(
        (one["network"], one["actionHash"], one["digest"], one["signer"], one["checkWords"])
        for one in answer.get("items", ())
    )
    return Verdict(answer["what"], hashes, answer.get("checkWords"))


def ours(job):
    """Our verdict on the same document, and the reason of a refusal."""
    try:
        return _our_verdict(job), None
    except ColdleverError as error:
        return None, error.message


def _our_verdict(job):
    network = None if job.network is None else Network(job.network)
    message = load_expected(job.data, "f", ANY, Defaults(network))
    if isinstance(message, ApprovalsFile):
        return Verdict("approvals")
    if isinstance(message, SignedFile):
        signed = [(one.signable, prove(one).signer) for one in message.payloads]
        return _of("signed", signed)
    assert isinstance(message, RequestFile), "no other kind is compared"
    for one in message.requests:
        if one.market is not None:  # the review refuses wrong names, so before a signature
            name_market(one.signable.network, one.market.asset, one.market)
    return _of("request", [(one.signable, one.signer) for one in message.requests])


def _of(what, pairs):
    hashes = tuple(
        (
            signable.network.value,
            "0x" + signable.action_hash().hex(),
            "0x" + signable.digest().hex(),
            None if signer is None else signer.checksummed,
            _words([(signable, signer)]),
        )
        for signable, signer in pairs
    )
    return Verdict(what, hashes, _words(pairs))


def _words(pairs):
    if any(signer is None for _, signer in pairs):
        return None
    return " ".join(words.check_words([words.Subject(one.digest(), who) for one, who in pairs]))


def their_standings(answer):
    """How far each case has come, by the JavaScript verifier; None for a refusal."""
    if not answer["ok"]:
        return None
    keys = ("approved", "rules", "approvedBy", "rejectedBy", "proposedBy")
    return [tuple(one[key] for key in keys) for one in answer["cases"]]


def our_standings(data, policy_text, sheets, now):
    """The same by our own reading, and the reason of a refusal."""
    try:
        return _our_standings(data, policy_text, sheets, now), None
    except ColdleverError as error:
        return None, error.message


def _our_standings(data, policy_text, sheets, now):
    _our_verdict(Job(data))
    message = load_expected(data, "f", SIGNABLE, Defaults())
    policy = load_policy(policy_text, "policy.toml")
    is_request = isinstance(message, RequestFile)
    found = hearings(items_of(message), [_sheet(one) for one in sheets], is_batch=message.is_batch)
    standings = [
        assess(
            policy,
            one.case,
            one.approvals,
            Circumstances(now, one.currents, needs_proposal=is_request),
        ).to_wire()
        for one in found
    ]
    return [
        (
            not one["rejectedBy"] and not one["missing"],
            *(one[key] for key in ("rules", "approvedBy", "rejectedBy", "proposedBy")),
        )
        for one in standings
    ]


def _sheet(data):
    file = load_expected(data, "sheet", APPROVALS, Defaults())
    return Sheet("sheet", file.network, file.subject, file.approvals)
