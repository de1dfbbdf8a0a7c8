"""What `sign` hands over and says at its end."""

from __future__ import annotations

from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import STDIO, emit_json, say
from coldlever.shared.cli.delivery import Delivery
from coldlever.shared.message import SignedFile, SignedPayload
from coldlever.shared.message.check_words import Challenge, Subject, run_wire, words_wire
from coldlever.shared.printable import printable
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.cli.leave import leave_wire
from coldlever.signer.cli.payload_output import PayloadOutput
from coldlever.signer.cli.sign_run import Done


def hand_over(
    done: Done,
    challenge: Challenge | None,
    output: PayloadOutput,
    delivery: Delivery,
) -> None:
    """Deliver the payloads, and say what was done.

    Args:
        done: what was signed, and by which policy.
        challenge: drawn or typed, or None.
        output: where the payloads go.
        delivery: the same, proven.
    """
    signed = done.signed
    payloads = tuple(one.payload for one in signed)
    delivery.deliver(SignedFile(payloads, output.is_batch), output.document(payloads))
    # Last, because a failure before would be a second document on stdout.
    if output.outlet.as_json:
        emit_json(_report(done, challenge, output))
        return
    for one in signed:
        if one.is_repeat:
            say(
                f"nonce {one.payload.signable.nonce}: this very request had been signed before",
                fg="yellow",
            )
    count = "1 request" if len(signed) == 1 else f"{len(signed)} requests"
    target = {None: "", STDIO: ", written to stdout"}.get(
        output.out, f", written to {printable(output.out or '')}"
    )
    say(f"signed {count} with the key of {payloads[0].signer}{target}", fg="green")
    say_head(done.audit.head)


def _report(done: Done, challenge: Challenge | None, output: PayloadOutput) -> dict[str, object]:
    signed = done.signed
    summaries = []
    subjects = [_subject(one.payload) for one in signed]
    whole = run_wire(subjects, challenge, is_batch=output.is_batch)
    for one, subject in zip(signed, subjects, strict=True):
        signable = one.payload.signable
        summaries.append(
            {
                "network": signable.network.value,
                "signer": str(one.payload.signer),
                "actionHash": to_0x(signable.action_hash()),
                **words_wire(subject),
                "nonce": signable.nonce,
                "alreadySigned": one.is_repeat,
                **whole,
            }
        )
    report: dict[str, object] = {
        "signed": summaries,
        "policy": leave_wire(done.leave),
        "audit": done.audit.to_wire(),
    }
    if output.out in (None, STDIO):
        wire = output.wire([one.payload for one in signed])
        report |= {"out": None, ("payloads" if output.is_batch else "payload"): wire}
    else:
        report["out"] = output.out
    return report


def _subject(payload: SignedPayload) -> Subject | None:
    return None if payload.signer is None else Subject(payload.signable.digest(), payload.signer)
