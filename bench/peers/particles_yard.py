"""The small daily model of a yard of crates/lazaret-smc/examples/yard, written for `particles` as its documentation has it.

All particles of a day are one numpy array. Reads the data that `throughput data` prints, runs a bootstrap filter RUNS times, prints the
mean log-evidence.
"""

import argparse
import json
import sys

import numpy as np
import particles
from particles import distributions, state_space_models

RING = 64
# Columns of a particle: RING days on which holds end, then these.
HELD, RIPE, WAITING = RING, RING + 1, RING + 2


class Step(distributions.ProbDist):
    """The yard one day later."""

    dim = RING + 3
    dtype = np.int64

    def __init__(self, model, day, before):
        self.model, self.day, self.before = model, day, before

    def rvs(self, size=None):
        model, day = self.model, self.day
        yard = self.before.copy()
        count = len(yard)
        train = np.random.rand(count) < model.train
        yard[:, WAITING] += np.where(train, np.random.poisson(18.0, count), 0)
        cleaned = np.minimum(yard[:, WAITING], int(model.capacity))
        yard[:, WAITING] -= cleaned
        whole = int(model.hold_days)
        hold = np.clip(whole + (np.random.rand(count) < model.hold_days - whole), 1, RING - 1)
        yard[np.arange(count), (day + hold) % RING] += cleaned
        ripened = yard[:, day % RING].copy()
        yard[:, day % RING] = 0
        yard[:, HELD] += cleaned - ripened
        yard[:, RIPE] += ripened
        if day % 2 == 0:
            yard[:, RIPE] -= np.minimum(yard[:, RIPE], 40)
        return yard


class Empty(distributions.ProbDist):
    dim = RING + 3
    dtype = np.int64

    def rvs(self, size=None):
        return np.zeros((size, RING + 3), dtype=np.int64)


class Count(distributions.ProbDist):
    """The logarithm of a count in an image; nothing on a day without one."""

    def __init__(self, yard):
        self.yard = yard

    def logpdf(self, seen):
        if seen is None:
            return np.zeros(len(self.yard))
        z = (seen - np.log(self.yard[:, HELD] + self.yard[:, RIPE] + 1.0)) / 0.15
        return -0.5 * z * z - np.log(0.15) - 0.919


class Yard(state_space_models.StateSpaceModel):
    default_params = {"train": 0.75, "capacity": 20.0, "hold_days": 22.3}

    def PX0(self):
        return Empty()

    def PX(self, t, xp):
        return Step(self, t, xp)

    def PY(self, t, xp, x):
        return Count(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="JSON list of log-counts by day, null where none was taken")
    parser.add_argument("--particles", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with open(args.data, encoding="utf-8") as file:
        counts = json.load(file)
    np.random.seed(args.seed)
    model = state_space_models.Bootstrap(ssm=Yard(), data=counts)
    found = []
    for _ in range(args.runs):
        run = particles.SMC(fk=model, N=args.particles, resampling="systematic", ESSrmin=0.5, collect="off")
        run.run()
        found.append(run.logLt)
    json.dump({"log_evidence": float(np.mean(found)), "steps": args.runs * args.particles * (len(counts) - 1)}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
