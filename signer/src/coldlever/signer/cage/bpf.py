"""An assembler for the part of classic BPF that a seccomp filter needs.

A program is a sequence of steps; labels mark places, branches name labels. Jumps go forward only
and span at most 255 instructions: that is the machine's own rule, and it is why every program ends.

The steps are named tuples because this is loaded by nearly every command, and a dataclass takes ten
times as long to load.

Source: linux/filter.h, linux/bpf_common.h, Documentation/networking/filter.rst.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

MAXIMUM_INSTRUCTIONS = 4096  # BPF_MAXINSNS
# The branch is not taken: the step that follows.
NEXT = ""

_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_LONGEST_JUMP = 0xFF
_U32 = 0xFFFF_FFFF
_WORD_BYTES = 4
_SECCOMP_DATA_BYTES = 64
_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter


class Test(IntEnum):
    """How a branch compares the accumulator with its operand, as unsigned 32-bit numbers."""

    __test__ = False  # for pytest: no test case in spite of its name

    EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
    AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
    ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K


class Malformed(ValueError):
    """The program breaks a rule of the machine: a defect of whoever wrote it."""


class Label(NamedTuple):
    """A place that branches name; no instruction of its own."""

    name: str


class Load(NamedTuple):
    """Read the aligned 32-bit word at ``offset`` of struct seccomp_data into the accumulator."""

    offset: int


class Mask(NamedTuple):
    """Keep only these bits of the accumulator."""

    bits: int


class Branch(NamedTuple):
    """Go on at one of two labels, which lie further on; `NEXT` is the step that follows."""

    test: Test
    operand: int
    if_true: str = NEXT
    if_false: str = NEXT


class Return(NamedTuple):
    """End the program with this value."""

    value: int


Step = Label | Load | Mask | Branch | Return


def assemble(program: Iterable[Step]) -> bytes:
    """Resolve the labels and write struct sock_filter's, 8 bytes each, in the machine's order.

    Raises:
        Malformed: a label is missing, doubled or lies behind; a jump is too long; a word is not in
            struct seccomp_data; an operand is no u32; the program is empty, too long or open-ended.
    """
    steps = tuple(program)
    places = _places(steps)
    instructions = [step for step in steps if not isinstance(step, Label)]
    if not 0 < len(instructions) <= MAXIMUM_INSTRUCTIONS:
        raise Malformed(f"{len(instructions)} instructions")
    if not isinstance(instructions[-1], Return):
        raise Malformed("the last instruction does not return")
    return b"".join(_encode(step, at, places) for at, step in enumerate(instructions))


def _places(steps: Sequence[Step]) -> dict[str, int]:
    places: dict[str, int] = {}
    at = 0
    for step in steps:
        if not isinstance(step, Label):
            at += 1
        elif step.name in places or step.name == NEXT:
            raise Malformed(f"label {step.name!r} is there twice or is empty")
        else:
            places[step.name] = at
    return places


def _encode(step: Load | Mask | Branch | Return, at: int, places: dict[str, int]) -> bytes:
    match step:
        case Load(offset):
            return _INSTRUCTION.pack(_LOAD_WORD, 0, 0, _word(offset))
        case Mask(bits):
            return _INSTRUCTION.pack(_AND, 0, 0, _u32(bits))
        case Return(value):
            return _INSTRUCTION.pack(_RETURN, 0, 0, _u32(value))
        case Branch(test, operand, if_true, if_false):
            jumps = (_distance(name, at, places) for name in (if_true, if_false))
            return _INSTRUCTION.pack(test, *jumps, _u32(operand))


def _distance(name: str, at: int, places: dict[str, int]) -> int:
    if name == NEXT:
        return 0
    if name not in places:
        raise Malformed(f"label {name!r} does not exist")
    distance = places[name] - (at + 1)
    if not 0 <= distance <= _LONGEST_JUMP:
        raise Malformed(f"label {name!r} is {distance} instructions away")
    return distance


def _word(offset: int) -> int:
    if offset % _WORD_BYTES or not 0 <= offset < _SECCOMP_DATA_BYTES:
        raise Malformed(f"no word at {offset}")
    return offset


def _u32(value: int) -> int:
    if not 0 <= value <= _U32:
        raise Malformed(f"{value} is no u32")
    return value
