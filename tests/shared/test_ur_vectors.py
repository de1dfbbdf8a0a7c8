import hashlib
import json
import zlib
from array import array
from pathlib import Path
from typing import Any

import pytest

from coldlever.shared.ur import Resource, UrDecoder, UrEncoder, decode_ur, encode_ur
from coldlever.shared.ur.fountain_encoder import FountainEncoder, nominal_fragment_length, partition
from coldlever.shared.ur.fragment_chooser import FragmentChooser, degree_sampler, draw
from coldlever.shared.ur.part import Part
from coldlever.shared.ur.resource import ResourcePart, parse_resource
from coldlever.shared.ur.sampler import AliasSampler
from coldlever.shared.ur.xoshiro import Xoshiro256

_OWN = Path(__file__).resolve().parents[1] / "vectors" / "ur.json"
_REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "ur"


def _reference(name: str) -> dict[str, Any]:
    path = _REFERENCE / name
    if not path.is_file():
        pytest.skip("reference vectors not present")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def fountain() -> dict[str, Any]:
    return _reference("ur_mur_fountain.json")


@pytest.fixture(scope="module")
def interop() -> dict[str, Any]:
    return _reference("ur_interop_bytes.json")


@pytest.fixture(scope="module")
def erc4527() -> dict[str, Any]:
    return _reference("erc4527_eth.json")


def _message(length: int) -> bytes:
    """The pseudo-random message of the reference implementations' tests."""
    generator = Xoshiro256(b"Wolf")
    return bytes(generator.below(256) for _ in range(length))


def _byte_string(content: bytes) -> bytes:
    """CBOR of a byte string up to 65,535 bytes."""
    if len(content) < 24:
        return bytes([0x40 + len(content)]) + content
    if len(content) < 256:
        return bytes([0x58, len(content)]) + content
    return b"\x59" + len(content).to_bytes(2, "big") + content


def _describe(part: Part) -> str:
    return (
        f"seqNum:{part.sequence_number}, seqLen:{part.sequence_length}, "
        f"messageLen:{part.message_length}, checksum:{part.checksum}, data:{part.data.hex()}"
    )


