"""gateway-ref in SimPy, as its own documentation would have it written: resources and processes.

Prints one CSV row a replication. Time is in hours.
"""

import argparse
import random
from collections import deque

import simpy

HORIZON = 87_600.0
COLUMNS = ["lots", "mean_tis", "p95_tis", "mean_yard", "max_yard", "mean_turn", "util"]


class Level:
    """Time average and maximum of a count."""

    def __init__(self, env):
        self.env = env
        self.count = self.most = 0
        self.area = self.since = 0.0

    def change(self, by):
        now = self.env.now
        self.area += self.count * (now - self.since)
        self.since = now
        self.count += by
        self.most = max(self.most, self.count)

    def average(self):
        self.change(0)
        return self.area / HORIZON


class Gateway:
    def __init__(self, env, rng, args):
        self.env = env
        self.rng = rng
        self.deterministic = args.det
        self.platforms = simpy.Resource(env, args.platform)
        self.warehouse = simpy.Resource(env, args.warehouse)
        self.yard = simpy.Resource(env, args.yard)
        self.platform_level = Level(env)
        self.yard_level = Level(env)
        self.released = deque()
        self.stays = []
        self.turn_sum = 0.0
        self.returned = 0
        env.process(self.trains())
        env.process(self.dispatches())

    def trains(self):
        while True:
            yield self.env.timeout(24.0 if self.deterministic else self.rng.expovariate(1 / 24))
            for _ in range(self.rng.randint(15, 20)):
                self.env.process(self.lot(self.env.now))

    def lot(self, arrived):
        env, rng = self.env, self.rng
        platform = self.platforms.request()
        yield platform
        self.platform_level.change(1)
        yield env.timeout(rng.triangular(1, 4, 2))
        warehouse = self.warehouse.request()
        yield warehouse
        self.platforms.release(platform)
        self.platform_level.change(-1)
        env.process(self.wagon(arrived))
        yield env.timeout(rng.uniform(24, 48))
        yard = self.yard.request()
        yield yard
        self.warehouse.release(warehouse)
        self.yard_level.change(1)
        yield env.timeout(24 * rng.triangular(14, 30, 21))
        # What is left, the wait for a dispatch, needs no process of its own.
        self.released.append((arrived, yard))

    def wagon(self, arrived):
        yield self.env.timeout(self.rng.uniform(6, 12))
        self.turn_sum += self.env.now - arrived
        self.returned += 1

    def dispatches(self):
        while True:
            yield self.env.timeout(48)
            for _ in range(min(60, len(self.released))):
                arrived, yard = self.released.popleft()
                self.stays.append(self.env.now - arrived)
                self.yard.release(yard)
                self.yard_level.change(-1)

    def figures(self):
        stays = sorted(self.stays)
        n = len(stays)
        return [
            n,
            sum(stays) / n if n else float("nan"),
            stays[-(-95 * n // 100) - 1] if n else float("nan"),
            self.yard_level.average(),
            self.yard_level.most,
            self.turn_sum / self.returned if self.returned else float("nan"),
            self.platform_level.average() / self.platforms.capacity,
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", type=int, default=20)
    parser.add_argument("--warehouse", type=int, default=80)
    parser.add_argument("--yard", type=int, default=1200)
    parser.add_argument("--det", action="store_true")
    parser.add_argument("--replications", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print("replication," + ",".join(COLUMNS))
    for replication in range(args.replications):
        env = simpy.Environment()
        gateway = Gateway(env, random.Random(f"{args.seed}/{replication}"), args)
        # The run ends before what is scheduled for the horizon itself; a dispatch at 87600 still belongs to it.
        env.run(until=HORIZON + 1e-6)
        print(f"{replication}," + ",".join(repr(figure) for figure in gateway.figures()), flush=True)


if __name__ == "__main__":
    main()
