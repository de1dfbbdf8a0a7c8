"""The verifier in another language says of every document what we say of it."""

import base64
import json
import random
import subprocess
from pathlib import Path

import pytest

from coldlever.shared.action import Network
from coldlever.shared.action.coin_table import coin_of
from tests.interop.verifier import HOME, Job, ask, ours, require_node, theirs

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
REFERENCE = ROOT.parent / "shared" / "vectors"
SIGNER = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
DOCUMENTS = [
    vector["document"]
    for vector in json.loads((VECTORS / "transport.json").read_text("utf-8"))["vectors"]
    if vector["type"] not in ("cl-market", "cl-market-entry", "cl-policy")
]


@pytest.fixture(scope="module")
def node():
    return require_node()


def agree(node, jobs, folder):
    """Both verdicts of each job, which must be equal; returns them."""
    verdicts, reasons = theirs(node, jobs, folder)
    for job, verdict, reason in zip(jobs, verdicts, reasons, strict=True):
        assert (verdict, job) == (ours(job)[0], job), (reason, ours(job)[1])
    return verdicts


def bodies(cases):
    keys = ("action", "nonce", "signature", "vaultAddress", "expiresAfter")
    return [
        Job(json.dumps({key: case[key] for key in keys}).encode(), case["network"])
        for case in cases
    ]


def cases_of(path):
    content = json.loads(path.read_text("utf-8"))
    return [
        {"signer": content.get("signer"), **case} for case in content.get("cases") or content["l1"]
    ]


@pytest.mark.parametrize(
    "path",
    [VECTORS / "core.json", VECTORS / "actions.json", REFERENCE / "hyperliquid.json"],
    ids=lambda path: path.stem,
)
def test_each_vector_has_its_hash_its_digest_and_its_signer(node, path, tmp_path):
    if not path.is_file():
        pytest.skip("the reference vectors are not here")
    cases = cases_of(path)
    for case, verdict in zip(cases, agree(node, bodies(cases), tmp_path), strict=True):
        network, action_hash, digest, signer, _ = verdict.hashes[0]
        assert (network, action_hash) == (case["network"], case["actionHash"])
        assert digest == (case.get("digest") or case["eip712Digest"])
        assert signer.lower() == case["signer"].lower()


def test_the_documents_of_the_qr_vectors_are_taken_by_both(node, tmp_path):
    verdicts = agree(node, [Job(json.dumps(one).encode()) for one in DOCUMENTS], tmp_path)
    assert len(verdicts) > 10
    assert None not in verdicts


def test_both_judge_the_public_json_suite_alike(node, tmp_path):
    files = sorted((REFERENCE / "json").glob("*.json"))
    if not files:
        pytest.skip("the reference vectors are not here")
    request = json.dumps({**REQUEST, "note": 0}).encode()
    jobs = [Job(request.replace(b'"note": 0', b'"note": ' + path.read_bytes())) for path in files]
    verdicts = agree(node, jobs, tmp_path)
    assert any(verdicts)
    assert None in verdicts


REQUEST = {
    "network": "mainnet",
    "action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10},
    "nonce": 1_795_340_000_000,
    "expiresAfter": 1_795_343_600_000,
    "vaultAddress": None,
    "signer": SIGNER,
}


def test_the_challenge_of_the_document_has_the_answer_of_the_document(node, tmp_path):
    wire = {
        "base64": base64.b64encode(json.dumps(REQUEST).encode()).decode(),
        "challenge": "able acid also apex",
    }
    [answer] = ask(node, [wire], tmp_path)
    assert answer["answer"] == "very buzz jowl visa user"


EVERYTHING = {
    **REQUEST,
    "market": {
        "network": "mainnet", "asset": 0, "coin": "BTC", "maxLeverage": 40, "marginMode": "normal",
        "delisted": False, "time": 1_795_340_000_000,
    },
    "current": {"isCross": True, "leverage": 5},
    "note": "lower before the weekend",
    "account": "0x" + "ab" * 20,
    "position": {
        "size": "-0.25", "marginBefore": "10.5", "marginAfter": None, "liquidationBefore": "1",
        "liquidationAfter": "2",
    },
    "approvals": [],
}  # fmt: skip
REVOCATION = {
    **REQUEST,
    "action": {"type": "noop"},
    "expiresAfter": None,
    "kills": {"action": REQUEST["action"], "expiresAfter": REQUEST["expiresAfter"]},
}
ISOLATED = {"type": "updateIsolatedMargin", "asset": 3, "isBuy": True, "ntli": -250_500_000}
TOP_UP = {"type": "topUpIsolatedOnlyMargin", "asset": 110_001, "leverage": "2.5"}
DOCUMENTS += [
    REQUEST, EVERYTHING, REVOCATION, {**REQUEST, "action": ISOLATED}, {**REQUEST, "action": TOP_UP},
    {"kind": "coldlever/batch", "version": 1, "markets": [EVERYTHING["market"]], "requests": [REQUEST]},
    {**REQUEST, "nonce": 2**53 - 1, "expiresAfter": 2**53 - 1 + 172_800_000},
]  # fmt: skip


def test_a_payload_of_another_signer_than_the_person_names_is_refused(node, tmp_path):
    [case] = cases_of(VECTORS / "core.json")[:1]
    [job] = bodies([case])
    wire = {"base64": base64.b64encode(job.data).decode(), "network": case["network"]}
    answers = ask(node, [{**wire, "signer": case["signer"]}, {**wire, "signer": SIGNER}], tmp_path)
    assert [answer["ok"] for answer in answers] == [True, False]
    assert answers[1]["error"]["code"] == "signer-mismatch"


