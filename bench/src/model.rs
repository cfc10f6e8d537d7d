//! gateway-ref, event by event, generic over the calendar.
//!
//! Time is a `u64` count of ticks, 2^24 to the hour (0.2 ms). A lot is known by the number of its train only:
//! lots of one train differ in nothing that the model remembers, so no lot has a record of its own and nothing
//! is allocated for it. Time averages are differences of sums of instants, exact in wrapping integers.

use crate::calendar::{self, Calendar, PAYLOAD_BITS, payload, time};
use crate::rng::{Rng, Triangular};

/// Ticks in an hour, as a power of two.
pub const TICK_BITS: u32 = 24;
const HOUR: u64 = 1 << TICK_BITS;
const HORIZON_HOURS: u64 = 87_600;
const HORIZON: u64 = HORIZON_HOURS * HOUR;
const UNLOADING: Triangular = Triangular::new(HOUR, 2 * HOUR, 4 * HOUR);
const HOLD: Triangular = Triangular::new(14 * 24 * HOUR, 21 * 24 * HOUR, 30 * 24 * HOUR);
const DISPATCH_EVERY: u64 = 48 * HOUR;
const DISPATCH_MOST: usize = 60;
/// Dispatches ahead that a hold can reach (15), and some: a power of two.
const DUE_BINS: usize = 32;

/// Kinds of events, in the order in which those of one instant happen.
const UNLOADED: usize = 0;
const RETURNED: usize = 1;
const DISINFECTED: usize = 2;
const RELEASED: usize = 3;

/// Most trains in a replication; the mean is 3650.
const TRAINS: usize = 1 << PAYLOAD_BITS;

/// What a variant of the model changes.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Slots of the one pool of platforms.
    pub platform_slots: u32,
    /// Places of the warehouse.
    pub warehouse_slots: u32,
    /// Slots of the yard.
    pub yard_slots: u32,
    /// Trains exactly every 24 h in place of exponential inter-arrival times.
    pub deterministic_trains: bool,
}

/// The seven columns of one replication, in the order of [`COLUMNS`].
pub type Outcome = [f64; 7];

/// Names of the columns. Times are in hours.
pub const COLUMNS: [&str; 7] = [
    "lots",
    "mean_tis",
    "p95_tis",
    "mean_yard",
    "max_yard",
    "mean_turn",
    "util",
];

/// The bin of the dispatch with this number.
#[inline(always)]
fn due_bin(dispatch: u64) -> usize {
    dispatch as usize % DUE_BINS
}

/// First in, first out, of train numbers, in a ring whose size is a power of two.
#[derive(Debug)]
struct Fifo {
    items: Box<[u16; Self::SIZE]>,
    head: usize,
    tail: usize,
}

impl Fifo {
    /// More than all lots of a replication, so that even a gateway that stands still never overflows.
    const SIZE: usize = 1 << 17;

    fn new() -> Self {
        Self {
            items: vec![0; Self::SIZE].try_into().expect("the length is right"),
            head: 0,
            tail: 0,
        }
    }

    fn clear(&mut self) {
        (self.head, self.tail) = (0, 0);
    }

    fn len(&self) -> usize {
        self.tail - self.head
    }

