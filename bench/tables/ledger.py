"""Durable, checked and chained commands on SQLite and PostgreSQL, beside raw batched inserts; and a very large ledger."""

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness import ROOT, Missing, say

TITLE = "The ledger"
FILE = "RESULTS.md"

GATEWAY = ROOT / "examples" / "uiju" / "gateway.toml"


# What a very large ledger is asked: words, key of the figure, target, aim.
SCALE = [
    ("memory a held lot, bytes (resident)", "resident_a_lot", "1,024", ""),
    ("hold list, a page of 100, p99 ms", "hold_list_p99_ms", "20", "5"),
    ("release queue, a page of 100, p99 ms", "queue_p99_ms", "20", "5"),
    ("one lot's history with its records, p50 ms", "history_p50_ms", "", ""),
    ("one lot's history with its records, p99 ms", "history_p99_ms", "1", ""),
    ("contacts: lots reached in one of 100 bays", "contacts_some_reached", "", ""),
    ("that closure, ms", "contacts_some_ms", "500", "50"),
    ("contacts: lots reached where all share a bay", "contacts_all_reached", "", ""),
    ("that closure, ms", "contacts_all_ms", "500", "50"),
    ("start with a snapshot, s", "start_with_snapshot_s", "5", "1"),
    ("start without, s for 10 M records", "start_without_10m_s", "60", "15"),
    ("verify, records/s", "verify_per_s", "1,000,000", ""),
]


def run(bench, section):
    records = 20_000 if bench.quick else 100_000
    program = example("commits")
    rows, notes = [], []
    with tempfile.TemporaryDirectory(prefix="lazaret-bench-") as folder:
        folder = Path(folder)
        say("measuring the ledger on SQLite")
        rows.append(row("SQLite", measured(program, records, folder / "a.db", folder / "b.db")))
    try:
        with Postgres() as server:
            say("measuring the ledger on PostgreSQL")
            rows.append(row("PostgreSQL", measured(program, records, server.database("a"), server.database("b"))))
    except Missing as reason:
        notes.append(str(reason))
    section.say(f"The first {records:,} commands of a simulated life of Uiju, with every rule on, every commit synced and 256 commands in")
    section.say('flight. "Raw" inserts the same records in batches of 256, with a synced commit for each batch and nothing decided.')
    section.say("Acknowledgements are timed at 2000 commands a second, from when each was due, in three rounds of ten seconds; the table")
    section.say('has the median round and the best. "Disk alone" is the p99 of writing and syncing 8 KB a thousand times before each round.')
    section.say("One run, on a machine that may do other work.")
    section.say()
    section.table(
        ["on", "commands/s", "raw inserts/s", "of raw", "a commit", "p50 ms", "p99 ms", "best p99 ms", "disk alone p99 ms", "decided/s, no disk", "read again/s", "verified/s", "bytes a record"],
        rows,
    )
    for note in notes:
        section.say(f"- {note}")
    lots = 20_000 if bench.quick else 2_000_000
    with tempfile.TemporaryDirectory(prefix="lazaret-bench-") as folder:
        say(f"measuring a ledger of {lots:,} held lots on SQLite")
        scale(asked(example("scale"), lots, Path(folder) / "scale.db"), section)
    say("measuring the auditor")
    try:
        rules(bench, section)
    except Missing as reason:
        section.say(f"- {reason}")


