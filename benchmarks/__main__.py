"""Run every benchmark and print one table; the exit status is 1 when a target is missed."""

from __future__ import annotations

import importlib
import sys

_MODULES = (
    "bench_signing",
    "bench_loader",
    "bench_startup",
    "bench_ledger",
    "bench_cage",
    "bench_approvals",
    "bench_broadcaster",
    "bench_postgres",
    "bench_batch",
    "bench_ur",
    "bench_qr",
)


def main() -> None:
    wanted = sys.argv[1:] or _MODULES
    verdicts = {True: "met", False: "MISSED", None: ""}
    missed = 0
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n{name.removeprefix('bench_')}")
        for row in module.rows():
            missed += row.met is False
            line = f"  {row.what:<66} {row.measured:<46} {row.target:<10} {verdicts[row.met]}"
            print(line.rstrip(), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
