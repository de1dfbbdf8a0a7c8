"""``post``: check, record, post, classify, read back, receipt."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

import click

from coldlever.broadcaster.check import Blocked, Cleared
from coldlever.broadcaster.cli.batch import Batch, Way
from coldlever.broadcaster.cli.context import (
    ADDRESS,
    open_ledger,
    retry_option,
    venue_options,
)
from coldlever.broadcaster.cli.exit_status import worst_of
from coldlever.broadcaster.cli.job import Job
from coldlever.broadcaster.cli.late_landing import ask_after_open
from coldlever.broadcaster.cli.load import Item, load_items
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.policy_option import load_board, policy_options
from coldlever.broadcaster.cli.post_run import Runner
from coldlever.broadcaster.cli.progress import progress
from coldlever.broadcaster.cli.receipts import require_outputs
from coldlever.broadcaster.cli.refusal_note import (
    note_refused,
    noting_refusals,
    noting_refusals_before,
)
from coldlever.broadcaster.cli.result import show_result
from coldlever.broadcaster.cli.show import show_head, show_payloads, show_report
from coldlever.shared.action import Address, Network
from coldlever.shared.action.what import What
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import (
    STDIO,
    dump_document,
    emit_json,
    say,
    write_document,
)
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.cli.stop_signals import StopRequest, holding
from coldlever.shared.errors import (
    ColdleverError,
    EnvironmentFault,
    Interrupted,
    PersonDeclined,
)
from coldlever.shared.message.check_words import Challenge, run_wire, words_wire
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Scanning

# So many settings are asked for before a run; of more markets, those with a position alone.
_SETTINGS_READ = 10


@click.command(cls=ChallengeCommand, short_help="Check, record and post; posting twice posts once.")
@click.argument("files", nargs=-1, metavar="FILE...")
@scanning_options()
@click.option("--signer", type=ADDRESS, help="Who should have signed.")
@click.option("--keep-going", is_flag=True, help="In a batch: go on after a refusal.")
@click.option(
    "--after-open",
    type=int,
    multiple=True,
    metavar="NONCE",
    help="Post although the payload with this nonce, for the same market, may land later.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 32),
    default=8,
    show_default=True,
    metavar="N",
    help="In a batch: how many markets side by side; with 1 all is sent in the order given.",
)
@retry_option
@click.option("--receipt", metavar="PATH", help="Write the receipt to this file.")
@click.option("--force", is_flag=True, help="Replace an existing receipt file.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal (never skips a check).")
@policy_options
@challenge_option
@network_option()
@venue_options
@pass_machine
def post(
    machine: Machine,
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    signer: Address | None,
    keep_going: bool,
    after_open: tuple[int, ...],
    at_once: int,
    retry_for: float,
    receipt: str | None,
    force: bool,
    yes: bool,
    asked: Asked | None,
    policy_file: str | None,
    approval_files: tuple[str, ...],
    network: Network | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Post signed payloads, each exactly once.

    Every payload is checked first; nothing is sent while one fails (with --keep-going the others
    go on). Posting a file a second time sends nothing and reports the first outcome. When no
    answer settles it, the exit status is 7, the rest of a batch stays where it is, and `resolve`
    continues.
    """
    items = load_items(files, network, scanning)
    require_outputs(receipt, len(items.items), force=force, as_json=as_json)
    challenge = take_challenge(asked, machine.entropy)
    folder = machine.state(state_dir)
    with noting_refusals_before(machine, state_dir, items.items):
        board = load_board(items, policy_file, approval_files, folder)
    policy = None if board is None else board.policy.ref
    with closing(open_ledger(machine, state_dir, policy)) as ledger:
        runner = Runner(
            machine,
            ledger,
            folder,
            api_url,
            signer,
            board=board,
            retry_s=retry_for,
            after_open=frozenset(after_open),
            is_thrifty=_count_markets(items.items) > _SETTINGS_READ,
        )
        jobs = [runner.prepare(item) for item in items.items]
        if not as_json:
            _show_jobs(jobs, challenge)
            late = frozenset[int]() if yes else ask_after_open(machine, _checked(jobs))
            if late:
                runner = runner.after(late)
                jobs = [runner.prepare(item) for item in items.items]
        goes = keep_going or not any(job.is_blocked for job in jobs)
        if goes:
            waiting = sum(job.is_waiting for job in jobs)
            if waiting > 0 and not as_json and not yes:
                asked_for = [job.item.payload for job in jobs if job.is_waiting]
                with noting_refusals(machine, ledger, asked_for):
                    _confirm(machine, waiting)
        # From here on payloads leave, and whoever stops it is told of every one.
        with holding() as stop:
            if goes:
                with progress(sum(job.is_waiting for job in jobs), quiet=as_json) as shown:
                    jobs = Batch(runner, jobs, Way(keep_going, at_once), stop, shown).run()
            note_refused(machine, ledger, jobs)
            unsaved = _save_receipts(
                jobs, receipt, force=force, as_json=as_json, is_batch=items.is_batch
            )
            status = _status(jobs, unsaved, stop)
            with _unless_hung_up(stop):
                _report(jobs, challenge, as_json=as_json, is_batch=items.is_batch)
                if not as_json:
                    show_head(ledger)
                if unsaved is not None:
                    say(f"no receipt was written: {unsaved.message}", fg="red")
            sys.exit(status)


