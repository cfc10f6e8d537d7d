//! gateway-ref, plainly: the oracle for the simulator and for the fast loops.
//!
//! Nothing is shared with them: time is in hours as `f64`, draws are by inversion, every lot is a record that
//! keeps its instants, and every figure is worked out from those records at the end, percentiles by sorting.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::io::Write;
use std::process::ExitCode;

const HORIZON: f64 = 87_600.0;
const DISPATCH_INTERVAL: f64 = 48.0;
const DISPATCH_MOST: usize = 60;
const COLUMNS: [&str; 7] = [
    "lots",
    "mean_tis",
    "p95_tis",
    "mean_yard",
    "max_yard",
    "mean_turn",
    "util",
];

struct Slots {
    platform: usize,
    warehouse: usize,
    yard: usize,
}

/// The instants of a lot and of its wagon in hours; `None` for what had not happened by the horizon.
#[derive(Default, Clone)]
struct Lot {
    arrived: f64,
    on_platform: Option<f64>,
    off_platform: Option<f64>,
    wagon_home: Option<f64>,
    in_yard: Option<f64>,
    dispatched: Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Train,
    Unloaded(usize),
    WagonHome(usize),
    Disinfected(usize),
    HoldEnds(usize),
    Dispatch,
}

#[derive(PartialEq)]
struct Event {
    at: f64,
    number: u64,
    what: What,
}

impl Eq for Event {}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at
            .total_cmp(&other.at)
            .then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A 64-bit permuted congruential generator (O'Neill's PCG XSH RR, two 32-bit outputs to a number).
struct Random(u64);

impl Random {
    fn new(seed: u64, replication: u64) -> Self {
        // Murmur's finaliser: neighbouring seeds and replications start far apart.
        let scatter = |mut x: u64| {
            x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
            x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
            x ^ (x >> 33)
        };
        let mut random = Self(scatter(
            scatter(seed ^ 0x5851_f42d).wrapping_add(replication + 1),
        ));
        random.next_32();
        random
    }

    fn next_32(&mut self) -> u32 {
        let old = self.0;
        self.0 = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((((old >> 18) ^ old) >> 27) as u32).rotate_right((old >> 59) as u32)
    }

    /// Uniform in the open interval (0, 1).
    fn unit(&mut self) -> f64 {
        let bits = u64::from(self.next_32()) << 20 | u64::from(self.next_32() >> 12);
        (bits as f64 + 0.5) / (1u64 << 52) as f64
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }

    fn triangular(&mut self, low: f64, mode: f64, high: f64) -> f64 {
        let u = self.unit();
        if u < (mode - low) / (high - low) {
            low + (u * (high - low) * (mode - low)).sqrt()
        } else {
            high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
        }
    }
}

struct Gateway<'a> {
    slots: &'a Slots,
    deterministic: bool,
    random: Random,
    now: f64,
    events: BinaryHeap<Reverse<Event>>,
    events_made: u64,
    lots: Vec<Lot>,
    on_platforms: usize,
    in_warehouse: usize,
    in_yard: usize,
    waiting_for_platform: VecDeque<usize>,
    waiting_for_warehouse: VecDeque<usize>,
    waiting_for_yard: VecDeque<usize>,
    released: VecDeque<usize>,
    max_yard: usize,
}

impl<'a> Gateway<'a> {
    fn new(slots: &'a Slots, deterministic: bool, random: Random) -> Self {
        Self {
            slots,
            deterministic,
            random,
            now: 0.0,
            events: BinaryHeap::new(),
            events_made: 0,
            lots: Vec::new(),
            on_platforms: 0,
            in_warehouse: 0,
            in_yard: 0,
            waiting_for_platform: VecDeque::new(),
            waiting_for_warehouse: VecDeque::new(),
            waiting_for_yard: VecDeque::new(),
            released: VecDeque::new(),
            max_yard: 0,
        }
    }

    fn after(&mut self, delay: f64, what: What) {
        self.events_made += 1;
        self.events.push(Reverse(Event {
            at: self.now + delay,
            number: self.events_made,
            what,
        }));
    }

    fn train_in_a_while(&mut self) {
        let gap = if self.deterministic {
            24.0
        } else {
            self.random.exponential(24.0)
        };
        self.after(gap, What::Train);
    }

