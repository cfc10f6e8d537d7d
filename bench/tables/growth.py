"""How CPU time grows with the queue: goods kept apart, places that fill by groups, and a long queue outside."""

import tempfile
from pathlib import Path

from harness import Missing, middle, say, spread

TITLE = "Long queues"
FILE = "RESULTS.md"

HEAD = """
[gateway]
name = "growth"
start = 2022-01-01T00:00:00
length = "{days} d"
"""

# In each, more comes than can be served, so the queue grows with the run: a run of twice the length has twice the lots
# and twice the queue. Work that looks at the whole queue each time takes four times as long.
SITUATIONS = {
    "two classes kept apart, units of 5": """
[goods]
a = { share = 0.5, apart_from = "b" }
b = {}
[source.s]
every = "exponential(1 h)"
convoy = 4
[place.dock]
slots = 40
[place.shed]
count = 8
slots = 5
fill = "one_by_one"
[[step]]
id = "unload"
at = "dock"
takes = "uniform(10 min, 20 min)"
[[step]]
id = "disinfect"
at = "shed"
takes = "uniform(10 h, 20 h)"
""",
    "units that fill by convoys": """
[source.s]
every = "exponential(1 h)"
convoy = "uniform_int(1, 6)"
[place.shed]
count = 8
slots = 5
fill = "groups"
[[step]]
id = "unload"
at = "shed"
takes = "uniform(10 h, 20 h)"
""",
    "trucks outside for a dock that needs a crew": """
[source.s]
every = "exponential(1 h)"
convoy = 4
[crew.gang]
count = 30
[place.dock]
slots = 40
holds = { gang = 1 }
[[step]]
id = "unload"
at = "dock"
takes = "uniform(10 h, 20 h)"
""",
    "trucks of two priorities outside": """
[goods]
a = { share = 0.5, priority = 1 }
b = {}
[source.s]
every = "exponential(1 h)"
convoy = 4
[place.dock]
slots = 40
[[step]]
id = "unload"
at = "dock"
takes = "uniform(10 h, 20 h)"
""",
}


def run(bench, section):
    binary = bench.lazaret()
    pairs = 3 if bench.quick else 5
    first = 200 if bench.quick else 800
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in SITUATIONS.items():
            say(f"measuring {name}")
            path = Path(folder) / "gateway.toml"
            path.write_text(HEAD.format(days=first) + text)

            def simulate(times):
                length = f"gateway.length={first * times} d"
                return lambda seed: [
                    binary, "simulate", path, "--set", length, "--replications", 2, "--threads", 1, "--seed", seed, "--json",
                ]

            row = [name]
            try:
                for times in (2, 4, 8):
                    result = bench.pairs(pairs, simulate(times), simulate(times // 2))
                    if times == 2:
                        row.append(f"{middle([cost.cpu_s for cost in result.yardstick]) * 1e3:.0f}")
                    row.append(spread(result.ratios("cpu_s", 1, 1)))
            except Missing as reason:
                row += [f"not measured: {reason}"] + [""] * (3 - len(row))
            rows.append(row)
    section.say("More arrives than can be served, so a run of twice the length has twice the lots and a queue twice as long. CPU is")
    section.say("user + system of the whole process for two replications, paired with the run of half the length; the ratio is the")
    section.say("median of the pairs (least to greatest). 2 is linear, 4 quadratic.")
    section.say()
    section.table(
        ["situation", f"{first} days, CPU ms", f"{2 * first} days to {first}", f"{4 * first} to {2 * first}", f"{8 * first} to {4 * first}"],
        rows,
    )
