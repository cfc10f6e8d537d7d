"""The Sobol study of gateway-ref as SALib's documentation has it, each run a SimPy model of one year.

Varies the yard's slots, the slots of a warehouse and the number of platforms; asks for the mean time in the system.
Prints the indices and the number of runs.
"""

import argparse
import random

import numpy
import simpy
import simpy_ref
from SALib.analyze import sobol as analyze
from SALib.sample import sobol as sample

simpy_ref.HORIZON = 8_760.0

PROBLEM = {
    "num_vars": 3,
    "names": ["yard slots", "warehouse slots", "platforms"],
    "bounds": [[250, 500], [3, 10], [1, 6]],
}


def run(yard, warehouse, platforms, seed):
    env = simpy.Environment()
    args = argparse.Namespace(
        yard=round(yard), warehouse=10 * round(warehouse), platform=4 * round(platforms), det=False
    )
    gateway = simpy_ref.Gateway(env, random.Random(seed), args)
    env.run(until=simpy_ref.HORIZON + 1e-6)
    return gateway.figures()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    points = sample.sample(PROBLEM, args.rows, calc_second_order=False, seed=args.seed)
    values = numpy.array([run(*point, f"{args.seed}/{i}") for i, point in enumerate(points)])
    indices = analyze.analyze(PROBLEM, values, calc_second_order=False, seed=args.seed)
    print(len(points), "runs")
    for i, name in enumerate(PROBLEM["names"]):
        print(name, *(f"{indices[k][i]:.3f}" for k in ("S1", "S1_conf", "ST", "ST_conf")))


if __name__ == "__main__":
    main()
