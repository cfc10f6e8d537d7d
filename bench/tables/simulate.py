"""CPU, memory and start-up of gateway-ref: lazaret, the hand-written loops and the peers."""

from harness import ROOT, Missing, gateway_file, middle, say, spread

TITLE = "Simulating gateway-ref"
FILE = "RESULTS.md"

# Model events and lots of a `base` replication: 1 a train, 4 a lot and 1 a dispatch, averaged over 1000 seeds.
EVENTS = 260_900
LOTS = 63_480
REPLICATIONS = 20


def run(bench, section):
    loops = bench.loops()

    def heap(seed):
        return [loops / "heap_loop", "--replications", REPLICATIONS, "--seed", seed]

    def loop(name, *options):
        return lambda: lambda seed: [loops / name, *options, "--replications", REPLICATIONS, "--seed", seed]

    pairs = 3 if bench.quick else 9
    few = 1 if bench.quick else 3
    # name, how to make the command, replications a run, pairs
    subjects = [
        ("**lazaret**", lambda: lazaret(bench), REPLICATIONS, pairs),
        ("heap loop (two binary heaps)", loop("heap_loop"), REPLICATIONS, pairs),
        ("heap loop, one binary heap", loop("heap_loop", "--calendar", "one"), REPLICATIONS, pairs),
        ("heap loop, two 4-ary heaps", loop("heap_loop", "--calendar", "two-4ary"), REPLICATIONS, pairs),
        ("heap loop, two 4-ary heaps, direct", loop("heap_loop", "--calendar", "two-4ary", "--direct"), REPLICATIONS, pairs),
        ("ring loop", loop("ring_loop"), REPLICATIONS, pairs),
        ("ring loop, direct", loop("ring_loop", "--direct"), REPLICATIONS, pairs),
        ("NeXosim 1.0.0", lambda: nexosim(bench), 5, few),
        ("SimPy 4.1.2", lambda: simpy(bench), 1, few),
    ]
    rows, notes = [], []
    for name, make, replications, count in subjects:
        say(f"measuring {name.strip('*')}")
        try:
            result = bench.pairs(count, make(), heap)
        except Missing as reason:
            rows.append([name, "not built", "", "", "", "", ""])
            notes.append(str(reason))
            continue
        cpu = middle([cost.cpu_s for cost in result.subject]) / replications
        peak = max(cost.peak_mib for cost in result.subject)
        rows.append([
            name,
            f"{count} × {replications}",
            f"{cpu * 1e3:.2f}",
            spread(result.ratios("cpu_s", replications, REPLICATIONS)),
            f"{LOTS / cpu / 1e6:.3g}",
            f"{EVENTS / cpu / 1e6:.3g}",
            f"{peak:.1f}",
        ])
    section.say("One `base` replication of ten years on one thread, measured as a whole process with its start-up. Each run of a subject is")
    section.say("paired with a run of the heap loop with the same seed; the two take turns in going first. CPU is user + system; the ratio is")
    section.say("the median of the pairs (least to greatest). The first heap loop row compares the heap loop with itself and shows the noise.")
    section.say()
    section.table(
        ["subject", "pairs × replications", "CPU ms / replication", "CPU ratio to heap loop", "M lots / s", "M model events / s", "peak MiB"],
        rows,
    )
    for note in notes:
        section.say(f"Not measured: {note}.")
        section.say()
    rest(bench, section)


def lazaret(bench):
    binary = bench.lazaret()
    path, _ = gateway_file()
    file = path.relative_to(ROOT)
    return lambda seed: [
        binary, "simulate", file, "--replications", REPLICATIONS, "--threads", 1, "--seed", seed, "--json",
    ]


def nexosim(bench):
    binary = bench.nexosim()
    return lambda seed: [binary, "--replications", 5, "--seed", seed]


def simpy(bench):
    python = bench.simpy()
    script = ROOT / "bench" / "peers" / "simpy_ref.py"
    return lambda seed: [python, script, "--replications", 1, "--seed", seed]


def rest(bench, section):
    """Threads, memory and start-up of lazaret itself."""
    try:
        binary = bench.lazaret()
        path, _ = gateway_file()
    except Missing as reason:
        section.say(f"Threads, memory and start-up of lazaret were not measured: {reason}.")
        section.say()
        return
    file = path.relative_to(ROOT)
    say("measuring threads, memory and start-up of lazaret")

    def simulate(seed, threads, replications, *more):
        command = [binary, "simulate", file, "--replications", replications]
        return [*command, "--threads", threads, "--seed", seed, "--json", *more]

    rows = []

    def row(name, make, aim):
        try:
            rows.append([name, make(), aim])
        except Missing as reason:
            rows.append([name, f"not measured: {reason}", aim])

    many = 100 if bench.quick else 400

    def threads():
        count = 3 if bench.quick else 7
        result = bench.pairs(count, lambda seed: simulate(seed, 1, many), lambda seed: simulate(seed, 2, many))
        return spread(result.ratios("wall_s")) + " times"

    def version_peak():
        return middle([bench.measure([binary, "--version"]).peak_mib for _ in range(5)])

    def memory(replications, *more):
        return lambda: f"{bench.measure(simulate(bench.seed, 1, replications, *more)).peak_mib - version_peak():.1f} MiB"

    def start_up():
        walls = [bench.measure([binary, "check", file]).wall_s * 1e3 for _ in range(11 if bench.quick else 31)]
        return spread(walls, 1) + " ms wall"

    row(f"2 threads against 1, {many} replications, wall", threads, "≥ 1.95")
    row("peak memory beyond `lazaret --version`, 20 replications", memory(20), "≤ 24 MiB")
    row(f"the same, {many} replications", memory(many), "≤ 24 MiB")
    row("the same, 5 replications of 100 years", memory(5, "--set", "gateway.length=36500 d"), "≤ 24 MiB")
    row("`lazaret check`, whole process", start_up, "< 20 ms")
    section.table(["lazaret", "measured", "aim"], rows)
