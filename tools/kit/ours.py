"""What coldlever itself says of a case: the facts that another implementation has to find too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coldlever.shared.action import Address, MarketTable, Network
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.market_name import name_market
from coldlever.shared.compact.codec import decode
from coldlever.shared.compact.ur_types import TYPES
from coldlever.shared.errors import ColdleverError, InputRefused, RuleRefused
from coldlever.shared.message import Request, RequestFile, SignedFile, SignedPayload
from coldlever.shared.message.any import APPROVALS, Message, load_expected, load_message
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.approving import items_of
from coldlever.shared.message.check_words import (
    Challenge,
    Subject,
    answer_words,
    check_words,
    parse_challenge,
)
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.message.request import Defaults
from coldlever.shared.message.signed import prove
from coldlever.shared.policy import Policy, load_policy
from coldlever.shared.policy.changing import require_change, verify_change
from coldlever.shared.policy.docket import Sheet, hearings
from coldlever.shared.policy.judging import Circumstances, assess
from coldlever.shared.policy.vouching import (
    depends_on_limits,
    market_vouchers,
    require_fresh,
    table_vouchers,
)
from coldlever.shared.qr.scan.collector import Collector
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.sshsig import dearmor, parse_public_key, parse_sshsig, verify_signature
from coldlever.shared.statement import Decision, statement_bytes
from coldlever.shared.statement.market_list import list_of

Facts = dict[str, Any]
Read = Callable[[str], bytes]


def judge(what: str, data: bytes, given: dict[str, Any], read: Read) -> Facts:
    """The verdict of coldlever.

    Args:
        what: how the file is fed.
        data: the file.
        given: what is known beside it.
        read: gives another file of the kit.

    Returns:
        ``ok``, and the facts of what was taken or the ``code`` and ``message`` of the refusal.
    """
    pad = given.get("pad")
    padded = data if pad is None else data.ljust(pad)
    try:
        return {"ok": True, **_WAYS[what](padded, given, read)}
    except ColdleverError as error:
        return {"ok": False, "code": error.code, "message": error.message}


def _document(data: bytes, given: dict[str, Any], read: Read) -> Facts:
    network = None if "network" not in given else Network(given["network"])
    defaults = Defaults(network, given.get("now"))
    from coldlever.shared.message.any import ANY  # noqa: PLC0415 - beside its one use

    return _facts(load_expected(data, "file", ANY, defaults), given, read)


def _code(data: bytes, given: dict[str, Any], read: Read) -> Facts:
    network = None if "network" not in given else Network(given["network"])
    collector = Collector(TYPES)
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        refused = [one for one in collector.receive(Frame("code", (line,))) if one.code]
        if refused and not collector.complete and len(data.splitlines()) == 1:
            raise InputRefused(refused[0].code, refused[0].detail)
    result = collector.result()
    if result.ur_type is None:
        message = load_message(result.data, "code", network)
    else:
        message = decode(result.ur_type, result.data, "code", network)
    found = {"urType": result.ur_type, "cbor": result.data.hex()} if result.ur_type else {}
    return found | _facts(message, given, read)


def _facts(message: Message, given: dict[str, Any], read: Read) -> Facts:
    match message:
        case RequestFile():
            return _of_requests(message, given, read)
        case SignedFile():
            return _of_signed(message, given, read)
        case ApprovalsFile():
            subject = "0x" + message.subject.hex()
            return {
                "what": "approvals",
                "network": message.network.value,
                "subject": subject,
                "approvals": len(message.approvals),
            }
        case MarketTable():
            return _of_table(message, given, read)
        case PolicyChange():
            return _of_change(message, given, read)
    return {
        "what": "market-entry",
        "network": message.network.value,
        "asset": message.asset,
        "coin": message.coin,
    }


def _of_requests(file: RequestFile, given: dict[str, Any], read: Read) -> Facts:
    policy = _policy(given, read)
    now = given.get("now")
    vouched = [_vouched(policy, one, now) for one in file.requests]
    signer = _named_signer(given)
    if any(signer and one.signer and one.signer != signer for one in file.requests):
        raise RuleRefused("signer-mismatch", "another signer than the person names")
    requests = tuple(one if one.signer else replace(one, signer=signer) for one in file.requests)
    found = _words([(one, one.signer) for one in requests], given)
    if policy is not None and any(one is not None for one in vouched):
        found["attestedBy"] = vouched
    named = RequestFile(requests, file.is_batch)
    return {"what": "request", **found, **_standings(policy, named, given, read)}


def _vouched(policy: Policy | None, request: Request, now: int | None) -> list[str] | None:
    """Who vouches for its market, where it has a proof; wrong names are refused."""
    entry, proof = request.market, request.proof
    if entry is None:
        return None
    attestors: tuple[str, ...] = ()
    if policy is not None and proof is not None:
        attestors = market_vouchers(policy, entry, proof)
        if depends_on_limits(request.signable.action):  # type: ignore[arg-type]
            require_fresh(policy, entry, now)
    name_market(request.signable.network, entry.asset, entry, None, attestors)
    return list(attestors) if attestors else None


def _of_signed(file: SignedFile, given: dict[str, Any], read: Read) -> Facts:
    expected = _named_signer(given)
    payloads = tuple(_proven(one, expected) for one in file.payloads)
    found = _words([(one, one.signer) for one in payloads], given)
    for wire, one in zip(found["items"], payloads, strict=True):
        wire["body"] = one.body().decode("ascii")
    policy = _policy(given, read)
    proven = SignedFile(payloads, file.is_batch)
    return {"what": "signed", **found, **_standings(policy, proven, given, read)}


def _proven(payload: SignedPayload, expected: Address | None) -> SignedPayload:
    return replace(payload, signer=prove(payload, expected).signer)


def _words(pairs: list[tuple[Any, Address | None]], given: dict[str, Any]) -> Facts:
    subjects = [None if who is None else Subject(one.signable.digest(), who) for one, who in pairs]
    items = [_item(one, who) for one, who in pairs]
    whole = [one for one in subjects if one is not None]
    known = len(whole) == len(subjects)
    found: Facts = {"items": items, "checkWords": " ".join(check_words(whole)) if known else None}
    if "challenge" in given:
        challenge: Challenge = parse_challenge(given["challenge"])
        found["answer"] = " ".join(answer_words(whole, challenge)) if known else None
    return found


def _item(one: Any, who: Address | None) -> Facts:
    signable = one.signable
    subject = None if who is None else Subject(signable.digest(), who)
    return {
        "network": signable.network.value,
        "actionHash": "0x" + signable.action_hash().hex(),
        "digest": "0x" + signable.digest().hex(),
        "signer": None if who is None else who.checksummed,
        "checkWords": None if subject is None else " ".join(check_words([subject])),
    }


def _standings(policy: Policy | None, file: Any, given: dict[str, Any], read: Read) -> Facts:
    if policy is None:
        return {}
    is_request = isinstance(file, RequestFile)
    sheets = [_sheet(read(path)) for path in given.get("approvals", ())]
    cases = []
    for heard in hearings(items_of(file), sheets, is_batch=file.is_batch):
        about = Circumstances(given.get("now"), heard.currents, needs_proposal=is_request)
        one = assess(policy, heard.case, heard.approvals, about).to_wire()
        is_approved = not one["rejectedBy"] and not one["missing"]
        names = {key: one[key] for key in ("rules", "approvedBy", "rejectedBy", "proposedBy")}
        cases.append({"approved": is_approved, **names})
    return {"cases": cases, "approved": all(one["approved"] for one in cases)}


def _sheet(data: bytes) -> Sheet:
    file = load_expected(data, "sheet", APPROVALS, Defaults())
    return Sheet("sheet", file.network, file.subject, file.approvals)


def _of_table(table: MarketTable, given: dict[str, Any], read: Read) -> Facts:
    found: Facts = {"what": "market", "network": table.network.value, "markets": len(table.entries)}
    policy = _policy(given, read)
    if table.attestations:
        found["list"] = "sha256:" + list_of(table).root.hex()
    if policy is not None:
        found["attestedBy"] = list(table_vouchers(policy, table))
    return found


def _of_change(change: PolicyChange, given: dict[str, Any], read: Read) -> Facts:
    new = None if change.text is None else load_policy(change.text.encode("utf-8"), "new")
    found: Facts = {
        "what": "policy-change",
        "from": None if change.old is None else str(change.old),
        "to": None if new is None else str(new.ref),
    }
    old = _policy(given, read)
    if change.old is not None and old is None:
        return found
    if (None if old is None else old.ref) != change.old:
        raise InputRefused("policy-mismatch", "the change is from another policy")
    agreed = sorted({verify_change(old, new, one) for one in change.approvals})
    try:
        require_change(old, new, change.approvals)
    except ColdleverError as error:
        if error.code != "approvals-missing":
            raise
        return {**found, "agreed": agreed, "approved": False}
    return {**found, "agreed": agreed, "approved": True}


def _policy_file(data: bytes, _given: dict[str, Any], _read: Read) -> Facts:
    policy = load_policy(data, "policy")
    return {"what": "policy", "version": policy.version, "digest": "0x" + policy.ref.digest.hex()}


def _challenge(data: bytes, given: dict[str, Any], read: Read) -> Facts:
    text = data.decode("utf-8", "replace").removesuffix("\n")
    found = _document(read(given["document"]), {"challenge": text}, read)
    return {"what": "challenge", "answer": found["answer"]}


def _statement(data: bytes, given: dict[str, Any], read: Read) -> Facts:
    """Whether a text is the very statement that a checker rebuilds."""
    file = load_message(read(given["document"]), "document")
    if not isinstance(file, RequestFile | SignedFile):
        raise TypeError("statements are about requests and payloads")
    [heard] = hearings(items_of(file), (), is_batch=file.is_batch)
    policy = load_policy(read(given["policy"]), "policy")
    key = parse_public_key(read(given["key"]).decode("ascii"))
    decision = Decision(given["decision"])
    number, until = given.get("round", 1), given.get("notAfter")
    built = statement_bytes(heard.case, policy.ref, key, decision, number=number, not_after=until)
    if built != data:
        raise InputRefused("approval-invalid", "another text than the request gives")
    return {"what": "statement", "bytes": len(built)}


def _signature(data: bytes, given: dict[str, Any], read: Read) -> Facts:
    made = parse_sshsig(dearmor(data.decode("utf-8", "replace")))
    key = parse_public_key(read(given["key"]).decode("ascii"))
    if made.namespace != given["namespace"] or made.key != key:
        raise InputRefused("approval-invalid", "for another purpose, or by another key")
    message = read(given["message"])
    verify_signature(key, made.namespace, message, made.raw, needs_pin=given.get("pin", False))
    packed = {"keyId": "0x" + key.key_id.hex(), "signature": "0x" + made.raw.pack().hex()}
    return {"what": "signature", **packed, "fingerprint": key.fingerprint}


def _policy(given: dict[str, Any], read: Read) -> Policy | None:
    return load_policy(read(given["policy"]), "policy") if "policy" in given else None


def _named_signer(given: dict[str, Any]) -> Address | None:
    return parse_address(given["signer"]) if "signer" in given else None


_WAYS: dict[str, Callable[[bytes, dict[str, Any], Read], Facts]] = {
    "document": _document,
    "code": _code,
    "policy": _policy_file,
    "challenge": _challenge,
    "statement": _statement,
    "signature": _signature,
}
