import json
import subprocess
import sys

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from coldlever.shared.errors import ColdleverError, EnvironmentFault, InputRefused, RuleRefused
from coldlever.signer.key import keystore as keystore_module
from coldlever.signer.key.keystore import Keystore, load_keystore, parse_keystore, seal, store
from coldlever.signer.key.signing_key import SigningKey

SECRET = bytes(range(1, 33))
PHRASE = "a lantern over 7 quiet harbours"
LIGHT = 1 << 12


@pytest.fixture(scope="module")
def document():
    return json.loads(seal(SECRET, PHRASE, LIGHT))


def changed(document, **changes):
    """A copy with members of ``crypto`` or ``kdfparams`` replaced, or top-level ones."""
    copy = json.loads(json.dumps(document))
    for name, value in changes.items():
        for place in (copy["crypto"]["kdfparams"], copy["crypto"]["cipherparams"], copy["crypto"]):
            if name in place:
                place[name] = value
                break
        else:
            copy[name] = value
    return json.dumps(copy).encode()


def refusal(data):
    with pytest.raises(ColdleverError) as caught:
        parse_keystore(data, "k.json")
    assert "k.json" in caught.value.message
    return caught.value.code


@pytest.mark.parametrize(
    "name", ["test1", "test2", "python_generated_test_with_odd_iv", "evilnonce", "mycrypto"]
)
def test_keystores_of_the_ethereum_tests_open(reference, name):
    cases = json.loads((reference / "keystore" / "KeyStoreTests_basic_tests.json").read_text())
    case = cases[name]
    opened = parse_keystore(json.dumps(case["json"]).encode(), name).open(case["password"])
    assert opened.address == SigningKey(bytes.fromhex(case["priv"])).address


def test_all_keystores_of_the_ethereum_tests_are_covered(reference):
    cases = json.loads((reference / "keystore" / "KeyStoreTests_basic_tests.json").read_text())
    assert len(cases) == 5


def test_addresses_of_the_ethereum_tests_follow_from_their_keys(reference):
    for case in json.loads((reference / "keystore" / "keyaddrtest.json").read_text()):
        assert SigningKey(bytes.fromhex(case["key"])).address.lower == "0x" + case["addr"]


def test_the_own_keystore_opens(keystore, passphrase_file, owner):
    closed = load_keystore(keystore)
    assert closed.address == owner
    assert closed.open(passphrase_file.read_text().rstrip("\n")).address == owner


def test_a_new_keystore_opens_here_and_in_eth_account(document):
    data = json.dumps(document).encode()
    assert parse_keystore(data, "k").open(PHRASE).address == SigningKey(SECRET).address
    assert bytes(Account.decrypt(document, PHRASE)) == SECRET


def test_the_start_value_of_the_cipher_always_has_its_full_length(monkeypatch):
    short = {
        "address": SigningKey(SECRET).address.lower[2:],
        "crypto": {"cipherparams": {"iv": "abc"}},
    }
    monkeypatch.setattr(Account, "encrypt", lambda *_: short)
    sealed = json.loads(seal(SECRET, PHRASE, LIGHT))
    assert sealed["crypto"]["cipherparams"]["iv"] == "abc".rjust(32, "0")


def test_a_wrong_passphrase_is_called_so(document):
    with pytest.raises(RuleRefused) as caught:
        parse_keystore(json.dumps(document).encode(), "k").open("not the one at all")
    assert caught.value.code == "wrong-passphrase"


def test_a_passphrase_typed_with_another_keyboard_opens_it():
    sealed = seal(SECRET, "zwo\u0308lf gru\u0308ne Ra\u0308der", LIGHT)
    assert parse_keystore(sealed, "k").open("zw\u00f6lf gr\u00fcne R\u00e4der").address


def test_a_foreign_keystore_with_an_unnormalised_passphrase_opens():
    raw = "zwo\u0308lf gru\u0308ne Ra\u0308der"
    foreign = Account.encrypt(SECRET, raw, "scrypt", LIGHT)
    assert parse_keystore(json.dumps(foreign).encode(), "k").open(raw).address


def test_a_keystore_that_names_another_address_is_refused_after_opening(document):
    other = changed(document, address="00" * 19 + "01")
    with pytest.raises(RuleRefused) as caught:
        parse_keystore(other, "k").open(PHRASE)
    assert caught.value.code == "keystore-address-mismatch"


def test_the_cipher_start_value_is_not_covered_by_the_mac_but_by_the_address(document):
    other = changed(document, iv="00" * 16)
    with pytest.raises(RuleRefused) as caught:
        parse_keystore(other, "k").open(PHRASE)
    assert caught.value.code == "keystore-address-mismatch"


def test_upper_case_members_and_unknown_ones_are_accepted(document):
    foreign = {"Crypto": document["crypto"], "Version": 3, "x-ethers": {"gethFilename": "UTC--"}}
    foreign["Crypto"] = {key.upper(): value for key, value in foreign["Crypto"].items()}
    closed = parse_keystore(json.dumps(foreign).encode(), "k")
    assert closed.address is None
    assert closed.open(PHRASE).address == SigningKey(SECRET).address


