#!/usr/bin/env python3
"""Clocks the program on pairs of schemas, each in a process of its own, and looks at its largest size.

    mkdir pairs; DRIFTGATE_PAIRS=pairs cargo test --release --test prove hostile
    cargo build --release
    python3 tests/prove/clock.py target/release/driftgate pairs

A pair is `NAME.a.json` and `NAME.b.json`. Prints the processor time and the largest size of each run, program and input counted,
and its answer. Exits with 1 where one takes over 2 s or 200 MB, or where the program ends with anything but 0 or 1.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

SECONDS, MEGABYTES = 2.0, 200.0


def run(program, a, b):
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([program, "subschema", a, b, "--format", "json"], stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode, output.read(300).decode(errors="replace")


program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
over = []
rows = []
for a in sorted(folder.glob("*.a.json")):
    name = a.name.removesuffix(".a.json")
    seconds, megabytes, code, said = run(program, a, folder / f"{name}.b.json")
    rows.append((seconds, megabytes))
    print(f"{seconds:6.2f} s {megabytes:6.0f} MB  exit {code}  {name}: {said.strip()[:110]}")
    if seconds > SECONDS or megabytes > MEGABYTES or code not in (0, 1):
        over.append(name)
print(f"{len(rows)} pairs; at most {max(row[0] for row in rows):.2f} s and {max(row[1] for row in rows):.0f} MB")
for name in over:
    print(f"over the limits: {name}")
sys.exit(bool(over))
