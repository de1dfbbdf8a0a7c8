import pytest

from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import CURVE_ORDER, Signature
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.message.request import Request
from coldlever.shared.message.signed import verify
from coldlever.shared.policy import no_policy
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey
from coldlever.signer.rules import place
from coldlever.signer.signing import sign_requests, unsigned_twin


def sign_freely(placed, key, recorder, now):
    """Where no policy is in force."""
    leave = no_policy([one.request.signable for one in placed])
    return sign_requests(placed, key, recorder, now, [leave])


KEY = SigningKey(b"\x05" * 32)


class Recorder:
    """Remembers, and notes when."""

    def __init__(self, journal, refusal=None):
        self.journal = journal
        self.refusal = refusal
        self.entries = ()

    def record(self, entries, tell):
        if self.refusal is not None:
            raise self.refusal
        self.entries = tuple(entries)
        self.journal.append("recorded")
        self.events = tell((False,) * len(entries))
        return (False,) * len(entries)


class Key:
    """Signs with `KEY`, or wrongly; notes when."""

    def __init__(self, journal, spoil=lambda signature: signature):
        self.address = KEY.address
        self.journal = journal
        self.spoil = spoil

    def sign(self, digest):
        self.journal.append("signed")
        return self.spoil(KEY.sign(digest))


def requests(*nonces, signer=None):
    return [
        place(
            Request(
                Signable(Network.MAINNET, UpdateLeverage(0, True, 10), nonce, None, None), signer
            ),
            Where(f"{nonce}.json"),
        )
        for nonce in nonces
    ]


def test_everything_is_recorded_before_the_first_signature():
    journal = []
    sign_freely(requests(1, 2, 3), Key(journal), Recorder(journal), 99)
    assert journal == ["recorded", "signed", "signed", "signed"]


def test_signatures_verify_and_keep_the_order():
    recorder = Recorder([])
    signed = sign_freely(requests(3, 1, 2), Key([]), recorder, 99)
    assert [one.payload.signable.nonce for one in signed] == [3, 1, 2]
    assert all(verify(one.payload, KEY.address) == KEY.address for one in signed)
    assert [entry.action_hash for entry in recorder.entries] == [
        one.payload.signable.action_hash() for one in signed
    ]
    assert {entry.recorded_at for entry in recorder.entries} == {99}
    assert {entry.signer for entry in recorder.entries} == {KEY.address}


def test_nothing_is_signed_when_recording_is_refused():
    journal = []
    refusal = RuleRefused("nonce-used", "spent")
    with pytest.raises(RuleRefused, match="spent"):
        sign_freely(requests(1), Key(journal), Recorder(journal, refusal), None)
    assert journal == []


def test_nothing_is_recorded_for_somebody_elses_request():
    journal = []
    other = SigningKey(b"\x06" * 32).address
    with pytest.raises(RuleRefused) as caught:
        sign_freely(requests(1, signer=other), Key(journal), Recorder(journal), None)
    assert caught.value.code == "signer-mismatch"
    assert journal == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: Signature(one.r, one.s, 55 - one.v),
        lambda one: Signature(one.r, CURVE_ORDER - one.s, 55 - one.v),
        lambda one: Signature(one.r ^ 1, one.s, one.v),
        lambda one: Signature(5, one.s, one.v),
        lambda one: Signature(0, one.s, one.v),
    ],
)
def test_a_signature_that_is_not_the_keys_never_leaves(spoil):
    with pytest.raises(EnvironmentFault) as caught:
        sign_freely(requests(1), Key([], spoil), Recorder([]), None)
    assert caught.value.code == "signature-faulty"


def test_a_twin_is_as_long_as_the_signed_payload():
    import json

    (placed,) = requests(1)
    (signed,) = sign_freely([placed], KEY, Recorder([]), None)
    twin = unsigned_twin(placed, KEY.address)
    assert len(json.dumps(twin.to_wire())) == len(json.dumps(signed.payload.to_wire()))
