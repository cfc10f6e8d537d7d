"""Do all implementations of gateway-ref mean the same model? All seven columns against the agreed reference."""

import csv
import io
import json
import statistics

from harness import BENCH, ROOT, Missing, gateway_file, say

TITLE = "Agreement with the reference"
FILE = "AGREEMENT.md"

COLUMNS = ["lots", "mean_tis", "p95_tis", "mean_yard", "max_yard", "mean_turn", "util"]
DIGITS = [0, 2, 2, 2, 1, 3, 4]
# Mean and 95 % half-width over 1000 seeds of `base` and 200 of `det`, from a hand-written program that is no part
# of this repository; NeXosim, SimPy, simmer and (in `base` only) JaamSim, Ciw and salabim were checked against it.
REFERENCE = {
    "base": [(63480, 66), (583.02, 0.02), (720.67, 0.04), (395.64, 0.42), (691.2, 2.4), (11.665, 0.003), (0.0916, 0.0001)],
    "det": [(63459, 14), (582.27, 0.04), (720.00, 0.0), (395.19, 0.09), (446.6, 0.5), (11.334, 0.001), (0.0850, 0.0)],
}
# A rounded reference is known to half a unit of its last digit only.
ROUNDING = [0.5, 0.005, 0.005, 0.005, 0.05, 0.0005, 0.00005]
# Slots that make everything block, for which there is no published figure: the plain loop is the reference.
TIGHT = {"platform": 6, "warehouse": 30, "yard": 450}


def run(bench, section):
    loops = bench.loops()
    many = 40 if bench.quick else 200
    subjects = [
        ("heap loop", many, lambda n, variant, slots: fast(bench, loops / "heap_loop", n, variant, slots)),
        ("ring loop", many, lambda n, variant, slots: fast(bench, loops / "ring_loop", n, variant, slots)),
        ("plain loop", many, lambda n, variant, slots: plain(bench, loops, n, variant, slots)),
        ("NeXosim 1.0.0", 20 if bench.quick else 100, lambda n, variant, slots: nexosim(bench, n, variant, slots)),
        ("SimPy 4.1.2", 3 if bench.quick else 30, lambda n, variant, slots: simpy(bench, n, variant, slots)),
        ("lazaret", many, lambda n, variant, slots: lazaret(bench, n, variant, slots)),
    ]
    section.say("Mean and 95 % half-width over n replications. Where the interval does not overlap that of the reference, the gap is in brackets;")
    section.say("by chance, about one in twenty sets of seven columns has a narrow miss. To find out, run with another `--seed`.")
    section.say()
    section.say("The heap loop and the ring loop draw the same numbers and give the same bits; their rows are one check, not two.")
    section.say("The reference is a program outside this repository that NeXosim, SimPy, simmer, JaamSim, Ciw and salabim were checked against.")
    section.say()
    for variant, reference in REFERENCE.items():
        widened = [(mean, half + rounding) for (mean, half), rounding in zip(reference, ROUNDING)]
        shown = ["reference", "1000" if variant == "base" else "200", *map(cell, reference, DIGITS)]
        compare(section, f"`{variant}`", subjects, variant, None, widened, shown)
    try:
        tight = plain(bench, loops, many, "base", TIGHT)
    except Missing as reason:
        section.say(f"No tight variant: {reason}.")
        return
    slots = ", ".join(f"{name} {count}" for name, count in TIGHT.items())
    shown = ["plain loop", many, *map(cell, tight, DIGITS)]
    others = [subject for subject in subjects if subject[0] != "plain loop"]
    compare(section, f"`base` with {slots}: everything blocks, the plain loop is the reference", others, "base", TIGHT, tight, shown)


