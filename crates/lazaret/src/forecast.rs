//! `lazaret forecast`.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use clap::Args;
use jiff::tz::TimeZone;
use lazaret_gateway::model::Gateway;
use lazaret_sim::forecast::{
    Band, Forecast, LotForecast, PlaceForecast, Settings, bytes, forecast,
};
use lazaret_vocabulary::figures;
use lazaret_vocabulary::time::{GateTime, Span};
use serde_json::{Value, json};

use crate::input::Input;
use crate::origin::Origin;
use crate::output::{Failure, print_words, say, table};
use crate::plan::seed;
use crate::simulate::threads;
use crate::start::{StartFrom, sentences};
use crate::waiting::Interrupt;

/// Lots that the text lists.
const LISTED: usize = 40;
/// The most memory that a forecast may take, in bytes.
const MEMORY_MOST: u64 = 1 << 30;
/// A lot that is refused in fewer futures than this is not said to be.
const REFUSED_LEAST: f64 = 0.005;
/// A room that is full with at least this probability may be full.
const MAY: f64 = 0.1;

/// Say when each lot will leave, how full each place gets and what departures take, from the present state of a gateway
///
/// Plays many futures from one situation, and prints the median and the middle 80 % of them. docs/forecast.md says what the
/// ranges mean and when not to believe them.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    from: StartFrom,
    /// Futures to play
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u64).range(20..=100_000))]
    futures: u64,
    /// Days for which places and departures are forecast
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// Days that each future lasts; a lot that stays longer is only said to do so
    #[arg(long, value_name = "DAYS", default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=3660))]
    reach: u32,
    /// Seed of all draws
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    seed: u64,
    /// Number of threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
    /// Print one JSON object for machines, with every lot
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if !arguments.from.is_given() {
        return Err(Failure::BadInput(
            "a forecast starts from the present state: give --from SITUATION.json or --from-ledger DIR".into(),
        ));
    }
    let loaded = arguments.input.load()?;
    let mut gateway = loaded.reading.gateway.clone();
    gateway.length = Span::from_hours(24 * i64::from(arguments.reach.max(arguments.days)));
    let model = arguments.from.compile(&gateway, &loaded.file_name)?;
    let settings = Settings {
        seed: arguments.seed,
        futures: arguments.futures,
        days: arguments.days,
        threads: threads(arguments.threads),
    };
    let needed = bytes(&model, &settings);
    if needed > MEMORY_MOST {
        return Err(Failure::BadInput(format!(
            "{} futures of {} days would take {} GB of memory, and {} are allowed; lower --futures or --days",
            settings.futures,
            settings.days,
            needed.div_ceil(1 << 30),
            MEMORY_MOST >> 30
        )));
    }
    let interrupt = Interrupt::listen()?;
    let go_on = || {
        if interrupt.came() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let found = forecast(&model, &settings, go_on)
        .map_err(|error| Failure::BadInput(format!("{}: {error}", loaded.file_name)))?;
    if found.futures == 0 {
        return Err(Failure::Interrupted);
    }
    let told = Told {
        gateway: model.gateway(),
        found: &found,
        reach: arguments.reach.max(arguments.days),
    };
    if arguments.json {
        let origin = Origin::new(
            Some(&model.gateway().name),
            Some(arguments.seed),
            loaded.document.text(),
            &arguments.input.set,
        );
        origin.print(&told.json(), found.partial)?;
    } else {
        print_words(&told.text())?;
    }
    if found.partial {
        say("stopped early: the forecast rests on fewer futures than requested\n");
        return Err(Failure::Interrupted);
    }
    Ok(())
}

/// A forecast with what is needed to tell it.
struct Told<'a> {
    gateway: &'a Gateway,
    found: &'a Forecast,
    reach: u32,
}