@pytest.mark.parametrize("spelling", ["", None])
def test_an_empty_address_counts_as_none(document, spelling):
    assert parse_keystore(changed(document, address=spelling), "k").address is None


@pytest.mark.parametrize("spelling", ["lower", "checksummed"])
def test_the_address_may_have_its_prefix_or_not(document, spelling):
    address = getattr(SigningKey(SECRET).address, spelling)
    for text in (address, address[2:]):
        assert parse_keystore(changed(document, address=text), "k").address == (
            SigningKey(SECRET).address
        )


def test_a_key_that_lost_its_leading_zeros_is_restored():
    secret = b"\0\0" + bytes(range(30))
    from eth_keyfile import keyfile

    stripped = keyfile._create_v3_keyfile_json(secret, PHRASE.encode(), "scrypt", LIGHT)
    salt = bytes.fromhex(stripped["crypto"]["kdfparams"]["salt"])
    derived = keyfile._scrypt_hash(PHRASE.encode(), salt, LIGHT, 8, 1, 32)
    iv = int(stripped["crypto"]["cipherparams"]["iv"], 16)
    ciphertext = keyfile.encrypt_aes_ctr(secret[2:], derived[:16], iv)
    stripped["crypto"]["ciphertext"] = ciphertext.hex()
    stripped["crypto"]["mac"] = keyfile.keccak(derived[16:32] + ciphertext).hex()
    opened = parse_keystore(json.dumps(stripped).encode(), "k").open(PHRASE)
    assert opened.address == SigningKey(secret).address


def test_a_keystore_that_holds_no_key_is_refused():
    from eth_keyfile import keyfile

    salt, iv = bytes(16), 1
    derived = keyfile._scrypt_hash(PHRASE.encode(), salt, LIGHT, 8, 1, 32)
    ciphertext = keyfile.encrypt_aes_ctr(bytes(32), derived[:16], iv)
    zero = {
        "version": 3,
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "1"},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": {"n": LIGHT, "r": 8, "p": 1, "dklen": 32, "salt": salt.hex()},
            "mac": keyfile.keccak(derived[16:32] + ciphertext).hex(),
        },
    }
    with pytest.raises(InputRefused) as caught:
        parse_keystore(json.dumps(zero).encode(), "k").open(PHRASE)
    assert caught.value.code == "bad-private-key"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"n": 2048}, "kdf-too-weak"),
        ({"n": 1 << 14, "r": 1}, "kdf-too-weak"),
        ({"n": 1 << 21}, "kdf-too-costly"),
        ({"n": 1 << 31, "r": 1 << 20}, "kdf-too-costly"),
        ({"n": 1 << 18, "r": 8, "p": 64}, "kdf-too-costly"),
        ({"n": 5000}, "out-of-range"),
        ({"n": 0}, "out-of-range"),
        ({"n": -4096}, "out-of-range"),
        ({"n": "4096"}, "wrong-type"),
        ({"n": 4096.0}, "wrong-type"),
        ({"r": 0}, "out-of-range"),
        ({"p": None}, "wrong-type"),
        ({"dklen": 16}, "out-of-range"),
        ({"dklen": 1 << 30}, "out-of-range"),
        ({"salt": ""}, "bad-hex"),
        ({"salt": "zz" * 16}, "bad-hex"),
        ({"salt": "00" * 300}, "too-long"),
        ({"kdf": "argon2"}, "unknown-value"),
        ({"kdf": 1}, "wrong-type"),
        ({"cipher": "aes-128-cbc"}, "unknown-value"),
        ({"iv": ""}, "bad-hex"),
        ({"iv": "0" * 33}, "bad-hex"),
        ({"iv": None}, "wrong-type"),
        ({"ciphertext": "00" * 33}, "bad-hex"),
        ({"ciphertext": "0" * 63}, "bad-hex"),
        ({"ciphertext": ""}, "bad-hex"),
        ({"mac": "00" * 31}, "bad-hex"),
        ({"mac": 7}, "wrong-type"),
        ({"version": 1}, "out-of-range"),
        ({"version": "3"}, "wrong-type"),
        ({"address": "0x1234"}, "bad-address"),
        ({"address": 7}, "wrong-type"),
        ({"crypto": []}, "wrong-type"),
        ({"cipherparams": "x"}, "wrong-type"),
        ({"kdfparams": None}, "wrong-type"),
    ],
)
def test_a_wrong_shape_or_cost_is_refused_before_anything_is_computed(document, changes, code):
    assert refusal(changed(document, **changes)) == code


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"c": 9_999}, "kdf-too-weak"),
        ({"c": 20_000_001}, "kdf-too-costly"),
        ({"c": None}, "wrong-type"),
        ({"prf": "hmac-sha1"}, "unknown-value"),
    ],
)
def test_pbkdf2_is_bounded_too(document, parameters, code):
    kdf = {"c": 262_144, "dklen": 32, "prf": "hmac-sha256", "salt": "00" * 16}
    assert parse_keystore(changed(document, kdf="pbkdf2", kdfparams=kdf), "k").kdf.rounds == 262_144
    assert refusal(changed(document, kdf="pbkdf2", kdfparams=kdf | parameters)) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b"[]", "not-a-keystore"),
        (b"{}", "not-a-keystore"),
        (b'{"kind": "coldlever/signed"}', "not-a-keystore"),
        (b'{"version": 3, "crypto": {"a": 1, "A": 2}}', "json-duplicate-key"),
        (b'{"version": 3, "version": 3}', "json-duplicate-key"),
    ],
)
def test_something_else_than_a_keystore_is_refused_as_such(data, code):
    assert refusal(data) == code


