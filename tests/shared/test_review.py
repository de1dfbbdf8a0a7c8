"""The words a person checks."""

import json
from dataclasses import replace

import pytest

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.market import parse_market_entry
from coldlever.shared.action.market_name import name_market
from coldlever.shared.action.network import Network
from coldlever.shared.action.setting import Setting
from coldlever.shared.message.request import Request
from coldlever.shared.message.review import (
    batch_words,
    check_words,
    render_batch,
    render_review,
    review,
    usd,
)
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, Where
from coldlever.shared.ur.bytewords import WORDS

# An id of the first dex that nobody vouches for.
NEW = 500


@pytest.fixture
def entry(market_wire):
    return parse_market_entry(market_wire | {"asset": NEW}, Where("market"))


@pytest.fixture
def request_(signable, key, entry):
    current = Setting(is_cross=True, leverage=10)
    action = replace(signable.action, asset=NEW)
    return Request(replace(signable, action=action, vault=None), key.address, entry, current)


def rows(request):
    return dict(review(request).rows)


def codes(request):
    return {caution.code for caution in review(request).cautions}


def with_action(request, action):
    return replace(request, signable=replace(request.signable, action=action))


def test_every_fact_has_its_row(request_, signable, entry):
    known = replace(signable, vault=None)
    request = replace(request_, signable=known, market=replace(entry, asset=0), note="two  words")
    assert rows(request) == {
        "Network": "MAINNET",
        "Market": "BTC = asset 0 (in coldlever's table)",
        "Action": "set leverage to cross 10x",
        "Was": "cross 10x (not signed)",
        "Account": "the signer's own (its master's, if the signer is an API wallet)",
        "Signer": "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        "Nonce": "1795340000000 = 2026-11-22 09:33:20.000 UTC",
        "Expires": "2026-11-22 10:33:20.000 UTC (1 h after the nonce)",
        "Note": '"two \\u{0020}words" (not signed)',
        "Action hash": "0xf4918b814d3eaac4327fc87fcbc98b71257f10981c34170922834f47337c9740",
        "Check words": "work maze luau lazy gift film peck sets",
    }


def test_a_plain_request_needs_only_the_caution_that_names_are_unverified(request_):
    assert codes(request_) == {"market-unverified"}


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (UpdateLeverage(NEW, False, 3), "set leverage to isolated 3x"),
        (
            UpdateIsolatedMargin(NEW, True, 1_234_500_000),
            "add 1,234.50 USD to the isolated margin (long side)",
        ),
        (
            UpdateIsolatedMargin(NEW, False, -1),
            "remove 0.000001 USD from the isolated margin (short side)",
        ),
        (TopUpIsolatedOnlyMargin(NEW, "2.5"), "top up isolated margin to reach 2.5x"),
    ],
)
def test_the_action_is_said_in_words(action, words, request_):
    assert rows(with_action(request_, action))["Action"] == words


@pytest.mark.parametrize(
    ("action", "current", "code"),
    [
        (UpdateLeverage(NEW, True, 11), Setting(True, 10), "raises-leverage"),
        (UpdateLeverage(NEW, False, 10), Setting(True, 10), "switches-mode"),
        (UpdateLeverage(NEW, True, 10), Setting(False, 10), "switches-mode"),
        (UpdateLeverage(NEW, True, 10), None, "current-unknown"),
        (UpdateLeverage(NEW, True, 40), Setting(True, 40), "maximum-leverage"),
        (UpdateLeverage(NEW, True, 41), Setting(True, 41), "venue-would-refuse"),
        (UpdateIsolatedMargin(NEW, True, -1), None, "removes-margin"),
    ],
)
def test_what_is_dangerous_is_called_out(action, current, code, request_):
    request = replace(with_action(request_, action), current=current)
    assert codes(request) == {"market-unverified", code}


def test_lowering_leverage_and_adding_margin_call_for_nothing(request_):
    lower = with_action(request_, UpdateLeverage(NEW, True, 9))
    adding = with_action(request_, UpdateIsolatedMargin(NEW, True, 1))
    assert codes(lower) == codes(adding) == {"market-unverified"}


def test_a_vault_is_called_out_and_shown(request_, signable):
    request = replace(request_, signable=replace(request_.signable, vault=signable.vault))
    assert "vault" in codes(request)
    assert str(signable.vault) in rows(request)["Account"]


def test_no_expiry_is_called_out(request_):
    request = replace(request_, signable=replace(request_.signable, expires_after=None))
    assert "no-expiry" in codes(request)
    assert rows(request)["Expires"].startswith("never")


def test_an_expiry_before_the_nonce_is_shown_as_such(request_):
    request = replace(request_, signable=replace(request_.signable, expires_after=5))
    assert rows(request)["Expires"] == "1970-01-01 00:00:00.005 UTC, before its own nonce"


