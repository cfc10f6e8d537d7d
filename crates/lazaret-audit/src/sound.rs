//! Whether a treatment was sound, as the oracle sees it: looked at again for each line and each row by itself, from every
//! instant that matters.

use std::collections::BTreeSet;

use lazaret_vocabulary::event::rules::{AgentRule, Band, TemperatureRule, TreatmentRule};

/// A reading: line, µs, mg/m³, thousandths of a degree.
pub(crate) type Read = (Option<String>, i64, u32, i32);

/// A treatment in hand.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) step: String,
    pub(crate) from: i64,
    pub(crate) agent: Option<String>,
    pub(crate) dosed: i64,
    pub(crate) dose: Option<u32>,
    pub(crate) pauses: Vec<(i64, i64)>,
    pub(crate) readings: Vec<Read>,
}

/// A treatment from some instant to its end, pauses cut out.
struct Stretch<'a> {
    work: &'a Work,
    begins: i64,
    ended: i64,
}

impl Stretch<'_> {
    fn paused(&self, at: i64) -> bool {
        (self.work.pauses.iter()).any(|(from, to)| *from < at && at < *to)
    }

    fn readings(&self) -> Vec<&Read> {
        let mut readings: Vec<&Read> = (self.work.readings.iter())
            .filter(|(_, at, ..)| (self.begins..=self.ended).contains(at) && !self.paused(*at))
            .collect();
        readings.sort_by_key(|(_, at, ..)| *at);
        readings
    }

    fn lines(&self) -> BTreeSet<Option<String>> {
        (self.readings().iter().map(|(line, ..)| line.clone())).collect()
    }

    fn on(&self, line: &Option<String>) -> Vec<&Read> {
        let mut readings = self.readings();
        readings.retain(|(of, ..)| of == line);
        readings
    }

    /// Pieces under treatment, cut at the readings of one line.
    fn pieces(&self, cut_at: &[&Read]) -> Vec<(i64, i64)> {
        let mut cuts: Vec<i64> = vec![self.begins, self.ended];
        cuts.extend(cut_at.iter().map(|(_, at, ..)| *at));
        let pauses = self.work.pauses.iter().filter(|(from, to)| from < to);
        cuts.extend(pauses.flat_map(|(from, to)| [*from, *to]));
        cuts.retain(|at| (self.begins..=self.ended).contains(at));
        cuts.sort_unstable();
        (cuts.windows(2).map(|pair| (pair[0], pair[1])))
            .filter(|(from, to)| from < to && !self.paused(from + (to - from) / 2))
            .collect()
    }

    fn seconds(&self) -> i64 {
        let micros: i64 = (self.pieces(&[]).iter()).map(|(from, to)| to - from).sum();
        micros / 1_000_000
    }

    /// Whether a pause lies between two readings.
    fn broken(&self, earlier: i64, later: i64) -> bool {
        (self.work.pauses.iter()).any(|(from, to)| earlier <= *from && *from < later && from < to)
    }

    fn gap_s(&self, line: &[&Read]) -> i64 {
        let longest = (self.pieces(line).iter()).map(|(from, to)| to - from).max();
        longest.unwrap_or(0) / 1_000_000
    }

    /// Concentration × time of a line, mg·h/m³: between two readings the geometric mean of what fell, the lower of what
    /// rose.
    fn ct(&self, line: &[&Read]) -> u128 {
        let mut sum = 0_u128;
        for pair in line.windows(2) {
            let ((_, earlier, c1, _), (_, later, c2, _)) = (pair[0], pair[1]);
            if self.broken(*earlier, *later) {
                continue;
            }
            let height = if c2 < c1 {
                root(u128::from(*c1) * u128::from(*c2) * 1_000_000)
            } else {
                u128::from(*c1) * 1_000
            };
            sum += height * (later - earlier) as u128;
        }
        sum / 1_000 / 1_000_000 / 3_600
    }

    /// The longest that a line kept a temperature, in µs: every beginning and every end is tried.
    fn kept(&self, line: &[&Read], row: &TemperatureRule) -> i64 {
        let within = |read: &Read| row.from_mc <= read.3 && read.3 < row.below_mc;
        let every = long(row.readings_every_s).saturating_mul(1_000_000);
        let mut best = 0;
        for first in 0..line.len() {
            let (mut kept, mut out) = (0, 0);
            for pair in line[first..].windows(2) {
                let micros = pair[1].1 - pair[0].1;
                if micros > every || self.broken(pair[0].1, pair[1].1) {
                    break;
                }
                if within(pair[0]) && within(pair[1]) {
                    kept += micros;
                } else {
                    out += micros;
                }
                if out > long(row.excursions_s).saturating_mul(1_000_000) {
                    break;
                }
                best = best.max(kept);
            }
        }
        best
    }
}

