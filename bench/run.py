#!/usr/bin/env python3
"""Builds everything, measures it, and prints the tables: `python3 bench/run.py`.

Each file in `tables/` is one table. `README.md` tells what is measured and how to read it.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

import harness

TABLES = sorted(
    path.stem for path in (harness.BENCH / "tables").glob("*.py") if not path.stem.startswith("_")
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few pairs and replications: a look, not a result")
    parser.add_argument("--only", action="append", choices=TABLES, help="only this table; may be given again")
    parser.add_argument("--write", action="store_true", help="also put each table into its file, RESULTS.md or AGREEMENT.md")
    parser.add_argument("--out", type=Path, help="also put each table into this Markdown file instead, as its section")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first pair (default 1)")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    args = parser.parse_args()
    args.out = args.out and args.out.resolve()
    os.chdir(harness.ROOT)
    bench = harness.Bench(args.quick, args.seed, build=not args.no_build)
    failed = False
    for name in args.only or TABLES:
        module = importlib.import_module(f"tables.{name}")
        section = harness.Section(module.TITLE)
        try:
            module.run(bench, section)
        except harness.Missing as reason:
            section.say(f"Not measured: {reason}.")
            failed = True
        section.say(f"Measured on {harness.machine()}; seed {args.seed}{', quick' if args.quick else ''}.")
        print(f"\n## {section.title}\n")
        print("\n".join(section.text))
        if args.write or args.out:
            harness.write_section(args.out or harness.BENCH / module.FILE, name, section)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
