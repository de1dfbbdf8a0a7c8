import hashlib
import hmac
import json
import unicodedata

import pytest

from coldlever.shared.errors import EnvironmentFault, InputRefused, UsageRefused
from coldlever.signer.key.secret import (
    DEFAULT_PATH,
    derive_secret,
    draw_secret,
    normalise_mnemonic,
    parse_path,
    parse_private_key,
)
from coldlever.signer.key.signing_key import SigningKey

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"

# secp256k1 and BIP-32 once more, from their definitions, to compare with.
P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def compressed(secret):
    point, doubled = None, G
    while secret:
        if secret & 1:
            point = add(point, doubled)
        doubled = add(doubled, doubled)
        secret >>= 1
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def independent_seed(words, passphrase):
    def spelled(text):
        return unicodedata.normalize("NFKD", text).encode()

    return hashlib.pbkdf2_hmac("sha512", spelled(words), spelled("mnemonic" + passphrase), 2048)


def independent_key(seed, path):
    node = hmac.digest(b"Bitcoin seed", seed, "sha512")
    secret, chain = int.from_bytes(node[:32], "big"), node[32:]
    for step in path.split("/")[1:]:
        index = int(step.rstrip("'"))
        if step.endswith("'"):
            data = b"\0" + secret.to_bytes(32, "big") + (index + 2**31).to_bytes(4, "big")
        else:
            data = compressed(secret) + index.to_bytes(4, "big")
        node = hmac.digest(chain, data, "sha512")
        secret, chain = (int.from_bytes(node[:32], "big") + secret) % N, node[32:]
    return secret.to_bytes(32, "big")


@pytest.fixture(scope="module")
def mnemonics(reference):
    return json.loads((reference / "bip39" / "vectors.json").read_text())


def test_seeds_of_the_published_english_mnemonics(mnemonics):
    from eth_account.hdaccount.mnemonic import Mnemonic

    assert len(mnemonics["english"]) == 24
    for _, words, seed, _ in mnemonics["english"]:
        assert Mnemonic.to_seed(words, "TREZOR").hex() == seed
        assert independent_seed(words, "TREZOR").hex() == seed


def test_keys_of_the_published_english_mnemonics(mnemonics):
    for _, words, seed, extended in mnemonics["english"]:
        assert derive_secret(words, "TREZOR", "m") == base58_key(extended)
        for path in (DEFAULT_PATH, "m/0", "m/44'/60'/0'/0/7"):
            assert derive_secret(words, "TREZOR", path) == independent_key(
                bytes.fromhex(seed), path
            )


def test_mnemonics_of_every_language_with_a_word_list(mnemonics):
    listed = {"chinese_simplified", "chinese_traditional", "czech", "french", "italian",
              "japanese", "korean", "spanish"}  # fmt: skip
    assert listed < mnemonics.keys()
    for language in listed:
        for _, words, _, extended in mnemonics[language]:
            assert derive_secret(words, "TREZOR", "m") == base58_key(extended), language


def base58_key(extended):
    """The private key inside an xprv."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for character in extended:
        number = number * 58 + alphabet.index(character)
    return number.to_bytes(82, "big")[46:78]


def test_a_language_without_a_word_list_is_refused(mnemonics):
    with pytest.raises(InputRefused) as caught:
        derive_secret(mnemonics["russian"][0][1], "", DEFAULT_PATH)
    assert caught.value.code == "bad-mnemonic"


def test_the_well_known_address_of_the_development_mnemonic():
    words = "test test test test test test test test test test test junk"
    secret = derive_secret(words, "", DEFAULT_PATH)
    assert str(SigningKey(secret).address) == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_spaces_and_capitals_do_not_matter():
    messy = "  Legal WINNER\tthank year wave sausage worth useful\u3000legal winner  thank yellow "
    assert normalise_mnemonic(messy) == WORDS
    assert derive_secret(messy, "", DEFAULT_PATH) == derive_secret(WORDS, "", DEFAULT_PATH)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "has 0"),
        ("legal", "has 1"),
        (WORDS + " legal", "has 13"),
        (WORDS.replace("wave", "wawe"), "word 5"),
        (WORDS.replace("legal", "lagel"), "word 1, 9"),
        (WORDS.replace("yellow", "wave"), "checksum"),
    ],
)
def test_a_bad_mnemonic_says_what_is_wrong_and_shows_none_of_it(words, message):
    with pytest.raises(InputRefused) as caught:
        derive_secret(words, "", DEFAULT_PATH)
    assert caught.value.code == "bad-mnemonic"
    assert message in caught.value.message
    assert "winner" not in caught.value.message
    assert "lagel" not in caught.value.message


@pytest.mark.parametrize(
    "text",
    ["", "44'/60'", "m/", "m//0", "m/-1", "m/0''", "m/2147483648", "m/x", "n/0", "m/0/", " m/0",
     "m" + "/0" * 11],
)  # fmt: skip
def test_a_bad_path_is_wrong_usage(text):
    with pytest.raises(UsageRefused) as caught:
        parse_path(text)
    assert caught.value.code == "bad-path"


def test_a_path_may_be_written_with_h():
    assert parse_path("m/44h/60H/0'/0/2147483647") == "m/44'/60'/0'/0/2147483647"
    assert parse_path("m") == "m"


@pytest.mark.parametrize("text", ["11" * 32, "0x" + "11" * 32, "  " + "1A" * 32 + "\t"])
def test_a_private_key_is_64_digits(text):
    assert len(parse_private_key(text)) == 32


@pytest.mark.parametrize(
    "text", ["", "11" * 31, "11" * 33, "0x" + "1g" * 32, "00" * 32, f"{N:064x}", "0X" + "11" * 32]
)
def test_a_bad_private_key_is_refused_without_showing_it(text):
    with pytest.raises(InputRefused) as caught:
        parse_private_key(text)
    assert caught.value.code == "bad-private-key"
    assert "11" not in caught.value.message


def test_a_new_secret_is_drawn_again_when_it_is_out_of_range():
    draws = iter([bytes(32), b"\xff" * 32, bytes(range(32))])
    assert draw_secret(lambda size: next(draws)[:size]) == bytes(range(32))


def test_a_broken_random_source_makes_no_key():
    with pytest.raises(EnvironmentFault) as caught:
        draw_secret(lambda size: b"\x07" * size)
    assert caught.value.code == "no-entropy"