def rules(bench, section):
    """How fast `lazaret ledger verify --rules` judges: the chain is followed first, then every record is judged."""
    lazaret = bench.lazaret()
    days = 60 if bench.quick else 700
    rows = []
    for name in ["cold-store", "uiju"]:
        gateway = ROOT / "examples" / name / "gateway.toml"
        with tempfile.TemporaryDirectory(prefix="lazaret-bench-") as folder:
            trace, data = Path(folder) / "trace.jsonl", Path(folder) / "data"
            traced = [lazaret, "simulate", gateway, "--set", f"gateway.length='{days} d'", "--replications", 1, "--trace", trace]
            imported = [lazaret, "ledger", "import-trace", gateway, trace, "--shortest", "--data", data]
            for command in [traced, imported]:
                done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
                if done.returncode != 0:
                    raise Missing(f"the auditor was not measured: {done.stderr.strip()[-300:]}")
            began = time.monotonic()
            done = subprocess.run([lazaret, "ledger", "verify", "--rules", "--data", data], capture_output=True, text=True)
            seconds = time.monotonic() - began
            judged = re.search(r"no rule is broken: (\d+) records judged in ([\d.]+) s", done.stdout)
            if not judged:
                raise Missing(f"the auditor found: {(done.stdout + done.stderr).strip()[-300:]}")
            records = int(judged[1])
            rows.append([name, f"{records:,}", judged[2], f"{records / max(float(judged[2]), 0.01):,.0f}", f"{seconds:.1f}", f"{seconds * 1e6 / records:.1f}"])
    section.say("### Every rule judged again")
    section.say()
    section.say("`lazaret ledger verify --rules` of a simulated life, imported through the rules. One run, on a machine that may do other work.")
    section.say()
    section.table(["example", "records", "judged in s", "records/s", "with the chain, s", "s a million records (aim 10)"], rows)


def scale(found, section):
    """The table of a very large ledger."""
    found["start_without_10m_s"] = round(found["start_without_s"] * 1e7 / found["records"], 1)
    section.say(f"### {found['lots']:,.0f} lots held")
    section.say()
    section.say(f"{found['records']:,.0f} records, made by the ledger under its rules and written to SQLite in {found['filled_s']:,.0f} s; the snapshot has")
    section.say(f"{found['snapshot_mb']:,.0f} MB. Contacts are computed in two further ledgers with {found['contacts']:,.0f} contacts each; the table has the")
    section.say("slowest of three lots. Data read from disk may have been in the system's cache.")
    section.say()
    shown = [[words, figure(found[key]), target, aim] for words, key, target, aim in SCALE]
    section.table(["asked", "measured", "target", "aim"], shown)


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(name, found):
    return [
        name,
        f"{found['live_per_s']:,}",
        f"{found['raw_per_s']:,}",
        found["of_raw"],
        found["commands_a_commit"],
        found["ack_p50_ms"],
        found["ack_p99_ms"],
        found["ack_p99_best_ms"],
        found["disk_p99_ms"],
        f"{found['decide_per_s']:,}",
        f"{found['read_per_s']:,}",
        f"{found['verify_per_s']:,}",
        found["bytes_a_record"],
    ]


def measured(program, records, address, raw):
    found = asked(program, GATEWAY, records, address, raw)
    if not found["whole"]:
        raise Missing("the ledger that was measured is not whole")
    return found


def asked(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"the ledger was not measured: {done.stderr.strip()[:300]}")
    return json.loads(done.stdout)


def example(name):
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    command = ["cargo", "build", "--release", "-p", "lazaret-store", "--example", name]
    if shutil.which("cargo"):
        subprocess.run(command, cwd=ROOT, check=False)
    program = target / "release" / "examples" / name
    if not program.exists():
        raise Missing(f"the example {name} of lazaret-store was not built")
    return program


class Postgres:
    """A private server from Debian's package, with its defaults: every commit is synced."""

    def __enter__(self):
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not versions:
            raise Missing("PostgreSQL is not installed here")
        bin = versions[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="lazaret-bench-postgres-"))
        self.user = []
        if getpass.getuser() == "root":
            # The server refuses to run as root.
            shutil.chown(self.folder, "postgres")
            self.user = ["runuser", "-u", "postgres", "--"]
        data = self.folder / "data"
        subprocess.run(
            [*self.user, bin / "initdb", "-U", "lazaret", "-A", "trust", "-E", "UTF8", "-D", data],
            cwd="/", check=True, stdout=subprocess.DEVNULL,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [*self.user, bin / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-c", "unix_socket_directories="],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            if self._psql("SELECT 1") == 0:
                return self
            time.sleep(0.1)
        self.__exit__()
        raise Missing("PostgreSQL did not start")

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _psql(self, text):
        address = f"postgres://lazaret@127.0.0.1:{self.port}/postgres"
        return subprocess.run(["psql", "-q", "-c", text, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def database(self, name):
        self._psql(f"CREATE DATABASE {name}")
        return f"postgres://lazaret@127.0.0.1:{self.port}/{name}"