    #[inline(always)]
    fn push(&mut self, train: u32) {
        self.items[self.tail % Self::SIZE] = train as u16;
        self.tail += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<u32> {
        if self.head == self.tail {
            return None;
        }
        self.head += 1;
        Some(u32::from(self.items[(self.head - 1) % Self::SIZE]))
    }
}

/// The state of a replication; its memory is used again by the next one.
///
/// * `C` — the calendar.
/// * `DIRECT` — what needs no event gets none: a wagon that leaves its platform is counted with the return it
///   has just drawn, and a lot is put down for the dispatch before which its hold ends, to be sorted only if
///   somebody must stay behind. The outputs are the same bits; two of a lot's four events disappear.
#[derive(Debug)]
pub struct Model<C, const DIRECT: bool> {
    setup: Setup,
    rng: Rng,
    calendar: C,
    /// If `DIRECT`: lots in the yard by the first dispatch that finds their hold ended, in a ring.
    due: [Vec<u64>; DUE_BINS],
    arrivals: Box<[u64; TRAINS]>,
    platform_free: u32,
    warehouse_free: u32,
    yard_free: u32,
    platform_queue: Fifo,
    warehouse_queue: Fifo,
    yard_queue: Fifo,
    released: Fifo,
    platform_area: u64,
    yard_area: u64,
    yard_free_min: u32,
    turn_sum: u64,
    returned: u64,
    stay_sum: u64,
    /// Time from arrival to dispatch of each lot [ticks], for the exact 95 % point.
    stays: Vec<u64>,
}

impl<C: Calendar, const DIRECT: bool> Model<C, DIRECT> {
    /// A model ready to run replications of `setup`.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            rng: Rng::new(0, 0),
            calendar: C::default(),
            due: std::array::from_fn(|_| Vec::with_capacity(1 << 9)),
            arrivals: vec![0; TRAINS].try_into().expect("the length is right"),
            platform_free: 0,
            warehouse_free: 0,
            yard_free: 0,
            platform_queue: Fifo::new(),
            warehouse_queue: Fifo::new(),
            yard_queue: Fifo::new(),
            released: Fifo::new(),
            platform_area: 0,
            yard_area: 0,
            yard_free_min: 0,
            turn_sum: 0,
            returned: 0,
            stay_sum: 0,
            stays: Vec::with_capacity(1 << 17),
        }
    }

    /// Runs one replication from empty to the horizon.
    pub fn run(&mut self, seed: u64, replication: u64) -> Outcome {
        self.reset(seed, replication);
        let mut trains = 0;
        let mut next_train = self.inter_arrival();
        let mut next_dispatch = DISPATCH_EVERY;
        loop {
            // Trains and dispatches are always two known instants: they stay out of the calendar.
            let next = next_train.min(next_dispatch).min(HORIZON + 1);
            self.advance(calendar::key(next, 0, 0));
            if next > HORIZON {
                break;
            }
            if next == next_train {
                self.train(next, trains);
                trains += 1;
                next_train = next + self.inter_arrival();
            } else {
                self.dispatch(next);
                next_dispatch = next + DISPATCH_EVERY;
            }
        }
        self.outcome()
    }

    fn reset(&mut self, seed: u64, replication: u64) {
        self.rng = Rng::new(seed, replication);
        self.calendar.clear();
        self.due.iter_mut().for_each(Vec::clear);
        self.platform_free = self.setup.platform_slots;
        self.warehouse_free = self.setup.warehouse_slots;
        self.yard_free = self.setup.yard_slots;
        for queue in [
            &mut self.platform_queue,
            &mut self.warehouse_queue,
            &mut self.yard_queue,
            &mut self.released,
        ] {
            queue.clear();
        }
        self.platform_area = 0;
        self.yard_area = 0;
        self.yard_free_min = self.setup.yard_slots;
        self.turn_sum = 0;
        self.returned = 0;
        self.stay_sum = 0;
        self.stays.clear();
    }

    fn inter_arrival(&mut self) -> u64 {
        if self.setup.deterministic_trains {
            24 * HOUR
        } else {
            self.rng.exponential(24 * HOUR)
        }
    }

    /// All events before the instant of `limit`.
    #[inline(always)]
    fn advance(&mut self, limit: u64) {
        while let Some(key) = self.calendar.pop_below(limit) {
            let (now, train) = (time(key), payload(key));
            match calendar::kind(key) {
                UNLOADED => {
                    if self.warehouse_free > 0 {
                        self.warehouse_free -= 1;
                        self.enter_warehouse(now, train);
                    } else {
                        self.warehouse_queue.push(train);
                    }
                }
                DISINFECTED => {
                    if self.yard_free > 0 {
                        self.yard_free -= 1;
                        self.yard_free_min = self.yard_free_min.min(self.yard_free);
                        self.enter_yard(now, train);
                    } else {
                        self.yard_queue.push(train);
                    }
                }
                RETURNED => self.wagon_returned(now, train),
                RELEASED => self.released.push(train),
                _ => unreachable!("there are four kinds"),
            }
        }
    }

    fn train(&mut self, now: u64, train: u32) {
        assert!(
            (train as usize) < TRAINS,
            "more than {TRAINS} trains in a replication"
        );
        self.arrivals[train as usize % TRAINS] = now;
        let wagons = self.rng.uniform(15, 6) as u32;
        let placed = wagons.min(self.platform_free);
        self.platform_free -= placed;
        for _ in 0..placed {
            self.start_unloading(now, train);
        }
        for _ in placed..wagons {
            self.platform_queue.push(train);
        }
    }

    #[inline(always)]
    fn start_unloading(&mut self, now: u64, train: u32) {
        self.platform_area = self.platform_area.wrapping_sub(now);
        let end = now + UNLOADING.draw(&mut self.rng);
        self.calendar
            .push(UNLOADED, calendar::key(end, UNLOADED, train));
    }

    /// An unloaded lot gets its warehouse place; the wagon leaves the platform to the next one.
    #[inline(always)]
    fn enter_warehouse(&mut self, now: u64, train: u32) {
        let end = now + self.rng.uniform(24 * HOUR, 24 * HOUR);
        self.calendar
            .push(DISINFECTED, calendar::key(end, DISINFECTED, train));
        let home = now + self.rng.uniform(6 * HOUR, 6 * HOUR);
        if DIRECT {
            self.wagon_returned(home, train);
        } else {
            self.calendar
                .push(RETURNED, calendar::key(home, RETURNED, train));
        }
        self.platform_area = self.platform_area.wrapping_add(now);
        match self.platform_queue.pop() {
            Some(next) => self.start_unloading(now, next),
            None => self.platform_free += 1,
        }
    }

    #[inline(always)]
    fn wagon_returned(&mut self, home: u64, train: u32) {
        let counts = u64::from(home <= HORIZON);
        self.turn_sum += (home - self.arrivals[train as usize % TRAINS]) * counts;
        self.returned += counts;
    }

    /// A disinfected lot gets its yard slot; its warehouse place goes to a lot that blocks a platform.
    #[inline(always)]
    fn enter_yard(&mut self, now: u64, train: u32) {
        self.yard_area = self.yard_area.wrapping_sub(now);
        let end = now + HOLD.draw(&mut self.rng);
        let key = calendar::key(end, RELEASED, train);
        if DIRECT {
            self.due[due_bin(end / DISPATCH_EVERY + 1)].push(key);
        } else {
            self.calendar.push(RELEASED, key);
        }
        match self.warehouse_queue.pop() {
            Some(blocked) => self.enter_warehouse(now, blocked),
            None => self.warehouse_free += 1,
        }
    }

    /// Releases the lots whose hold has ended since the dispatch before; used if `DIRECT`.
    fn release_due(&mut self, now: u64) {
        let bin = &mut self.due[due_bin(now / DISPATCH_EVERY)];
        // Who was released first matters only if somebody stays behind.
        if self.released.len() + bin.len() > DISPATCH_MOST {
            bin.sort_unstable();
        }
        for key in bin.drain(..) {
            self.released.push(payload(key));
        }
    }

    fn dispatch(&mut self, now: u64) {
        if DIRECT {
            self.release_due(now);
        }
        for _ in 0..DISPATCH_MOST {
            let Some(train) = self.released.pop() else {
                break;
            };
            let stay = now - self.arrivals[train as usize % TRAINS];
            self.stay_sum += stay;
            self.stays.push(stay);
            self.yard_area = self.yard_area.wrapping_add(now);
            match self.yard_queue.pop() {
                Some(waiting) => self.enter_yard(now, waiting),
                None => self.yard_free += 1,
            }
        }
    }

    fn outcome(&mut self) -> Outcome {
        let hours = |ticks: u64| ticks as f64 / HOUR as f64;
        let lots = self.stays.len();
        let per_lot = 1.0 / lots as f64;
        // Order statistic ceil(0.95 n), in whole numbers so that no rounding can miss it.
        let rank = (lots * 95).div_ceil(100);
        let p95 = match rank {
            0 => f64::NAN,
            _ => hours(*self.stays.select_nth_unstable(rank - 1).1),
        };
        let platforms_taken = u64::from(self.setup.platform_slots - self.platform_free);
        let yard_taken = u64::from(self.setup.yard_slots - self.yard_free);
        let area = |sum: u64, open: u64| hours(sum.wrapping_add(open * HORIZON));
        let horizon = HORIZON_HOURS as f64;
        [
            lots as f64,
            hours(self.stay_sum) * per_lot,
            p95,
            area(self.yard_area, yard_taken) / horizon,
            f64::from(self.setup.yard_slots - self.yard_free_min),
            hours(self.turn_sum) / self.returned as f64,
            area(self.platform_area, platforms_taken)
                / (horizon * f64::from(self.setup.platform_slots)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::heap::{Heap, NearAndFar};
    use crate::calendar::ring::Ring;

    const BASE: Setup = Setup {
        platform_slots: 20,
        warehouse_slots: 80,
        yard_slots: 1200,
        deterministic_trains: false,
    };

    /// Every calendar, with and without the events that can be spared, gives the same bits.
    fn check_same(setup: Setup) {
        let expected = Model::<Heap<2>, false>::new(setup).run(7, 3);
        let mut reused = Model::<Heap<4>, true>::new(setup);
        reused.run(1, 1);
        for (name, outcome) in [
            ("4-ary heap", Model::<Heap<4>, false>::new(setup).run(7, 3)),
            (
                "two heaps",
                Model::<NearAndFar<2>, false>::new(setup).run(7, 3),
            ),
            ("ring", Model::<Ring, false>::new(setup).run(7, 3)),
            ("heap, direct", Model::<Heap<2>, true>::new(setup).run(7, 3)),
            (
                "two heaps, direct",
                Model::<NearAndFar<2>, true>::new(setup).run(7, 3),
            ),
            ("ring, direct", Model::<Ring, true>::new(setup).run(7, 3)),
            ("4-ary heap, direct, used before", reused.run(7, 3)),
        ] {
            assert_eq!(outcome, expected, "{name} with {setup:?}");
        }
    }

    #[test]
    fn calendars_agree_where_nothing_queues() {
        check_same(Setup {
            deterministic_trains: true,
            ..BASE
        });
    }

    #[test]
    fn calendars_agree_in_base() {
        check_same(BASE);
    }

    #[test]
    fn calendars_agree_where_everything_blocks() {
        check_same(Setup {
            platform_slots: 6,
            warehouse_slots: 30,
            yard_slots: 420,
            ..BASE
        });
    }

    #[test]
    fn a_gateway_far_too_small_still_runs() {
        let setup = Setup {
            platform_slots: 1,
            warehouse_slots: 1,
            yard_slots: 1,
            ..BASE
        };
        let [lots, ..] = Model::<Ring, true>::new(setup).run(1, 1);
        // One slot, a dispatch each 48 h, a hold of 14 to 30 days: 122 to 260 lots in ten years.
        assert!((100.0..261.0).contains(&lots), "{lots} lots");
    }
}
