"""What every table of the benchmark needs: building, measuring in pairs, and writing down the result.

Only Python's standard library is used, so that nothing has to be installed to run the benchmark itself.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
TARGET = BENCH / "target"
LAZARET = Path(os.environ.get("LAZARET", ROOT / "target" / "release" / "lazaret"))


class Missing(Exception):
    """Something cannot be measured here; the text says why and what would help."""


@dataclass
class Cost:
    """What one process has used."""

    cpu_s: float
    wall_s: float
    peak_mib: float


@dataclass
class Pairs:
    """Costs of a subject and of the yardstick, measured in turn."""

    subject: list[Cost] = field(default_factory=list)
    yardstick: list[Cost] = field(default_factory=list)

    def ratios(self, figure, subject_runs=1, yardstick_runs=1):
        """The ratio of each pair, of the `figure` named, each divided by its number of replications."""
        return [
            (getattr(a, figure) / subject_runs) / (getattr(b, figure) / yardstick_runs)
            for a, b in zip(self.subject, self.yardstick)
        ]


@dataclass
class Section:
    """A part of a result file."""

    title: str
    text: list[str] = field(default_factory=list)

    def say(self, line=""):
        self.text.append(line)

    def table(self, head, rows):
        """A table; the first column is text, the others are figures."""
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        self.text.extend("| " + " | ".join(map(str, line)) + " |" for line in lines)
        self.text.append("")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """The state of one run of the benchmark: what was asked for and what could be built."""

    def __init__(self, quick, seed, build=True):
        self.quick = quick
        self.seed = seed
        self._build = build
        self._ready = {}

    # Building. Each thing is built once; a failure is remembered and told again.

    def _once(self, name, make):
        if name not in self._ready:
            try:
                self._ready[name] = make()
            except Missing as reason:
                say(f"- {reason}")
                self._ready[name] = reason
        if isinstance(self._ready[name], Missing):
            raise self._ready[name]
        return self._ready[name]

    def loops(self):
        """Folder with the hand-written loops and the stopwatch."""
        return self._once("loops", lambda: there(self._cargo(BENCH, TARGET) / "measure").parent)

    def lazaret(self):
        """The binary under test, built from this tree if there is a toolchain."""
        return self._once("lazaret", lambda: there(self._lazaret()))

    def nexosim(self):
        """The NeXosim peer."""
        folder = BENCH / "peers" / "nexosim"
        return self._once("nexosim", lambda: there(self._cargo(folder, TARGET / "nexosim") / "nexosim-ref"))

    def simpy(self):
        """A Python with SimPy."""
        return self.python("simpy")

    def python(self, name):
        """A Python with what `peers/NAME.txt` lists, in an environment of its own."""
        return self._once(name, lambda: there(self._python(name)))

    def _cargo(self, folder, target):
        if not self._build:
            return target / "release"
        say(f"building {folder.relative_to(ROOT)}")
        command = ["cargo", "build", "--release", "--locked", "--target-dir", str(target)]
        self._must(command, folder, f"{folder.relative_to(ROOT)} was not built")
        return target / "release"

    def _lazaret(self):
        if self._build and "LAZARET" not in os.environ:
            say("building lazaret")
            target = str(LAZARET.parents[1])
            command = ["cargo", "build", "--release", "-p", "lazaret", "--features", "full", "--target-dir", target]
            self._must(command, ROOT, "lazaret was not built")
        return LAZARET

    def _python(self, name):
        folder = TARGET / "venv" / name
        python = folder / "bin" / "python"
        if self._build and not python.exists():
            say(f"installing {name} for Python")
            self._must([sys.executable, "-m", "venv", str(folder)], BENCH, f"no virtual environment for {name}")
        if self._build:
            wanted = BENCH / "peers" / f"{name}.txt"
            command = [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(wanted)]
            self._must(command, BENCH, f"{name} was not installed")
        return python

    def _must(self, command, folder, message):
        environment = {k: v for k, v in os.environ.items() if k != "CARGO_TARGET_DIR"}
        try:
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        except OSError as error:
            raise Missing(f"{message}: {error}") from None
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no message"]
            raise Missing(f"{message}: {last[0].strip()}")

    # Measuring.

    def measure(self, command):
        """Runs a command once and tells its cost; its output is thrown away.

        Raises Missing if it fails: the cost of a failed run means nothing.
        """
        report = TARGET / f"measure-{os.getpid()}.json"
        command = [str(part) for part in command]
        stopwatch = [str(self.loops() / "measure"), str(report), *command]
        done = subprocess.run(stopwatch, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        words = " ".join([Path(command[0]).name, *command[1:]])
        if done.returncode:
            raise Missing(f"{words} could not be measured: {done.stderr.strip()[-300:]}")
        cost = json.loads(report.read_text())
        report.unlink()
        if cost["code"]:
            raise Missing(f"{words} ended with code {cost['code']}: {done.stderr.strip()[-300:]}")
        return Cost(cost["cpu_s"], cost["wall_s"], cost["peak_kib"] / 1024)

    def pairs(self, count, subject, yardstick):
        """Measures two commands in turn, `count` times, taking turns in who goes first.

        Both are functions from a seed to a command; a pair has one seed, so that both do the same work.
        """
        result = Pairs()
        for number in range(count):
            seed = self.seed + number
            turns = [(result.subject, subject), (result.yardstick, yardstick)]
            for costs, command in turns if number % 2 == 0 else reversed(turns):
                costs.append(self.measure(command(seed)))
        return result

    def output(self, command):
        """What a command prints. Raises Missing if it fails."""
        command = [str(part) for part in command]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"{Path(command[0]).name} ended with code {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stdout


def there(path):
    """The path, if something is there."""
    if not path.exists():
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise Missing(f"{where} is not there: run without --no-build, or build it")
    return path


def middle(values):
    return statistics.median(values)


def spread(values, digits=2):
    """Median, least and greatest, as they stand in a table."""
    return f"{middle(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def machine():
    """One line that names the machine, the tools and the day."""
    cpu = platform.processor() or platform.machine()
    cores = os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines if ":" in line)
        values = {key.strip(): value.strip() for key, value in values.items()}
        cpu = values.get("model name", cpu)
        if "cpu family" in values:
            cpu += f" (family {values['cpu family']}, model {values.get('model', '?')})"
    except OSError:
        pass
    rustc = "no rustc"
    if shutil.which("rustc"):
        version = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
        rustc = " ".join(version[:2])
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return f"{cpu}, {cores} cores; {platform.system()} {platform.machine()}; {rustc}; Python {platform.python_version()}; {day}{load}"


def write_section(path, name, section):
    """Puts a section into a Markdown file, in place of the one of that name; the rest stays as it is."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    body = "\n".join([begin, f"## {section.title}", "", *section.text]).rstrip() + f"\n\n{end}\n"
    old = path.read_text() if path.exists() else f"# {path.stem.capitalize()}\n\n"
    if begin in old and end in old:
        head, rest = old.split(begin, 1)
        tail = rest.split(end, 1)[1].lstrip("\n")
        text = head + body + ("\n" + tail if tail else "")
    else:
        text = old.rstrip("\n") + "\n\n" + body
    path.write_text(text)


def gateway_file():
    """gateway-ref as a gateway file, and what it contains."""
    path = BENCH / "gateway-ref.toml"
    if not path.exists():
        raise Missing("bench/gateway-ref.toml is not there")
    return path, tomllib.loads(path.read_text())
