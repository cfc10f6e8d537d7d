"""Wall time of the planner's questions on examples/uiju, and a Sobol study compared with SALib on SimPy."""

import json

from harness import ROOT, Missing, middle, say, spread

TITLE = "Planning"
FILE = "RESULTS.md"

UIJU = "examples/uiju/gateway.toml"

# Six inputs: the file's two unknowns and four settings.
SIX = [
    "--vary", "place.yard.slots=300..600",
    "--vary", "source.dandong.fleet=40..120",
    "--vary", "place.platform.count=3..8",
    "--vary", "place.warehouse.slots=4..12",
]
# Points in a scramble, so that no interval of the six is wider than 0.04 from end to end.
ROWS = 128

# The study that both do: gateway-ref over a year, three settings varied.
REF = [
    "bench/gateway-ref.toml", "--set", "gateway.length=365 d", "--trajectories", 0,
    "--vary", "place.yard.slots=250..500",
    "--vary", "place.warehouse.slots=3..10",
    "--vary", "place.platform.count=1..6",
]


def run(bench, section):
    binary = bench.lazaret()

    def plan(*words):
        return [binary, "plan", *words, "--seed", bench.seed]

    times = 1 if bench.quick else 3
    sobol_rows = 64 if bench.quick else ROWS
    many = 10_000 if bench.quick else 100_000
    sobol = plan("sensitivity", UIJU, *SIX, "--keep", 6, "--rows", sobol_rows)
    say("measuring how wide the intervals of six Sobol indices are")
    answer = json.loads(bench.output([*sobol, "--json"]))
    half = max(
        (index[kind]["high"] - index[kind]["low"]) / 2
        for index in answer["indices"]["inputs"]
        for kind in ("first", "total")
    )
    questions = [
        ("bottleneck", plan("bottleneck", UIJU), "< 5 s"),
        ("capacity", plan("capacity", UIJU), "< 10 s"),
        (f"six Sobol indices, each known to ± {half:.3f}", sobol, "± 0.02 in < 60 s"),
        (
            f"{many:,} replications of 180 days",
            [binary, "simulate", UIJU, "--replications", many, "--seed", bench.seed, "--json"],
            "100,000 in < 180 s",
        ),
    ]
    rows = []
    for name, command, aim in questions:
        say(f"measuring {name}")
        costs = [bench.measure(command) for _ in range(times)]
        rows.append([
            name,
            spread([cost.wall_s for cost in costs], 1),
            f"{middle([cost.cpu_s for cost in costs]):.1f}",
            f"{max(cost.peak_mib for cost in costs):.0f}",
            aim,
        ])
    section.say("Questions about `examples/uiju`, whole process, all cores: wall seconds, median (least to greatest).")
    section.say()
    section.table(["question", "wall s", "CPU s", "peak MiB", "aim"], rows)
    beside(bench, section)


def beside(bench, section):
    """The same Sobol study by both, in turn; what is compared is the CPU of one run of the model."""
    rows = 4 if bench.quick else 16
    try:
        python = bench.python("salib")
        script = ROOT / "bench" / "peers" / "salib_study.py"
        # SALib takes a run a row for each input and two more; so do we in each of 16 scrambles, with luck as one more input.
        theirs, ours = rows * 5, 16 * rows * 6
        say("comparing a Sobol study with SALib on SimPy")
        result = bench.pairs(
            2 if bench.quick else 5,
            lambda seed: [bench.lazaret(), "plan", "sensitivity", *REF, "--rows", rows, "--threads", 1, "--seed", seed],
            lambda seed: [python, script, "--rows", rows, "--seed", seed],
        )
    except Missing as reason:
        section.say(f"Not compared with SALib on SimPy: {reason}.")
        section.say()
        return
    us = middle([cost.cpu_s for cost in result.subject]) / ours
    them = middle([cost.cpu_s for cost in result.yardstick]) / theirs
    section.say("A Sobol study of three settings of gateway-ref over a year, one thread, in turn; each whole process, divided by its")
    section.say("runs of the model.")
    section.say()
    section.table(
        ["study", "runs", "CPU ms a run", "ratio"],
        [
            ["**lazaret** plan sensitivity", f"{ours:,}", f"{us * 1e3:.2f}", spread(result.ratios("cpu_s", ours, theirs), 4)],
            ["SALib 1.5.2 on SimPy 4.1.2", f"{theirs:,}", f"{them * 1e3:.0f}", "1"],
        ],
    )