impl Told<'_> {
    fn zone(&self) -> &TimeZone {
        &self.gateway.time_zone
    }

    /// An instant on the clock of the gateway, in words.
    fn moment(&self, at: Option<GateTime>) -> String {
        at.map_or_else(
            || format!("later than {} days", self.reach),
            |at| {
                let instant = at.instant(self.gateway.start);
                figures::moment(self.zone().to_datetime(instant))
            },
        )
    }

    /// The day `nth` of the forecast, in words.
    fn day(&self, nth: usize) -> String {
        let at = GateTime::from_micros(nth as i64 * 86_400_000_000).instant(self.gateway.start);
        figures::day_of_month(self.zone().to_datetime(at).date())
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let at = self.moment(Some(GateTime::START));
        let _ = writeln!(
            out,
            "From {at}: {} lots, {} futures of {} days. Ranges hold the middle 80 % of the futures.\n",
            self.found.lots.len(),
            self.found.futures,
            self.reach
        );
        self.lots(&mut out);
        self.places(&mut out);
        self.departures(&mut out);
        out
    }

    fn lots(&self, out: &mut String) {
        let mut lots: Vec<&LotForecast> = self.found.lots.iter().collect();
        let far = GateTime::from_micros(i64::MAX);
        lots.sort_by_key(|lot| (lot.leaves.median.unwrap_or(far), lot.lot.name.clone()));
        let some_refused = lots.iter().any(|lot| lot.refused >= REFUSED_LEAST);
        let rows: Vec<Vec<String>> = lots
            .iter()
            .take(LISTED)
            .map(|lot| {
                let (leaves, range) = if lot.refused < 1.0 {
                    let Band { low, median, high } = lot.leaves;
                    let range = format!("{} to {}", self.moment(low), self.moment(high));
                    (self.moment(median), range)
                } else {
                    ("never".into(), String::new())
                };
                let mut row = vec![
                    lot.lot.name.clone(),
                    lot.lot.goods.clone(),
                    lot.lot.place.clone().unwrap_or_else(|| {
                        if lot.lot.ahead {
                            "announced".into()
                        } else {
                            "outside".into()
                        }
                    }),
                    leaves,
                    range,
                ];
                if some_refused {
                    row.push(figures::share(lot.refused));
                }
                row
            })
            .collect();
        if rows.is_empty() {
            out.push_str("No lot is inside or announced.\n");
        } else {
            let head = ["lot", "goods", "in", "leaves", "range", "refused in"];
            let columns = head.len() - usize::from(!some_refused);
            out.push_str(&table(&head[..columns], &rows, &[]));
            if some_refused {
                out.push_str("Refused is destroyed or sent back; the other figures are of the futures in which the lot is not.\n");
            }
        }
        if lots.len() > LISTED {
            let _ = writeln!(out, "and {} more, which --json lists.", lots.len() - LISTED);
        }
    }

    fn places(&self, out: &mut String) {
        let limited = |place: &&PlaceForecast| place.slots.is_some() && !place.days.is_empty();
        let rows: Vec<Vec<String>> = self
            .found
            .places
            .iter()
            .filter(limited)
            .map(|place| {
                let last = place.days.len() - 1;
                let band = |day: usize| {
                    let Band { low, median, high } = place.days[day].occupied;
                    format!("{median} ({low} to {high})")
                };
                let full = |share: f64| {
                    place
                        .first_full(share)
                        .map_or_else(|| "not".to_string(), |day| self.day(day))
                };
                vec![
                    self.gateway.places[place.place.index()].name.clone(),
                    place.now.to_string(),
                    place
                        .slots
                        .map_or_else(String::new, |slots| slots.to_string()),
                    band(0),
                    band(last / 2),
                    band(last),
                    full(MAY),
                    full(0.5),
                ]
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        let days = self
            .found
            .places
            .iter()
            .map(|place| place.days.len())
            .max()
            .unwrap_or(1);
        let head = |day: usize| format!("most on {}", self.day(day));
        let (first, middle, last) = (head(0), head((days - 1) / 2), head(days - 1));
        out.push_str("\nSlots occupied, the most at a full hour of the day:\n");
        let head = [
            "place",
            "now",
            "slots",
            &first,
            &middle,
            &last,
            "may be full from",
            "is likely full from",
        ];
        out.push_str(&table(&head, &rows, &[1, 2]));
    }

    fn departures(&self, out: &mut String) {
        let mut rows = Vec::new();
        for departure in &self.found.departures {
            for (day, told) in departure
                .days
                .iter()
                .enumerate()
                .filter(|(_, told)| told.lots.high > 0)
            {
                let band =
                    |Band { low, median, high }: Band<i64>| format!("{median} ({low} to {high})");
                rows.push(vec![
                    departure.step.clone(),
                    self.day(day),
                    band(told.departures),
                    band(told.lots),
                ]);
            }
        }
        if !rows.is_empty() {
            out.push_str("\nDepartures, by 24 hours from now:\n");
            out.push_str(&table(
                &["dispatch", "day", "departures", "lots"],
                &rows,
                &[],
            ));
        }
    }

    fn json(&self) -> Value {
        let instant =
            |at: Option<GateTime>| at.map(|at| at.instant(self.gateway.start).to_string());
        let band =
            |band: Band<i64>| json!({ "low": band.low, "median": band.median, "high": band.high });
        let lots: Vec<Value> = self
            .found
            .lots
            .iter()
            .map(|lot| {
                json!({
                    "lot": lot.lot.name,
                    "goods": lot.lot.goods,
                    "place": lot.lot.place,
                    "announced": lot.lot.ahead,
                    "leaves": { "low": instant(lot.leaves.low), "median": instant(lot.leaves.median), "high": instant(lot.leaves.high) },
                    "dispatched": lot.dispatched,
                    "refused": lot.refused,
                })
            })
            .collect();
        let places: Vec<Value> = self
            .found
            .places
            .iter()
            .map(|place| {
                let days: Vec<Value> = place
                    .days
                    .iter()
                    .map(|day| json!({ "occupied": band(day.occupied), "full": day.full }))
                    .collect();
                json!({
                    "place": self.gateway.places[place.place.index()].name,
                    "slots": place.slots,
                    "now": place.now,
                    "days": days,
                    "may_be_full_from_day": place.first_full(MAY).map(|day| day + 1),
                    "likely_full_from_day": place.first_full(0.5).map(|day| day + 1),
                })
            })
            .collect();
        let departures: Vec<Value> = self
            .found
            .departures
            .iter()
            .map(|departure| {
                let days: Vec<Value> = departure
                    .days
                    .iter()
                    .map(
                        |day| json!({ "departures": band(day.departures), "lots": band(day.lots) }),
                    )
                    .collect();
                json!({ "dispatch": departure.step, "days": days })
            })
            .collect();
        json!({
            "at": self.gateway.start.to_string(),
            "futures": self.found.futures,
            "reach_days": self.reach,
            "lots": lots,
            "places": places,
            "departures": departures,
            "notes": sentences(self.found.notes),
        })
    }
}