def test_what_is_weak_by_todays_standards_is_said_to_be(document, keystore):
    assert load_keystore(keystore).kdf.is_weak
    assert not parse_keystore(changed(document, n=1 << 18), "k").kdf.is_weak
    assert str(load_keystore(keystore).kdf) == "scrypt N=4096 r=8 p=1"
    kdf = {"c": 262_144, "dklen": 32, "prf": "hmac-sha256", "salt": "00" * 16}
    pbkdf2 = parse_keystore(changed(document, kdf="pbkdf2", kdfparams=kdf), "k").kdf
    assert str(pbkdf2) == "pbkdf2 c=262144 hmac-sha256"
    assert not pbkdf2.is_weak


def test_a_stored_key_is_private_and_was_read_back(tmp_path):
    path = tmp_path / "k.json"
    assert store(path, SECRET, PHRASE, LIGHT) == SigningKey(SECRET).address
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keystore(path).open(PHRASE).address == SigningKey(SECRET).address


def test_a_keystore_is_never_overwritten(tmp_path):
    path = tmp_path / "k.json"
    path.write_text("precious")
    with pytest.raises(ColdleverError) as caught:
        store(path, SECRET, PHRASE, LIGHT)
    assert caught.value.code == "output-exists"
    assert path.read_text() == "precious"


def test_a_keystore_that_reads_back_wrong_is_removed(tmp_path, monkeypatch):
    path = tmp_path / "k.json"
    real = keystore_module.load_keystore
    damaged = seal(SECRET, "another phrase altogether", LIGHT)
    monkeypatch.setattr(
        keystore_module, "load_keystore", lambda where: path.write_bytes(damaged) and real(where)
    )
    with pytest.raises(EnvironmentFault) as caught:
        store(path, SECRET, PHRASE, LIGHT)
    assert caught.value.code == "keystore-damaged"
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_while_reading_back_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(keystore_module, "load_keystore", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path / "k.json", SECRET, PHRASE, LIGHT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("work", [1 << 18])
def test_too_little_memory_is_a_clear_error(work, environment, tmp_path, document):
    script = (
        "import resource, sys\n"
        "from coldlever.signer.key.keystore import parse_keystore, seal\n"
        "import eth_account\n"
        "from coldlever.shared.errors import ColdleverError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (100 << 20),) * 2)\n"
        "closed = parse_keystore(sys.stdin.buffer.read(), 'k')\n"
        f"for attempt in (lambda: closed.open('x'), lambda: seal(bytes([1]*32), 'x', {work})):\n"
        "    try:\n"
        "        attempt()\n"
        "    except ColdleverError as error:\n"
        "        print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=changed(document, n=work),
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.stdout.split() == [b"out-of-memory"] * 2, done.stderr


@pytest.mark.parametrize("error", [MemoryError(), ValueError("Error 2 while running scrypt")])
def test_however_the_library_says_that_memory_is_short_it_is_a_clear_error(
    document, monkeypatch, error
):
    def exhausted(*_):
        raise error

    monkeypatch.setattr(Account, "decrypt", exhausted)
    monkeypatch.setattr(Account, "encrypt", exhausted)
    closed = parse_keystore(json.dumps(document).encode(), "k")
    for attempt in (lambda: closed.open(PHRASE), lambda: seal(SECRET, PHRASE, LIGHT)):
        with pytest.raises(EnvironmentFault) as caught:
            attempt()
        assert caught.value.code == "out-of-memory"


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_an_error_of_ours(data):
    with pytest.raises(ColdleverError):
        parse_keystore(data, "k.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 40) | st.text(max_size=10)
    | st.sampled_from(["scrypt", "pbkdf2", "aes-128-ctr", "hmac-sha256", "00" * 32]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["crypto", "version", "kdf", "kdfparams", "cipher", "n", "r", "p", "iv"]),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_refused_with_an_error_of_ours_or_parsed(value):
    try:
        parsed = parse_keystore(json.dumps(value).encode(), "k.json")
    except ColdleverError as refusal:
        assert refusal.message.startswith("k.json")  # noqa: PT017 - parsing it is fine too
    else:
        assert isinstance(parsed, Keystore)