def compare(section, title, subjects, variant, slots, reference, shown):
    rows, notes = [shown], []
    for name, n, make in subjects:
        say(f"checking {name}, {title}")
        try:
            figures = make(n, variant, slots)
        except Missing as reason:
            rows.append([name, "not built", *[""] * len(COLUMNS)])
            notes.append(f"{name}: {reason}.")
            continue
        cells = []
        for (mean, half), (agreed, agreed_half), digits in zip(figures, reference, DIGITS):
            miss = abs(mean - agreed) - half - agreed_half
            cells.append(cell((mean, half), digits) + (f" [{miss:.{digits + 1}f}]" if miss > 0 else ""))
        rows.append([name, n, *cells])
    section.say(f"### {title}")
    section.say()
    section.table(["implementation", "n", *COLUMNS], rows)
    for note in notes:
        section.say(note)
        section.say()


def cell(figure, digits):
    mean, half = figure
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


def from_json(text):
    figures = json.loads(text)
    return [(figures[column]["mean"], figures[column]["half_width"]) for column in COLUMNS]


def from_csv(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    result = []
    for column in COLUMNS:
        values = [float(row[column]) for row in rows]
        # Student's t at 0.975, to within a thousandth from three replications on.
        f = len(values) - 1
        t = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}.get(f, 1.96 + 2.3722 / f + 2.8225 / f**2 + 2.5556 / f**3)
        result.append((statistics.fmean(values), t * statistics.stdev(values) / len(values) ** 0.5))
    return result


def fast(bench, binary, n, variant, slots):
    options = [part for name, count in (slots or {}).items() for part in (f"--{name}-slots", count)]
    return from_json(bench.output([binary, "--variant", variant, "--replications", n, "--seed", bench.seed, "--json", *options]))


def peer_options(bench, n, variant, slots):
    options = [part for name, count in (slots or {}).items() for part in (f"--{name}", count)]
    return ["--replications", n, "--seed", bench.seed, *options, *(["--det"] if variant == "det" else [])]


def plain(bench, loops, n, variant, slots):
    return from_json(bench.output([loops / "plain_loop", *peer_options(bench, n, variant, slots)]))


def nexosim(bench, n, variant, slots):
    return from_csv(bench.output([bench.nexosim(), *peer_options(bench, n, variant, slots)]))


def simpy(bench, n, variant, slots):
    script = BENCH / "peers" / "simpy_ref.py"
    return from_csv(bench.output([bench.simpy(), script, *peer_options(bench, n, variant, slots)]))


def lazaret(bench, n, variant, slots):
    """The seven columns from lazaret's own metrics; variants are made with `--set`."""
    binary = bench.lazaret()
    path, gateway = gateway_file()
    place = {kind: named(gateway, "place", kind) for kind in ("platform", "warehouse", "yard")}
    settings = []
    if variant == "det":
        settings.append(f"source.{next(iter(gateway['source']))}.every=24 h")
    for kind, count in (slots or {}).items():
        settings += [f"place.{place[kind]}.count=1", f"place.{place[kind]}.slots={count}"]
    command = [binary, "simulate", path.relative_to(ROOT), "--replications", n, "--seed", bench.seed, "--json"]
    command += [part for setting in settings for part in ("--set", setting)]
    metrics = json.loads(bench.output(command))["metrics"]
    names = [
        "lots.dispatched",
        "lots.time_in_gateway.mean",
        "lots.time_in_gateway.p95",
        f"place.{place['yard']}.occupancy.mean",
        f"place.{place['yard']}.occupancy.max",
        "vehicle.turn_round.mean",
        f"place.{place['platform']}.utilisation",
    ]
    absent = [name for name in names if name not in metrics]
    if absent:
        raise Missing(f"lazaret does not print {', '.join(absent)}")
    return [(metrics[name]["mean"], (metrics[name]["high"] - metrics[name]["low"]) / 2) for name in names]


def named(gateway, table, kind):
    """The id in the file that begins with the word, so that `platform` finds `platforms` too."""
    for name in gateway.get(table, {}):
        if name.startswith(kind):
            return name
    raise Missing(f"bench/gateway-ref.toml has no {table}.{kind}")
