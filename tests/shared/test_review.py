"""The words a person checks."""

import json
from dataclasses import replace

import pytest

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.market import parse_market_entry
from coldlever.shared.action.market_name import name_market
from coldlever.shared.action.network import Network
from coldlever.shared.action.setting import Setting
from coldlever.shared.message.lines import (
    EntryLine,
    FactLine,
    TotalLine,
    WordsLine,
    review_lines,
)
from coldlever.shared.message.request import Request
from coldlever.shared.message.review import Origin, review, usd
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, Where

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


def rows(request, *rest, **more):
    return {row.label: row.value for row in review(request, *rest, **more).rows}


def texts(*requests, kinds=object):
    lines = review_lines([review(request) for request in requests])
    return [line.text for line in lines if isinstance(line, kinds)]


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
        "Was": "cross 10x (as drafted, not signed)",
        "Account": "the signer's own (its master's, if the signer is an API wallet)",
        "Signer": "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        "Nonce": "1795340000000 = 2026-11-22 09:33:20.000 UTC",
        "Expires": "2026-11-22 10:33:20.000 UTC (1 h after the nonce)",
        "Note": '"two \\u{0020}words" (not signed)',
        "Action hash": "0xf4918b814d3eaac4327fc87fcbc98b71257f10981c34170922834f47337c9740",
    }


def test_a_plain_request_says_that_neither_name_nor_setting_is_vouched_for(request_):
    assert codes(request_) == {"market-unverified", "current-as-drafted"}


def test_what_this_machine_has_read_itself_needs_no_caution(request_):
    one = review(request_, origin=Origin.READ)
    assert [caution.code for caution in one.cautions] == ["market-unverified"]
    assert one.was == "cross 10x (as the exchange says, not signed)"


def test_a_setting_of_fifty_does_not_make_forty_look_like_a_cut(request_):
    """The drafter writes `current`: it may soften no caution to nothing."""
    lied = replace(with_action(request_, UpdateLeverage(NEW, True, 39)), current=Setting(True, 50))
    assert codes(lied) == {"market-unverified", "current-as-drafted", "current-above-maximum"}
    assert any("cross 50x, cannot be true" in text for text in texts(lied))


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
    setting = {"current-as-drafted", "current-above-maximum"}
    assert codes(request) - setting == {"market-unverified", code}


def test_lowering_leverage_and_adding_margin_call_for_nothing(request_):
    lower = with_action(request_, UpdateLeverage(NEW, True, 9))
    adding = with_action(request_, UpdateIsolatedMargin(NEW, True, 1))
    assert codes(lower) == {"market-unverified", "current-as-drafted"}
    assert codes(adding) == {"market-unverified"}


def test_the_account_is_shown_as_drafted(request_):
    other = parse_address("0x" + "22" * 20)
    shown = rows(replace(request_, account=other))["Account"]
    assert shown == f"{other} (as drafted, not signed)"


def test_a_vault_is_called_out_and_shown(request_, signable):
    request = replace(request_, signable=replace(request_.signable, vault=signable.vault))
    assert "vault" in codes(request)
    assert str(signable.vault) in rows(request)["Account"]


def test_no_expiry_is_called_out(request_):
    request = replace(request_, signable=replace(request_.signable, expires_after=None))
    assert "no-expiry" in codes(request)
    until = "2026-11-24 09:33:20.000 UTC"
    assert rows(request)["Expires"] == f"never: anyone who sees it can post it until {until}"
    assert any(text.endswith(f"it can be posted until {until}") for text in texts(request))


def test_a_validity_of_more_than_a_day_is_called_out(request_):
    day = request_.signable.nonce + 86_400_000
    within = replace(request_, signable=replace(request_.signable, expires_after=day))
    beyond = replace(request_, signable=replace(request_.signable, expires_after=day + 1))
    assert "long-validity" not in codes(within)
    assert "long-validity" in codes(beyond)


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
    assert rows(bare, other)["Market"].startswith("NOTBTC")
    assert rows(request_, other)["Market"].startswith("BTC")


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


def test_the_words_depend_on_what_is_signed_and_by_whom_and_on_no_other_claim(request_):
    plain = Request(request_.signable, request_.signer)
    assert review(plain).subject == review(request_).subject
    assert review(replace(request_, signer=None)).subject is None


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "0.00 USD"), (1, "0.000001 USD"), (-1_500_000, "-1.50 USD"), (10**12, "1,000,000.00 USD")],
)
def test_amounts_are_exact(micro, text):
    assert usd(micro) == text