def test_times_beyond_the_calendar_do_not_stop_the_review(request_):
    late = replace(request_.signable, nonce=SAFE_INTEGER_MAX, expires_after=SAFE_INTEGER_MAX + 1)
    assert (
        "beyond the year 9999 (1 ms after the nonce)"
        in rows(replace(request_, signable=late))["Expires"]
    )


def test_a_request_for_any_key_says_so(request_):
    shown = rows(replace(request_, signer=None))
    assert shown["Signer"] == "any key"
    assert shown["Account"].startswith("that of whoever signs")


def test_without_an_entry_the_market_has_no_name(request_):
    request = replace(request_, market=None)
    assert rows(request)["Market"] == "asset 500 (name unknown)"
    assert "market-unknown" in codes(request)


def test_an_entry_from_outside_names_the_market_unless_the_request_has_its_own(request_, entry):
    other = replace(entry, coin="NOTBTC")
    bare = replace(request_, market=None)
    assert dict(review(bare, other).rows)["Market"].startswith("NOTBTC")
    assert dict(review(request_, other).rows)["Market"].startswith("BTC")


@pytest.mark.parametrize("change", [{"asset": 1}, {"network": Network.TESTNET}])
def test_an_entry_of_another_market_is_refused(change, request_, entry, refusal):
    wrong = replace(entry, **change)
    assert refusal(review, replace(request_, market=wrong)).code == "market-mismatch"
    assert refusal(review, replace(request_, market=None), wrong).code == "market-mismatch"


@pytest.mark.parametrize(
    ("coin", "shown"),
    [
        ("kPEPE", "kPEPE"),
        ("BTC = asset 0 (verified)", '"BTC = asset 0 (verified)"'),
        ('BTC" (', '"BTC\\u{0022} ("'),
        ("\u0412TC", '"\\u{0412}TC"'),
        ("", '""'),
        (" BTC", '" BTC"'),
        ("B" * 50, '"' + "B" * 40 + '"... (10 more characters)'),
    ],
)
def test_a_coin_that_could_be_words_stands_in_quotes(coin, shown, entry):
    name = name_market(Network.MAINNET, NEW, replace(entry, coin=coin))
    assert str(name) == f"{shown} = asset 500 (name unverified)"


def test_the_review_depends_on_what_is_signed_and_on_nothing_the_file_claims(request_):
    plain = Request(request_.signable)
    assert review(plain).words == review(request_).words
    assert rows(plain)["Action hash"] == rows(request_)["Action hash"]


def test_check_words_are_one_for_each_of_the_first_eight_bytes():
    assert check_words(bytes(range(32))) == " ".join(WORDS[:8])


def test_a_batch_has_words_of_its_own_that_depend_on_the_order(signable):
    other = replace(signable, nonce=1)
    hashes = signable.action_hash() + other.action_hash()
    assert batch_words([signable, other]) == check_words(keccak256(hashes))
    assert batch_words([signable, other]) != batch_words([other, signable])


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "0.00 USD"), (1, "0.000001 USD"), (-1_500_000, "-1.50 USD"), (10**12, "1,000,000.00 USD")],
)
def test_amounts_are_exact(micro, text):
    assert usd(micro) == text


def test_lines_align_and_cautions_follow(request_):
    lines = render_review(review(request_))
    assert lines[0] == "  Network      MAINNET"
    assert lines[-1] == "  ! nobody vouches that asset 500 is BTC"


def test_a_batch_says_shared_cautions_once(request_):
    raising = with_action(request_, UpdateLeverage(NEW, True, 20))
    reviews = [review(request_), review(replace(raising, note="why"))]
    lines = render_batch(reviews, "the words")
    text = "\n".join(lines)
    assert text.count("nobody vouches") == 1
    assert "  ! in every request: nobody vouches that asset 500 is BTC" in lines
    assert "     ! this RAISES leverage from 10x to 20x" in lines
    assert lines[0].startswith("  1. BTC = asset 500 (name unverified): set leverage to cross 10x")
    assert '     note "why" (not signed)' in lines
    assert lines[-1] == "  Check words of the whole batch of 2: the words"
    assert all(f"check words: {one.words}" in text for one in reviews)


def test_naughty_strings_stay_on_their_line(reference_vectors, request_, entry):
    path = reference_vectors / "naughty" / "blns.json"
    for text in json.loads(path.read_text("utf-8")):
        # A colon would make it the name of a builder's dex, which this id is not on.
        market = replace(entry, coin=text[:64].replace(":", ";"))
        one = review(replace(request_, note=text[:500], market=market))
        for line in [*render_review(one), *render_batch([one, one], "words")]:
            assert line.isascii()
            assert line.isprintable()


def test_a_note_cannot_draw_rows_of_its_own(request_):
    note = "x" * 60 + "  Network      TESTNET  " + "\n  Action       nothing"
    lines = render_review(review(replace(request_, note=note)))
    assert not any("  Network" in line[2:] for line in lines)
    assert len(lines) == len(render_review(review(replace(request_, note="x"))))
