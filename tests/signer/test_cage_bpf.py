import struct

import pytest

from coldlever.signer.cage.bpf import Branch, Label, Load, Malformed, Mask, Return, Test, assemble

STOP = Return(0)


def test_every_kind_of_step_becomes_the_kernels_instruction():
    # Codes as bpf_common.h adds them up: class | size or operation | mode or source.
    program = [
        Load(16),
        Mask(0xFF00),
        Branch(Test.EQUAL, 7, if_true="end"),
        Branch(Test.AT_LEAST, 8, if_false="end"),
        Branch(Test.ANY_BIT, 9, "end", "end"),
        Return(1),
        Label("end"),
        Return(0x7FFF0000),
    ]
    assert list(struct.iter_unpack("=HBBI", assemble(program))) == [
        (0x00 | 0x00 | 0x20, 0, 0, 16),
        (0x04 | 0x50, 0, 0, 0xFF00),
        (0x05 | 0x10, 3, 0, 7),
        (0x05 | 0x30, 0, 2, 8),
        (0x05 | 0x40, 1, 1, 9),
        (0x06, 0, 0, 1),
        (0x06, 0, 0, 0x7FFF0000),
    ]


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ([], "0 instructions"),
        ([Label("end")], "0 instructions"),
        ([Load(0)], "does not return"),
        ([STOP] * 4097, "4097 instructions"),
        ([Branch(Test.EQUAL, 0, "nowhere"), STOP], "'nowhere' does not exist"),
        ([Label("a"), STOP, Label("a"), STOP], "'a' is there twice"),
        ([Label(""), STOP], "'' is there twice or is empty"),
        ([Label("back"), Branch(Test.EQUAL, 0, "back"), STOP], "-1 instructions away"),
        (
            [Branch(Test.EQUAL, 0, "far"), *[STOP] * 256, Label("far"), STOP],
            "256 instructions away",
        ),
        ([Load(2), STOP], "no word at 2"),
        ([Load(64), STOP], "no word at 64"),
        ([Load(-4), STOP], "no word at -4"),
        ([Return(1 << 32)], "4294967296 is no u32"),
        ([Mask(-1), STOP], "-1 is no u32"),
        ([Branch(Test.EQUAL, 1 << 32), STOP], "4294967296 is no u32"),
    ],
)
def test_what_the_machine_would_not_take_is_refused(program, complaint):
    with pytest.raises(Malformed, match=complaint):
        assemble(program)


def test_the_longest_jump_and_the_longest_program_are_taken():
    jump = [Branch(Test.EQUAL, 0, "far"), *[STOP] * 255, Label("far"), STOP]
    assert assemble(jump)[2] == 255
    assert len(assemble([STOP] * 4096)) == 4096 * 8