def _checked(jobs: Sequence[Job]) -> list[Blocked | Cleared]:
    return [job.stage for job in jobs if isinstance(job.stage, Blocked | Cleared)]


def _show_jobs(jobs: Sequence[Job], challenge: Challenge | None) -> None:
    fresh = [(job, job.report) for job in jobs if job.report is not None]
    if fresh:
        show_payloads([report for _, report in fresh], challenge)
    for job, report in fresh:
        say()
        show_report(report, job.item.title)
    for job in jobs:
        if job.is_resumed:
            say(f"{job.item.title}: an earlier run left it open; this goes on with the same bytes")


def _confirm(machine: Machine, count: int) -> None:
    """A person at a terminal has a last word; a script has none to give.

    Args:
        machine: whom it belongs to.
        count: how many payloads wait to be posted; several are typed with the word.

    Raises:
        PersonDeclined: ``declined``.
    """
    if not machine.is_attended():
        return
    say()
    wanted, what = ("yes", "it") if count == 1 else (f"yes {count}", "them")
    if " ".join(machine.ask(f"Post {what}? Type {wanted}").split()) != wanted:
        raise PersonDeclined("declined", f"you did not type {wanted}; nothing was posted")


def _count_markets(items: Sequence[Item]) -> int:
    """How many markets of accounts a run is about, as far as the payloads say."""
    payloads = [one.payload for one in items if one.payload.signable.what is What.PAYLOAD]
    return len({(one.signer, one.signable.vault, one.signable.change.asset) for one in payloads})


def _status(jobs: Sequence[Job], unsaved: ColdleverError | None, stop: StopRequest) -> int:
    is_cut = stop.is_made and any(job.is_waiting for job in jobs)
    status = worst_of(job.exit_status for job in jobs)
    if is_cut:
        status = worst_of((status, Interrupted.exit_status))
    # What became of the payloads counts more than the file about it.
    return status if unsaved is None else status or unsaved.exit_status


@contextmanager
def _unless_hung_up(stop: StopRequest) -> Iterator[None]:
    """Where the terminal that asked to stop is closed, nobody is there to be told."""
    try:
        yield
    except OSError:
        if not stop.is_made:
            raise


def _report(jobs: list[Job], challenge: Challenge | None, *, as_json: bool, is_batch: bool) -> None:
    if as_json:
        whole = run_wire([job.subject for job in jobs], challenge, is_batch=is_batch)
        wires = [job.to_wire() | words_wire(job.subject) | whole for job in jobs]
        emit_json(wires if is_batch else wires[0])
        return
    for job in jobs:
        say()
        if job.result is not None:
            show_result(job.result)
            continue
        title = "NOT FINISHED" if job.is_unfinished else "NOT POSTED"
        say(f"{title}: {job.item.title}", fg="red", bold=True)
        if job.failure is None:
            say("  not-reached: an earlier payload of the batch stopped the run")
        else:
            say(f"  {job.failure.code}: {job.failure.message}")
            if job.failure.remedy is not None:
                say(f"  remedy: {job.failure.remedy}")


def _save_receipts(
    jobs: list[Job], name: str | None, *, force: bool, as_json: bool, is_batch: bool
) -> ColdleverError | None:
    """Write the receipts; what prevents it is returned, because the outcomes must still be told."""
    receipts = [job.result.receipt for job in jobs if job.result is not None]
    # The JSON document of the run holds the receipts, and stdout has room for one.
    if name is None or not receipts or (as_json and name == STDIO):
        return None
    try:
        write_document(name, dump_document(receipts if is_batch else receipts[0]), force=force)
    except ColdleverError as error:
        return error
    except OSError as error:
        return EnvironmentFault("write-failed", printable(error.strerror or str(error)))
    if name != STDIO:
        with suppress(OSError):  # a closed terminal; the file is there
            say(f"receipt written to {printable(name)}")
    return None