    fn run(&mut self) -> [f64; 7] {
        self.train_in_a_while();
        self.after(DISPATCH_INTERVAL, What::Dispatch);
        while let Some(Reverse(event)) = self.events.pop() {
            if event.at > HORIZON {
                break;
            }
            self.now = event.at;
            self.happen(event.what);
            self.fill_places();
        }
        self.figures()
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Train => {
                let wagons = (15.0 + (6.0 * self.random.unit()).floor()) as usize;
                for _ in 0..wagons {
                    self.waiting_for_platform.push_back(self.lots.len());
                    self.lots.push(Lot {
                        arrived: self.now,
                        ..Lot::default()
                    });
                }
                self.train_in_a_while();
            }
            What::Unloaded(lot) => self.waiting_for_warehouse.push_back(lot),
            What::WagonHome(lot) => self.lots[lot].wagon_home = Some(self.now),
            What::Disinfected(lot) => self.waiting_for_yard.push_back(lot),
            What::HoldEnds(lot) => self.released.push_back(lot),
            What::Dispatch => {
                let load = self.released.len().min(DISPATCH_MOST);
                for lot in self.released.drain(..load) {
                    self.lots[lot].dispatched = Some(self.now);
                }
                self.in_yard -= load;
                self.after(DISPATCH_INTERVAL, What::Dispatch);
            }
        }
    }

    /// Moves lots on, from the yard backwards, so that one freed slot frees the next.
    fn fill_places(&mut self) {
        while self.in_yard < self.slots.yard {
            let Some(lot) = self.waiting_for_yard.pop_front() else {
                break;
            };
            self.in_warehouse -= 1;
            self.in_yard += 1;
            self.max_yard = self.max_yard.max(self.in_yard);
            self.lots[lot].in_yard = Some(self.now);
            let hold = 24.0 * self.random.triangular(14.0, 21.0, 30.0);
            self.after(hold, What::HoldEnds(lot));
        }
        while self.in_warehouse < self.slots.warehouse {
            let Some(lot) = self.waiting_for_warehouse.pop_front() else {
                break;
            };
            self.on_platforms -= 1;
            self.in_warehouse += 1;
            self.lots[lot].off_platform = Some(self.now);
            let home = self.random.uniform(6.0, 12.0);
            self.after(home, What::WagonHome(lot));
            let disinfection = self.random.uniform(24.0, 48.0);
            self.after(disinfection, What::Disinfected(lot));
        }
        while self.on_platforms < self.slots.platform {
            let Some(lot) = self.waiting_for_platform.pop_front() else {
                break;
            };
            self.on_platforms += 1;
            self.lots[lot].on_platform = Some(self.now);
            let unloading = self.random.triangular(1.0, 2.0, 4.0);
            self.after(unloading, What::Unloaded(lot));
        }
    }

    fn figures(&self) -> [f64; 7] {
        let mut stays: Vec<f64> = self
            .lots
            .iter()
            .filter_map(|lot| lot.dispatched.map(|dispatched| dispatched - lot.arrived))
            .collect();
        stays.sort_by(f64::total_cmp);
        let turns: Vec<f64> = self
            .lots
            .iter()
            .filter_map(|lot| lot.wagon_home.map(|home| home - lot.arrived))
            .collect();
        let held = |from: Option<f64>, to: Option<f64>| match from {
            Some(from) => to.unwrap_or(HORIZON) - from,
            None => 0.0,
        };
        let yard_hours: f64 = self
            .lots
            .iter()
            .map(|lot| held(lot.in_yard, lot.dispatched))
            .sum();
        let platform_hours: f64 = self
            .lots
            .iter()
            .map(|lot| held(lot.on_platform, lot.off_platform))
            .sum();
        let rank = (stays.len() * 95).div_ceil(100);
        [
            stays.len() as f64,
            average(&stays),
            if rank == 0 { f64::NAN } else { stays[rank - 1] },
            yard_hours / HORIZON,
            self.max_yard as f64,
            average(&turns),
            platform_hours / (HORIZON * self.slots.platform as f64),
        ]
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Student's t at 0.975: a table for few degrees of freedom, an expansion around the normal beyond.
fn t_975(freedom: usize) -> f64 {
    const FEW: [f64; 9] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
    ];
    let (z, f) = (1.959_964_f64, freedom as f64);
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    *FEW.get(freedom - 1)
        .unwrap_or(&(z + (z.powi(3) + z) / (4.0 * f) + second / (f * f)))
}

struct Request {
    slots: Slots,
    deterministic: bool,
    replications: u64,
    seed: u64,
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut request = Request {
        slots: Slots {
            platform: 20,
            warehouse: 80,
            yard: 1200,
        },
        deterministic: false,
        replications: 10,
        seed: 1,
    };
    while let Some(name) = arguments.next() {
        if name == "--det" {
            request.deterministic = true;
            continue;
        }
        let value = arguments
            .next()
            .ok_or(format!("{name} is unknown or needs a value"))?;
        let number: u32 = value
            .parse()
            .map_err(|_| format!("{name} needs a whole number, not {value}"))?;
        match name.as_str() {
            "--platform" => request.slots.platform = number as usize,
            "--warehouse" => request.slots.warehouse = number as usize,
            "--yard" => request.slots.yard = number as usize,
            "--replications" => request.replications = number.into(),
            "--seed" => request.seed = number.into(),
            _ => return Err(format!("unknown option {name}")),
        }
    }
    let slots = &request.slots;
    if [slots.platform, slots.warehouse, slots.yard].contains(&0) || request.replications == 0 {
        return Err("slots and replications must be at least 1".to_owned());
    }
    Ok(request)
}

fn main() -> ExitCode {
    let request = match read(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(message) => {
            eprintln!(
                "plain_loop: {message}\nusage: plain_loop [--platform N] [--warehouse N] [--yard N] [--det] \
                 [--replications N] [--seed S]"
            );
            return ExitCode::from(2);
        }
    };
    let rows: Vec<[f64; 7]> = (0..request.replications)
        .map(|replication| {
            let random = Random::new(request.seed, replication);
            Gateway::new(&request.slots, request.deterministic, random).run()
        })
        .collect();
    let n = rows.len();
    let cells: Vec<String> = COLUMNS
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            let mean = average(&values);
            let spread: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let half_width = if n > 1 {
                t_975(n - 1) * (spread / (n - 1) as f64 / n as f64).sqrt()
            } else {
                f64::NAN
            };
            format!(
                "\"{name}\": {{\"mean\": {}, \"half_width\": {}, \"n\": {n}}}",
                json(mean),
                json(half_width)
            )
        })
        .collect();
    // A reader that closed the pipe, as `head` does, has what it wanted.
    let _ = writeln!(std::io::stdout(), "{{{}}}", cells.join(", "));
    ExitCode::SUCCESS
}

/// JSON has no NaN; a figure that does not exist is `null`.
fn json(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        "null".to_owned()
    }
}
