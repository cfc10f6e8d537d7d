"""Particle-steps, SMC² and memory of the watcher, and a filter beside `particles` on one small model."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import ROOT, Missing, middle, say, spread

TITLE = "Watching"
FILE = "RESULTS.md"


def run(bench, section):
    program = example("lazaret-watch", "kernel_speed", bench)
    times = 1 if bench.quick else 5
    say("measuring the count kernel")
    kernel = [found(program, "kernel") for _ in range(2 if bench.quick else 7)]
    say("measuring SMC² of Uiju")
    whole = [found(program, "smc2") for _ in range(times)]

    def millions(name, particles):
        return spread([one[name, particles]["million_steps_a_second"] for one in kernel], 1)

    def seconds(name):
        return spread([one[name, None]["seconds"] for one in whole], 1)

    rows = [
        ["count kernel, stepping alone, 256 particles, M particle-steps/s/core", millions("kernel alone", 256), "≥ 10, aim 15"],
        ["the same, the mean over sixteen draws of the unknowns", millions("kernel alone, unknowns drawn", 256), ""],
        ["filter with the evidence, 256 particles, M particle-steps/s/core", millions("filter", 256), ""],
        ["the same, 1024 particles", millions("filter", 1024), ""],
        [f"SMC² 512 × 256 over 60 days, {whole[0]['smc2', None]['threads']} threads, wall s", seconds("smc2"), "≤ 15"],
        ["one more row, wall s", seconds("one row more"), "≤ 2"],
        ["peak memory of both, MiB", f"{max(one['peak'] for one in whole):.0f}", "≤ 200"],
    ]
    section.say("Uiju's gateway file and evidence, with the count kernel derived from the file. A particle-step is one particle moved by one")
    section.say("day; with the evidence it includes resampling and likelihoods. Figures are the median of the processes (least to greatest),")
    section.say('each the best of its own repetitions. "One more row" adds the last row of the evidence to a sampler that has the others.')
    section.say()
    section.table(["watcher", "measured", "aim"], rows)
    beside(bench, section)


def beside(bench, section):
    """One filter of the same small model on the same data by both, in turn."""
    try:
        python = bench.python("particles")
    except Missing as reason:
        section.say(f"Not compared with `particles`: {reason}.")
        section.say()
        return
    program = example("lazaret-smc", "throughput", bench)
    script = ROOT / "bench" / "peers" / "particles_yard.py"
    count = 1000
    ours, theirs = (2_000, 20) if bench.quick else (10_000, 100)
    say("comparing a filter with particles")
    with tempfile.TemporaryDirectory(prefix="lazaret-bench-") as folder:
        data = Path(folder) / "counts.json"
        data.write_text(subprocess.run([program, "data"], capture_output=True, text=True, check=True).stdout, encoding="utf-8")

        def us(seed, runs=ours):
            return [program, "filter", count, runs, seed]

        def them(seed, runs=theirs):
            return [python, script, data, "--particles", count, "--runs", runs, "--seed", seed]

        # The two must be one model: their evidence agrees.
        evidence = [json.loads(bench.output(command))["log_evidence"] for command in (us(1), them(1))]
        # What starting costs, Python most of all, is not the filter's.
        start = [middle([bench.measure(make(1, 0 if make is them else 1)).cpu_s for _ in range(3)]) for make in (us, them)]
        result = bench.pairs(3 if bench.quick else 7, us, them)
    days = 60
    speeds = [
        [runs * count * days / max(cost.cpu_s - before, 1e-9) / 1e6 for cost in costs]
        for runs, before, costs in ((ours, start[0], result.subject), (theirs, start[1], result.yardstick))
    ]
    ratios = [a / b for a, b in zip(*speeds)]
    section.say("The small daily model of `crates/lazaret-smc/examples/yard`: sixty whole numbers a particle, sixty days, a count every third day.")
    section.say(f"A bootstrap filter of {count:,} particles with systematic resampling below half runs on one thread, in turn; CPU time excludes start-up.")
    section.say()
    section.table(
        ["filter", "M particle-steps/s", "ratio", "log-evidence, mean"],
        [
            ["**lazaret-smc**", spread(speeds[0], 1), spread(ratios, 1), f"{evidence[0]:.2f}"],
            ["`particles` 0.4 (numpy)", spread(speeds[1], 2), "1", f"{evidence[1]:.2f}"],
        ],
    )
    if shutil.which("Rscript") is None:
        section.say("pomp was not measured: it is not among Debian's packages, nor on PyPI.")
        section.say()


def found(program, what):
    """What the example says, by name and number of particles; the greatest memory as `peak`."""
    done = subprocess.run([program, what], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"the watcher was not measured: {done.stderr.strip()[:300]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    answer = {(line["measured"], line.get("particles")): line for line in lines if "measured" in line}
    answer["peak"] = next(line["peak_mib"] for line in lines if "peak_mib" in line) or float("nan")
    return answer


def example(package, name, bench):
    """An example of a package, built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "release" / "examples" / name
    if bench._build and shutil.which("cargo"):
        subprocess.run(["cargo", "build", "--release", "-p", package, "--example", name], cwd=ROOT, check=False)
    if not program.exists():
        raise Missing(f"the example {name} of {package} was not built")
    return program