def test_lines_align_cautions_follow_and_four_rows_of_four_words_end_it(request_):
    lines = texts(request_)
    assert lines[0] == "  Network      MAINNET"
    assert lines[-5] == "  ! nobody vouches that asset 500 is BTC"
    assert lines[-4].startswith("  Check words  ")
    assert [len(line.replace("Check words", "").split()) for line in lines[-4:]] == [4, 4, 4, 4]


def test_lines_carry_their_kind_whatever_their_text_says(request_):
    """A note that looks like a caution or like check words stays a fact."""
    for note in ("! beware", "Check words"):
        found = review_lines([review(replace(request_, note=note))])
        (line,) = [line for line in found if note in line.text and "Note" in line.text]
        assert type(line) is FactLine


def test_without_a_signer_there_are_no_words_and_the_reason_is_said(request_):
    anybody = replace(request_, signer=None)
    assert texts(anybody, kinds=WordsLine) == []
    (line,) = [text for text in texts(anybody) if text.startswith("  Check words")]
    assert "none: no signer is named" in line
    (line,) = [text for text in texts(request_, anybody) if text.startswith("  Check words")]
    assert "none: no signer is named" in line


@pytest.fixture
def hidden(request_):
    """A batch of 1,000 in which four entries do harm."""
    entries = [with_action(request_, UpdateLeverage(NEW, True, 9))] * 1000
    for number in (2, 3, 4):
        entries[number - 1] = with_action(request_, UpdateLeverage(NEW, True, 20))
    entries[500] = with_action(request_, UpdateIsolatedMargin(NEW, True, -1))
    vault = request_.signer
    entries[900] = replace(entries[900], signable=replace(entries[900].signable, vault=vault))
    return entries


def test_a_batch_begins_with_totals_by_kind_and_direction(hidden):
    totals = texts(*hidden, kinds=TotalLine)
    assert totals[:5] == [
        "  1,000 requests, going by the settings shown as before:",
        "        3 raise leverage",
        "        1 removes margin",
        "        1 touches a vault or sub-account",
        "      996 lower leverage",
    ]
    assert texts(*hidden)[:5] == totals[:5]


def test_nothing_harmful_hides_in_entry_501_of_1000(hidden):
    end = texts(*hidden)[-15:]
    assert any(line.startswith("  ! in number 501: this takes margin away") for line in end)
    assert any(line.startswith("  ! in number 901: this acts on the vault") for line in end)
    assert any(line.startswith("  ! in number 2 to 4: this RAISES leverage") for line in end)
    assert any(line.startswith("  ! in number 1 to 500, 502 to 1000: what was") for line in end)


def test_each_entry_of_a_batch_shows_setting_before_account_and_signer(request_):
    lines = texts(request_, request_, kinds=EntryLine)
    assert lines[:6] == [
        "  1. BTC = asset 500 (name unverified): set leverage to cross 10x",
        "     was cross 10x (as drafted, not signed)",
        "     account: the signer's own (its master's, if the signer is an API wallet)",
        "     signer: 0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        "     MAINNET, nonce 1795340000000 = 2026-11-22 09:33:20.000 UTC",
        "     expires 2026-11-22 10:33:20.000 UTC (1 h after the nonce)",
    ]


def test_a_batch_says_shared_cautions_once(request_):
    raising = with_action(request_, UpdateLeverage(NEW, True, 20))
    found = texts(request_, replace(raising, note="why"))
    assert "\n".join(found).count("nobody vouches") == 1
    assert "  ! in every request: nobody vouches that asset 500 is BTC" in found
    assert "     ! this RAISES leverage from 10x to 20x" in found
    assert "  ! in number 2: this RAISES leverage from 10x to 20x" in found
    assert '     note "why" (not signed)' in found
    assert "  Of the whole batch of 2:" in found


def test_naughty_strings_stay_on_their_line(reference_vectors, request_, entry):
    path = reference_vectors / "naughty" / "blns.json"
    for text in json.loads(path.read_text("utf-8")):
        # A colon would make it the name of a builder's dex, which this id is not on.
        market = replace(entry, coin=text[:64].replace(":", ";"))
        one = replace(request_, note=text[:500], market=market)
        for line in [*texts(one), *texts(one, one)]:
            assert line.isascii()
            assert line.isprintable()


def test_a_note_cannot_draw_rows_of_its_own(request_):
    note = "x" * 60 + "  Network      TESTNET  " + "\n  Action       nothing"
    lines = texts(replace(request_, note=note))
    assert not any("  Network" in line[2:] for line in lines)
    assert len(lines) == len(texts(replace(request_, note="x")))