def run(node, *arguments):
    return subprocess.run(
        [node, str(HOME / "check.mjs"), *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_line_prints_verdicts_in_plain_ascii(node, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({**REQUEST, "note": "\u202e\x7f\x9b"}, ensure_ascii=False), "utf-8")
    bad.write_bytes(b'{"\xe2\x80\xae": 1}')
    done = run(node, str(good), str(bad))
    assert done.stdout.isascii()
    assert "\x7f" not in done.stdout
    verdicts = json.loads(done.stdout)
    assert [one["ok"] for one in verdicts] == [True, False]
    assert verdicts[0]["items"][0]["note"] == "\u202e\x7f\x9b"
    assert (done.returncode, done.stderr) == (3, "")
    assert run(node, str(good)).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [(), ("no such file",), ("--signer", "0x1", "x"), ("--network", "m", "x"), ("--odd",)],
)
def test_wrong_usage_ends_with_two_and_says_why(node, arguments):
    done = run(node, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_both_ship_the_same_names_of_markets(node):
    module = (HOME / "src" / "coins.mjs").as_uri()
    code = f"import({json.dumps(module)}).then(({{COINS}}) => console.log(JSON.stringify(COINS)))"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    theirs_of = json.loads(done.stdout)
    for network in Network:
        listed = theirs_of[network.value]
        assert listed == [coin_of(network, asset) for asset in range(len(listed))]
        assert coin_of(network, len(listed)) is None


# What a mutation puts in the place of a value, or of a few bytes.
_SCALARS = [
    None, True, False, 0, 1, -1, 10.0, 1e1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**64, 10**19,
    10**20, -(2**53), "", "0", "1", "0x", "mainnet", "testnet", "2.5", "2.50", "0.00000001", "BTC",
    "xyz:TSLA", SIGNER, SIGNER.lower(), SIGNER.upper(), SIGNER.swapcase(), "noop", "updateLeverage",
    [], {}, "x" * 500, "x" * 501, "é" * 64, "\U0001f600" * 500, "\ud83d", 27, 28, 99, 100,
    3, 110_001, 10_000, 100_000_000, "ETH", "a:b:c", ":", "normal",
]  # fmt: skip
_TOKENS = [
    b"1e1", b"10.0", b"-0", b"01", b"NaN", b"\xef\xbb\xbf", b"\xff", b"\x00", b"//", b",", b"}", b"]",
    b'"', b"\\u0061", b"\\ud800", b"null", b"true", b" ", b"\n", b"\x0b", b"[", b"{", b"9" * 21,
]  # fmt: skip


def places(value, path=()):
    """The path of each value inside a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from places(element, (*path, index))


def edited(document, chance):
    """A copy with one value changed, left out, renamed, or taken from another document."""
    copy = json.loads(json.dumps(document))
    path = chance.choice(list(places(copy)))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    kind = chance.choice([0, 1, 2, 3, 3, 4, 4, 4, 5])
    if kind == 0 and isinstance(holder, dict):
        del holder[path[-1]]
    elif kind == 1 and isinstance(holder, dict):
        holder[
            chance.choice(["", "kind", "type", "signer", "note", "market", "account", "kills"])
        ] = holder.pop(path[-1])
    elif kind == 2:
        other = chance.choice(DOCUMENTS)
        for step in chance.choice(list(places(other))):
            other = other[step]
        holder[path[-1]] = other
    elif kind == 3 and isinstance(holder[path[-1]], int):
        holder[path[-1]] += chance.choice([-1, 1, 86_400_000, -86_400_000])
    elif kind == 4 and isinstance(holder, dict):
        key = chance.choice(list(EVERYTHING))
        holder[key] = chance.choice([None, EVERYTHING[key]])
    else:
        holder[path[-1]] = chance.choice(_SCALARS)
    return copy


def scratched(data, chance):
    """The bytes with a few of them cut out, doubled, changed, or a token put between."""
    at = chance.randrange(len(data))
    kind = chance.randrange(4)
    if kind == 0:
        return data[:at] + data[at + chance.randrange(1, 4) :]
    if kind == 1:
        return data[:at] + chance.choice(_TOKENS) + data[at:]
    if kind == 2:
        end = min(len(data), at + chance.randrange(1, 40))
        return data[:end] + data[at:end] + data[end:]
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def mutation(chance):
    document = edited(chance.choice(DOCUMENTS), chance)
    if chance.randrange(3) == 0:
        document = edited(document, chance)
    data = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    data = scratched(data, chance) if chance.randrange(3) == 0 else data
    return Job(data, chance.choice([*[None] * 10, "mainnet", "testnet"]))


def concerns(job):
    """Documents of other kinds are none of the verifier's."""
    return b"coldlever/market" not in job.data and b"coldlever/policy" not in job.data


@pytest.mark.parametrize("seed", range(3))
def test_no_random_edit_finds_a_disagreement(node, seed, tmp_path):
    chance = random.Random(seed)
    jobs = [job for job in (mutation(chance) for _ in range(1_000)) if concerns(job)]
    verdicts = agree(node, jobs, tmp_path)
    taken = sum(verdict is not None for verdict in verdicts)
    assert 50 < taken < len(jobs), taken
