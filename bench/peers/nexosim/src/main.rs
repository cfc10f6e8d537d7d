//! gateway-ref on NeXosim.
//!
//! One model that schedules its own inputs, which is NeXosim at its cheapest: platforms, warehouse and yard as
//! models of their own would exchange messages for every slot that comes free.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, Output, SinkState, event_queue};
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use rand::rngs::Xoshiro256PlusPlus as Generator;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, Triangular};
use serde::{Deserialize, Serialize};

const HORIZON: f64 = 87_600.0;
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

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Slots {
    platform: usize,
    warehouse: usize,
    yard: usize,
}

/// A lot on its way; it carries the instant its train arrived [h].
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Lot {
    arrived: f64,
}

#[derive(Serialize, Deserialize)]
struct Gateway {
    figures: Output<[f64; 7]>,
    deterministic: bool,
    random: Generator,
    slots: Slots,
    platform_taken: usize,
    warehouse_taken: usize,
    yard_taken: usize,
    platform_queue: VecDeque<Lot>,
    warehouse_queue: VecDeque<Lot>,
    yard_queue: VecDeque<Lot>,
    released: VecDeque<Lot>,
    platform_hours: f64,
    yard_hours: f64,
    yard_max: usize,
    turn_hours: f64,
    returned: usize,
    stays: Vec<f64>,
}

fn hours(time: f64) -> Duration {
    Duration::from_secs_f64(time * 3600.0)
}

/// When the run is closed: the horizon and one microsecond.
fn end() -> Duration {
    hours(HORIZON) + Duration::from_micros(1)
}

#[Model]
impl Gateway {
    fn new(
        figures: Output<[f64; 7]>,
        slots: Slots,
        deterministic: bool,
        random: Generator,
    ) -> Self {
        Self {
            figures,
            deterministic,
            random,
            slots,
            platform_taken: 0,
            warehouse_taken: 0,
            yard_taken: 0,
            platform_queue: VecDeque::new(),
            warehouse_queue: VecDeque::new(),
            yard_queue: VecDeque::new(),
            released: VecDeque::new(),
            platform_hours: 0.0,
            yard_hours: 0.0,
            yard_max: 0,
            turn_hours: 0.0,
            returned: 0,
            stays: Vec::new(),
        }
    }

    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.schedule_train(cx);
        self.after(cx, 48.0, schedulable!(Self::dispatch), ());
        // A moment after the horizon, because the dispatch of that instant still belongs to the run.
        cx.schedule_event(end(), schedulable!(Self::close), ())
            .expect("the end lies ahead");
    }

    fn now(cx: &Context<Self>) -> f64 {
        cx.time().duration_since(MonotonicTime::EPOCH).as_secs_f64() / 3600.0
    }

    fn after<T: Send + Clone + 'static>(
        &self,
        cx: &Context<Self>,
        delay: f64,
        input: &nexosim::model::SchedulableId<Self, T>,
        argument: T,
    ) {
        cx.schedule_event(hours(delay), input, argument)
            .expect("all delays are positive");
    }

    fn schedule_train(&mut self, cx: &Context<Self>) {
        let gap: f64 = if self.deterministic {
            24.0
        } else {
            24.0 * Distribution::<f64>::sample(&Exp1, &mut self.random)
        };
        self.after(cx, gap, schedulable!(Self::train), ());
    }

    #[nexosim(schedulable)]
    async fn train(&mut self, _: (), cx: &Context<Self>) {
        let lot = Lot {
            arrived: Self::now(cx),
        };
        for _ in 0..self.random.random_range(15..=20) {
            if self.platform_taken < self.slots.platform {
                self.platform_taken += 1;
                self.start_unloading(lot, cx);
            } else {
                self.platform_queue.push_back(lot);
            }
        }
        self.schedule_train(cx);
    }

    fn start_unloading(&mut self, lot: Lot, cx: &Context<Self>) {
        self.platform_hours -= Self::now(cx);
        let law = Triangular::new(1.0, 4.0, 2.0).expect("the law is valid");
        let time: f64 = law.sample(&mut self.random);
        self.after(cx, time, schedulable!(Self::unloaded), lot);
    }

    #[nexosim(schedulable)]
    async fn unloaded(&mut self, lot: Lot, cx: &Context<Self>) {
        if self.warehouse_taken < self.slots.warehouse {
            self.warehouse_taken += 1;
            self.enter_warehouse(lot, cx);
        } else {
            self.warehouse_queue.push_back(lot);
        }
    }

    fn enter_warehouse(&mut self, lot: Lot, cx: &Context<Self>) {
        let home = self.random.random_range(6.0..12.0);
        self.after(cx, home, schedulable!(Self::wagon_home), lot);
        let disinfection = self.random.random_range(24.0..48.0);
        self.after(cx, disinfection, schedulable!(Self::disinfected), lot);
        self.platform_hours += Self::now(cx);
        match self.platform_queue.pop_front() {
            Some(next) => self.start_unloading(next, cx),
            None => self.platform_taken -= 1,
        }
    }

    #[nexosim(schedulable)]
    async fn wagon_home(&mut self, lot: Lot, cx: &Context<Self>) {
        self.turn_hours += Self::now(cx) - lot.arrived;
        self.returned += 1;
    }

    #[nexosim(schedulable)]
    async fn disinfected(&mut self, lot: Lot, cx: &Context<Self>) {
        if self.yard_taken < self.slots.yard {
            self.yard_taken += 1;
            self.yard_max = self.yard_max.max(self.yard_taken);
            self.enter_yard(lot, cx);
        } else {
            self.yard_queue.push_back(lot);
        }
    }

    fn enter_yard(&mut self, lot: Lot, cx: &Context<Self>) {
        self.yard_hours -= Self::now(cx);
        let law = Triangular::new(14.0 * 24.0, 30.0 * 24.0, 21.0 * 24.0).expect("the law is valid");
        let time: f64 = law.sample(&mut self.random);
        self.after(cx, time, schedulable!(Self::hold_ends), lot);
        match self.warehouse_queue.pop_front() {
            Some(blocked) => self.enter_warehouse(blocked, cx),
            None => self.warehouse_taken -= 1,
        }
    }

    #[nexosim(schedulable)]
    async fn hold_ends(&mut self, lot: Lot) {
        self.released.push_back(lot);
    }

    #[nexosim(schedulable)]
    async fn dispatch(&mut self, _: (), cx: &Context<Self>) {
        let now = Self::now(cx);
        for _ in 0..self.released.len().min(DISPATCH_MOST) {
            let lot = self.released.pop_front().expect("the length was asked for");
            self.stays.push(now - lot.arrived);
            self.yard_hours += now;
            match self.yard_queue.pop_front() {
                Some(waiting) => self.enter_yard(waiting, cx),
                None => self.yard_taken -= 1,
            }
        }
        self.after(cx, 48.0, schedulable!(Self::dispatch), ());
    }

    #[nexosim(schedulable)]
    async fn close(&mut self) {
        let lots = self.stays.len();
        let rank = (lots * 95).div_ceil(100);
        let p95 = match rank {
            0 => f64::NAN,
            _ => {
                *self
                    .stays
                    .select_nth_unstable_by(rank - 1, f64::total_cmp)
                    .1
            }
        };
        let yard_hours = self.yard_hours + self.yard_taken as f64 * HORIZON;
        let platform_hours = self.platform_hours + self.platform_taken as f64 * HORIZON;
        self.figures
            .send([
                lots as f64,
                self.stays.iter().sum::<f64>() / lots as f64,
                p95,
                yard_hours / HORIZON,
                self.yard_max as f64,
                self.turn_hours / self.returned as f64,
                platform_hours / (HORIZON * self.slots.platform as f64),
            ])
            .await;
    }
}