class TestReference:
    def test_checksums(self, fountain):
        for vector in fountain["crc32"]:
            assert f"{zlib.crc32(vector['utf8'].encode()):08x}" == vector["hex"]

    def test_generator_seeded_with_a_string(self, fountain):
        generator = Xoshiro256(b"Wolf")
        drawn = [generator.next() % 100 for _ in range(100)]
        assert drawn == fountain["xoshiro_seed_string_Wolf_mod100"]

    def test_generator_seeded_with_a_checksum(self, fountain):
        generator = Xoshiro256(zlib.crc32(b"Wolf").to_bytes(4, "big"))
        drawn = [generator.next() % 100 for _ in range(100)]
        assert drawn == fountain["xoshiro_seed_crc32_Wolf_mod100"]

    def test_generator_in_a_range(self, fountain):
        generator = Xoshiro256(b"Wolf")
        drawn = [generator.below(10) + 1 for _ in range(100)]
        assert drawn == fountain["xoshiro_seed_string_Wolf_int_1_10"]

    def test_sampler(self, fountain):
        vector = fountain["random_sampler"]
        sampler = AliasSampler(vector["probs"])
        generator = Xoshiro256(vector["seed"].encode())
        assert [sampler.sample(generator) for _ in vector["samples"]] == vector["samples"]

    def test_degrees_of_one_generator(self, fountain):
        generator = Xoshiro256(b"Wolf")
        expected = fountain["degree_chooser_seqlen11_rng_Wolf_1000"]
        assert [degree_sampler(11).sample(generator) + 1 for _ in expected] == expected

    def test_degrees_of_many_generators(self, fountain):
        drawn = [
            degree_sampler(11).sample(Xoshiro256(f"Wolf-{nonce}".encode())) + 1
            for nonce in range(1, 201)
        ]
        assert drawn == fountain["choose_degree"]["degrees"]

    def test_shuffle(self, fountain):
        generator = Xoshiro256(b"Wolf")
        items = array("I", range(1, 11))
        expected = fountain["shuffle_successive_seed_Wolf_1to10"]
        assert [draw(items, 10, generator) for _ in expected] == expected

    def test_fragment_length(self, fountain):
        for vector in fountain["find_nominal_fragment_length"]:
            length = nominal_fragment_length(vector["message_len"], vector["max"])
            assert length == vector["expect"] >= vector["min"]

    def test_partition(self, fountain):
        message = _message(1024)
        fragments = partition(message, nominal_fragment_length(1024, 100))
        expected = fountain["partition_message_1024_min10_max100"]
        assert [fragment.hex() for fragment in fragments] == expected

    @pytest.mark.parametrize(
        "name", ["choose_fragments_message1024_seq1_30", "fragment_chooser_message1024_seq1_50"]
    )
    def test_choice_of_fragments(self, fountain, name):
        chooser = FragmentChooser(11, zlib.crc32(_message(1024)))
        for number, expected in enumerate(fountain[name], 1):
            assert sorted(chooser.indexes(number)) == expected

    def test_exclusive_or(self, fountain):
        vector = fountain["xor"]
        mixed = int(vector["data1"], 16) ^ int(vector["data2"], 16)
        assert f"{mixed:020x}" == vector["xor"]

    def test_parts(self, fountain):
        encoder = FountainEncoder(_message(256), 30)
        parts = [encoder.part(number) for number in range(1, 21)]
        assert [_describe(part) for part in parts] == fountain["fountain_parts_message256_max30"]
        expected = fountain["fountain_cbor_message256_max30"]
        assert [part.to_cbor().hex() for part in parts] == expected
        assert [Part.from_cbor(bytes.fromhex(cbor)) for cbor in expected] == parts

    def test_single_part_text(self, fountain):
        text = fountain["single_part_ur_message50"]
        message = _byte_string(_message(50))
        assert encode_ur("bytes", message, upper=False) == text
        assert decode_ur(text) == Resource("bytes", message)

    def test_multi_part_texts(self, fountain):
        message = _byte_string(_message(256))
        encoder = UrEncoder("bytes", message, 30, upper=False)
        expected = fountain["multipart_ur_message256_max30"]
        assert [encoder.next_part() for _ in expected] == expected
        decoder = UrDecoder()
        for text in expected:
            decoder.receive(text)
        assert decoder.message() == message

    def test_part_with_a_short_checksum(self, fountain):
        text = fountain["short_crc32_fragment_issue3"]
        parsed = parse_resource(text)
        assert isinstance(parsed, ResourcePart)
        assert (parsed.part.sequence_number, parsed.part.sequence_length) == (20, 29)
        assert parsed.to_text() == text

    def test_example_of_the_text_form(self, fountain):
        vector = fountain["bcr2020005_seed_ur_example"]
        assert decode_ur(vector["ur"]).message.hex() == vector["cbor_untagged"]

    def test_messages_of_another_implementation(self, interop):
        for case in interop["cases"]:
            message = _byte_string(bytes.fromhex(case["payload_hex"]))
            encoder = UrEncoder(case["ur_type"], message, case["max_fragment_len"], upper=False)
            assert encoder.sequence_length == case["seq_len"]
            assert [encoder.next_part() for _ in case["parts"]] == case["parts"]
            assert encode_ur(case["ur_type"], message, upper=False) == case["single"]

    def test_wallets_requests_and_signatures(self, erc4527):
        for vector in erc4527["vectors"]:
            resource = decode_ur(vector["ur"].upper(), [vector["type"]])
            assert resource.message.hex() == vector["cbor_hex"]
            assert resource.to_text() == vector["ur"]


@pytest.mark.parametrize("vector", json.loads(_OWN.read_text())["fragmentChoices"])
def test_our_own_choices_of_fragments(vector):
    chooser = FragmentChooser(vector["sequenceLength"], vector["checksum"])
    for number, indexes in vector["indexes"].items():
        assert sorted(chooser.indexes(int(number))) == indexes


@pytest.mark.parametrize(
    "vector", json.loads(_OWN.read_text())["messages"], ids=lambda vector: vector["label"]
)
def test_our_own_messages(vector):
    message = hashlib.shake_256(vector["label"].encode()).digest(vector["messageLength"])
    encoder = UrEncoder(vector["type"], message, vector["maxFragmentLength"], upper=False)
    assert encoder.sequence_length == vector["sequenceLength"]
    assert encoder.fragment_length == vector["fragmentLength"]
    parts = list(encoder.parts(vector["count"]))
    assert hashlib.sha256("\n".join(parts).encode()).hexdigest() == vector["partsSha256"]
    for number, text in vector["parts"].items():
        assert encoder.part(int(number)) == text
    decoder = UrDecoder([vector["type"]])
    for text in reversed(parts):
        decoder.receive(text.upper())
    assert decoder.message() == message
