"""Durable, checked and chained commands on SQLite and PostgreSQL, beside raw batched inserts of the same bytes."""

import getpass
import json
import os
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


def run(bench, section):
    records = 20_000 if bench.quick else 100_000
    program = example()
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
    section.say(f"The first {records:,} commands of a simulated life of Uiju, every rule on, every commit synced, 256 in flight. Raw is")
    section.say("the same records in batches of 256, a synced commit each, nothing decided. Acknowledgements are timed at 2000 commands a")
    section.say("second for ten seconds, from when each was due. One run each, on a machine that may do other work.")
    section.say()
    section.table(
        ["on", "commands/s", "raw inserts/s", "of raw", "a commit", "p50 ms", "p99 ms", "decided/s, no disk", "read again/s", "verified/s", "bytes a record"],
        rows,
    )
    for note in notes:
        section.say(f"- {note}")


def row(name, found):
    return [
        name,
        f"{found['live_per_s']:,}",
        f"{found['raw_per_s']:,}",
        found["of_raw"],
        found["commands_a_commit"],
        found["ack_p50_ms"],
        found["ack_p99_ms"],
        f"{found['decide_per_s']:,}",
        f"{found['read_per_s']:,}",
        f"{found['verify_per_s']:,}",
        found["bytes_a_record"],
    ]


def measured(program, records, address, raw):
    done = subprocess.run([program, GATEWAY, str(records), str(address), str(raw)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"the ledger was not measured: {done.stderr.strip()[:300]}")
    found = json.loads(done.stdout)
    if not found["whole"]:
        raise Missing("the ledger that was measured is not whole")
    return found


def example():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    command = ["cargo", "build", "--release", "-p", "lazaret-store", "--example", "throughput"]
    if shutil.which("cargo"):
        subprocess.run(command, cwd=ROOT, check=False)
    program = target / "release" / "examples" / "throughput"
    if not program.exists():
        raise Missing("the example throughput of lazaret-store was not built")
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