fn replicate(
    slots: Slots,
    deterministic: bool,
    seed: u64,
    replication: u64,
) -> Result<[f64; 7], SimulationError> {
    let (sink, mut reader) = event_queue(SinkState::Enabled);
    let mut figures = Output::default();
    figures.connect_sink(sink);
    let random = Generator::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(replication));
    let gateway = Gateway::new(figures, slots, deterministic, random);
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(gateway, Mailbox::new(), "gateway")
        .init(MonotonicTime::EPOCH)?;
    simulation.step_until(end())?;
    Ok(reader.try_read().expect("the model closes at the horizon"))
}

fn main() -> ExitCode {
    let mut slots = Slots {
        platform: 20,
        warehouse: 80,
        yard: 1200,
    };
    let (mut deterministic, mut replications, mut seed) = (false, 10, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--det" {
            deterministic = true;
            continue;
        }
        let Some(number) = arguments.next().and_then(|text| text.parse::<u32>().ok()) else {
            eprintln!("nexosim-ref: {name} is unknown or needs a whole number");
            return ExitCode::from(2);
        };
        match name.as_str() {
            "--platform" => slots.platform = number as usize,
            "--warehouse" => slots.warehouse = number as usize,
            "--yard" => slots.yard = number as usize,
            "--replications" => replications = u64::from(number),
            "--seed" => seed = u64::from(number),
            _ => {
                eprintln!("nexosim-ref: unknown option {name}");
                return ExitCode::from(2);
            }
        }
    }
    println!("replication,{}", COLUMNS.join(","));
    for replication in 0..replications {
        match replicate(slots, deterministic, seed, replication) {
            Ok(figures) => {
                println!(
                    "{replication},{}",
                    figures.map(|figure| figure.to_string()).join(",")
                );
            }
            Err(error) => {
                eprintln!("nexosim-ref: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
