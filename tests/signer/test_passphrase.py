import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.shared.errors import RuleRefused
from coldlever.signer.key.passphrase import normalise, require_strong, spellings, weakness


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("short", "has 5 characters"),
        ("elevenchars", "has 11 characters"),
        ("aaaaaaaaaaaaaaaa", "uses 1 different"),
        ("abababababababab", "uses 2 different"),
        ("k7!vQpk7!vQpk7!vQp", "repeats one short piece"),
        ("abcdefghijklmnop", "mostly a sequence"),
        ("0987654321098", "mostly a sequence"),
        ("qwertyuiopasdfgh", "mostly a sequence"),
        ("password1234", "commonest words"),
        ("P@ssw0rd2026!", "commonest words"),
        ("passwordpassword1", "commonest words"),
        ("hyperliquid2026", "commonest words"),
        ("Correct Horse Battery", "commonest words"),
        ("tab\tin the middle of it", "control character"),
        ("1q2w3e4r5t6z7u", "mostly a sequence"),
        ("margaret1987smith", "zxcvbn marks it 3 of 4"),
        ("johnsmith19850412", "names, dates"),
    ],
)
def test_weak_passphrases_are_refused_with_a_reason(text, reason):
    with pytest.raises(RuleRefused) as caught:
        require_strong(text)
    assert caught.value.code == "weak-passphrase"
    assert reason in caught.value.message
    assert text not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "a lantern over 7 quiet harbours",
        "hG7#kd9!Lm2xQw",
        "velvet-canyon-otter-plinth-mosaic",
        "velvet-canyon-otter-plinth-mosaic" * 9,
        "dix-neuf élans très pâles",
        "\u6c34\u706b\u6728\u91d1\u571f\u65e5\u6708\u5c71\u5ddd\u5929\u5730\u4eba",
    ],
)
def test_strong_passphrases_pass(text):
    require_strong(text)
    assert weakness(text) is None


def test_two_spellings_of_one_letter_are_one_passphrase():
    composed, decomposed = "gr\u00fcn", "gru\u0308n"
    assert normalise(decomposed) == composed
    assert spellings(composed) == (composed,)
    assert spellings(decomposed) == (composed, decomposed)


@given(st.text(max_size=90))
def test_judging_never_fails_and_adding_a_good_tail_never_hurts(text):
    if weakness(text) is None:
        assert weakness(text + "hG7#kd9!Lm2xQw") is None


def test_the_estimator_sees_no_more_than_it_takes():
    # What lies behind does not make up for a beginning that is guessed.
    weak = "margaret1987smith"
    assert "zxcvbn" in weakness(weak)
    assert weakness(("hG7#kd9!Lm2xQw" * 6)[:72] + weak) is None