/// Seconds, as many as can be counted.
fn long(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// The whole square root, by halving.
fn root(of: u128) -> u128 {
    let (mut low, mut high) = (0_u128, 1 << 64);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if middle * middle <= of {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Whether a treatment that ended then was what its rule asks.
pub(crate) fn sound(rule: &TreatmentRule, work: &Work, ended: i64) -> bool {
    let begins = if rule.agents.is_empty() {
        work.from
    } else {
        work.dosed
    };
    let whole = Stretch {
        work,
        begins,
        ended,
    };
    if whole.seconds() < long(rule.contact_s) {
        return false;
    }
    let kept = |row: &TemperatureRule| {
        let lines = whole.lines();
        lines.len() >= row.lines.max(1) as usize
            && (lines.iter())
                .all(|line| whole.kept(&whole.on(line), row) / 1_000_000 >= long(row.contact_s))
    };
    if !rule.temperatures.is_empty() && !rule.temperatures.iter().any(kept) {
        return false;
    }
    rule.agents.is_empty()
        || (rule.agents.iter())
            .filter(|agent| Some(agent.agent.as_str()) == work.agent.as_deref())
            .any(|agent| by_agent(agent, &whole))
}

fn by_agent(agent: &AgentRule, whole: &Stretch<'_>) -> bool {
    let lines = whole.lines();
    let none = lines.is_empty() && whole.gap_s(&[]) > long(agent.readings_every_s);
    let seldom =
        (lines.iter()).any(|line| whole.gap_s(&whole.on(line)) > long(agent.readings_every_s));
    if none || seldom || lines.len() < agent.lines as usize {
        return false;
    }
    if agent.bands.is_empty() {
        return true;
    }
    let Some(coldest) = whole.readings().iter().map(|(.., t)| *t).min() else {
        return false;
    };
    (agent.bands.iter())
        .filter(|band| band.from_mc <= coldest && coldest < band.below_mc)
        .any(|band| by_band(band, whole))
}

fn by_band(band: &Band, whole: &Stretch<'_>) -> bool {
    let mut begins = whole.begins;
    if band.start_mg_m3 > 0 {
        for line in whole.lines() {
            let first = whole.on(&line);
            let Some(read) = first.iter().find(|(_, _, c, _)| *c >= band.start_mg_m3) else {
                return false;
            };
            begins = begins.max(read.1);
        }
    }
    let exposed = Stretch {
        work: whole.work,
        begins,
        ended: whole.ended,
    };
    let dosed = whole.work.dose.unwrap_or(0) >= band.dose_mg_m3;
    let lines_hold = whole.lines().iter().all(|line| {
        let line = exposed.on(line);
        let least = line.iter().map(|(_, _, c, _)| *c).min().unwrap_or(0);
        let last = line.last().map_or(0, |(_, _, c, _)| *c);
        let warmest = line.iter().map(|(.., t)| *t).max().unwrap_or(i32::MIN);
        line.len() >= 2
            && least >= band.least_mg_m3
            && last >= band.final_mg_m3
            && exposed.ct(&line) >= u128::from(band.ct_mg_h_m3)
            && band.warmest_mc.is_none_or(|most| warmest <= most)
    });
    let on_time = whole.lines().iter().all(|line| {
        let line = whole.on(line);
        band.at.iter().all(|set| {
            let (after, within) = (long(set.after_s), long(set.within_s));
            let near: Vec<_> = (line.iter())
                .filter(|(_, at, ..)| *at >= begins)
                .filter(|(_, at, ..)| {
                    ((at - begins) / 1_000_000)
                        .saturating_sub(after)
                        .saturating_abs()
                        <= within
                })
                .collect();
            !near.is_empty() && near.iter().all(|(_, _, c, _)| *c >= set.least_mg_m3)
        })
    });
    dosed && lines_hold && on_time && exposed.seconds() >= long(band.contact_s)
}
