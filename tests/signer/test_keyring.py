import pytest

from coldlever.shared.errors import ColdleverError, EnvironmentFault, InputRefused, UsageRefused
from coldlever.signer.key.keyring import Keyring
from coldlever.signer.key.signing_key import SigningKey

ALICE, BOB = b"\x01" * 32, b"\x02" * 32
ALICE_ADDRESS = SigningKey(ALICE).address


@pytest.fixture
def ring(tmp_path):
    return Keyring(tmp_path / "keys")


def usage(action, *arguments):
    with pytest.raises(UsageRefused) as caught:
        action(*arguments)
    return caught.value


def test_a_folder_that_does_not_exist_holds_no_keys(ring):
    assert ring.files() == ()
    assert usage(ring.only_fitting, None).code == "keystore-missing"
    assert str(ALICE_ADDRESS) in usage(ring.only_fitting, ALICE_ADDRESS).message


def test_files_are_listed_by_name_and_others_passed_over(ring, make_keystore):
    make_keystore(BOB, name="b.json", folder=ring.folder)
    make_keystore(ALICE, name="a.json", folder=ring.folder)
    (ring.folder / "notes.txt").write_text("x")
    (ring.folder / ".a.json").write_text("x")
    files = ring.files()
    assert [file.name for file in files] == ["a", "b"]
    assert files[0].content.address == ALICE_ADDRESS
    assert str(files[0]) == f"a ({ALICE_ADDRESS})"


def test_an_unusable_file_is_listed_with_the_reason(ring):
    ring.folder.mkdir()
    (ring.folder / "bad.json").write_text("[]")
    (ring.folder / "folder.json").mkdir()
    bad, folder = ring.files()
    assert (bad.address, bad.content.code, str(bad)) == (None, "not-a-keystore", "bad")
    assert folder.content.code == "file-unreadable"
    assert usage(ring.only_fitting, None).code == "keystore-missing"


def test_a_folder_that_cannot_be_read_is_a_clear_error(ring):
    ring.folder.write_text("a file in its place")
    with pytest.raises(EnvironmentFault) as caught:
        ring.files()
    assert caught.value.code == "key-folder"


def test_the_only_keystore_is_taken(ring, make_keystore):
    path = make_keystore(ALICE, folder=ring.folder)
    assert ring.only_fitting(None) == path
    assert ring.only_fitting(ALICE_ADDRESS) == path
    assert usage(ring.only_fitting, SigningKey(BOB).address).code == "keystore-missing"


def test_of_several_keystores_the_wanted_one_is_taken(ring, make_keystore):
    make_keystore(BOB, name="b.json", folder=ring.folder)
    path = make_keystore(ALICE, name="a.json", folder=ring.folder)
    assert ring.only_fitting(ALICE_ADDRESS) == path
    error = usage(ring.only_fitting, None)
    assert error.code == "keystore-ambiguous"
    assert "a (0x" in error.message
    assert "b (0x" in error.message


def test_a_keystore_without_an_address_may_be_the_wanted_one(ring, make_keystore):
    path = make_keystore(ALICE, name="a.json", folder=ring.folder)
    path.write_text(path.read_text().replace('"address"', '"label"'))
    assert ring.only_fitting(ALICE_ADDRESS) == path
    named = make_keystore(ALICE, name="z.json", folder=ring.folder)
    assert ring.only_fitting(ALICE_ADDRESS) == named


def test_a_keystore_is_found_by_name_or_path(ring, make_keystore, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = make_keystore(ALICE, name="cold.json", folder=ring.folder)
    outside = make_keystore(BOB, name="loose")
    assert ring.locate("cold") == inside
    assert str(ring.locate("loose")) == "loose"
    assert ring.locate(str(outside)) == outside
    assert str(ring.locate("absent.json")) == "absent.json"
    with pytest.raises(InputRefused) as caught:
        ring.locate("absent")
    assert caught.value.code == "no-such-key"
    with pytest.raises(InputRefused):
        ring.locate("no name \x1b[31m")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "x" * 65, "sp ace", "\u00e9"])
def test_a_bad_name_is_wrong_usage(ring, name):
    with pytest.raises(ColdleverError) as caught:
        ring.place_for(name)
    assert caught.value.code == "bad-key-name"
