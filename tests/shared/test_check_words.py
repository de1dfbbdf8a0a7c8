"""Words that two people compare: what they are of, and what they cost to forge."""

from dataclasses import replace
from itertools import count

import pytest

from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.network import Network
from coldlever.shared.message.check_words import (
    ANSWER_WORDS,
    CHECK_WORDS,
    Subject,
    answer_words,
    check_words,
    draw_challenge,
    parse_challenge,
    run_wire,
    words_wire,
)
from coldlever.shared.ur.bytewords import WORDS
from coldlever.signer.key.signing_key import SigningKey

TAG = b"coldlever/check/2"
OTHER = SigningKey(b"\x02" * 32).address


@pytest.fixture
def subject(signable, key):
    return Subject(signable.digest(), key.address)


@pytest.fixture
def challenge():
    return parse_challenge("able acid also apex")


def spelt(data):
    return tuple(WORDS[byte] for byte in data)


def test_words_are_of_tag_digest_and_signer(subject):
    data = keccak256(TAG + subject.digest + subject.signer.raw)
    assert check_words([subject]) == spelt(data[:16])
    assert len(check_words([subject])) == CHECK_WORDS == 16


def test_an_answer_is_of_tag_challenge_digest_and_signer(subject, challenge):
    data = keccak256(TAG + b"able acid also apex" + subject.digest + subject.signer.raw)
    assert answer_words([subject], challenge) == spelt(data[:5])
    assert ANSWER_WORDS == 5


def test_a_batch_counts_its_entries_and_keeps_their_order(subject, challenge):
    other = replace(subject, signer=OTHER)
    entries = subject.digest + subject.signer.raw + other.digest + other.signer.raw
    data = keccak256(TAG + b"\0\0\0\2" + entries)
    assert check_words([subject, other]) == spelt(data[:16])
    assert check_words([other, subject]) != check_words([subject, other])
    told = keccak256(TAG + b"able acid also apex\0\0\0\2" + entries)
    assert answer_words([subject, other], challenge) == spelt(told[:5])


def test_another_network_or_signer_gives_other_words(subject, signable):
    testnet = Subject(replace(signable, network=Network.TESTNET).digest(), subject.signer)
    others = [testnet, replace(subject, signer=OTHER)]
    assert len({check_words([one]) for one in (subject, *others)}) == 3


def test_a_challenge_is_drawn_from_the_entropy_given():
    assert draw_challenge(lambda size: bytes(range(size))).text == "able acid also apex"


@pytest.mark.parametrize("text", ["ABLE acid  Also\tapex", " able acid also apex "])
def test_a_challenge_is_read_in_any_case_and_spacing(text, challenge):
    assert parse_challenge(text) == challenge


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("able acid also", "3 words"),
        ("able acid also apex aqua", "5 words"),
        ("able acid also apxe", '"apxe"'),
        ("able acid also \u212aeys", "\\u{212a}"),
        ("", "0 words"),
        ("able,acid,also,apex", '"able,acid,also,apex"'),
    ],
)
def test_what_is_no_challenge_is_refused(text, found, refusal):
    error = refusal(parse_challenge, text)
    assert (error.code, error.exit_status) == ("bad-challenge", 2)
    assert found in error.message


def test_json_has_null_and_a_reason_without_a_signer(subject, challenge):
    assert words_wire(subject) == {"checkWords": " ".join(check_words([subject]))}
    nobody = words_wire(None)
    assert nobody["checkWords"] is None
    assert "no signer" in nobody["checkWordsReason"]
    assert run_wire([subject, None], challenge, is_batch=True) == {
        "batchCheckWords": None,
        "challenge": {"words": "able acid also apex", "answer": None},
    }
    assert run_wire([subject], None, is_batch=False) == {}


NUMBERS = {word: number for number, word in enumerate(WORDS)}


def tries_until_two_share(cuts, signable, signer):
    """How many requests a drafter makes, by counting nonces up, until two have equal words.

    For each number of bits that the words are cut to, a number of tries.
    """
    seen = {bits: set() for bits in cuts}
    tries = {}
    for made in count(1):
        one = replace(signable, nonce=signable.nonce + made)
        words = check_words([Subject(one.digest(), signer)])
        first = int.from_bytes(bytes(NUMBERS[word] for word in words[:4]), "big")
        for bits in seen.keys() - tries.keys():
            cut = first >> (32 - bits)
            if cut in seen[bits]:
                tries[bits] = made
            seen[bits].add(cut)
        if len(tries) == len(cuts):
            return tries
    raise AssertionError


@pytest.mark.slow
def test_a_collision_costs_half_the_bits_so_four_bits_more_cost_four_times_as_many_tries(
    signable, key
):
    rounds = [
        tries_until_two_share(
            (24, 28), replace(signable, expires_after=signable.expires_after + n), key.address
        )
        for n in range(32)
    ]
    mean = {bits: sum(tries[bits] for tries in rounds) / len(rounds) for bits in (24, 28)}
    assert 3 < mean[28] / mean[24] < 5
    # A birthday search among 2^n takes about 1.25 x 2^(n/2) tries.
    for bits, tries in mean.items():
        assert 0.75 < tries / (1.25 * 2 ** (bits / 2)) < 1.33, mean
