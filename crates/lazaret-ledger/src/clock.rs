//! The ledger's own clock: how much time is known to have passed.
//!
//! A server's clock can be wrong: a bad answer of a time server, a machine that slept, a battery that is empty. So the
//! ledger does not go by it. Its time is the time of an *anchor* plus what a steady clock, which nobody sets, has
//! counted since. The server's clock is only compared with it: where the two part by more than the tolerance, the
//! ledger stops.
//!
//! A steady clock counts within one run of a machine. After the machine was started anew, or on another machine, the
//! time since the last record is credited only if a witness bears it out; else nothing is credited, and once that would
//! leave the ledger too far behind, two people confirm the time. So no sequence of clock readings makes a hold, a rest
//! or the memory of keys shorter by more than the tolerance.
//!
//! Nothing here reads a clock: readings and witnesses are arguments.

use std::sync::Arc;

use jiff::Timestamp;
pub use lazaret_vocabulary::doubt::{Doubt, TimeWitness};
use lazaret_vocabulary::time::When;
use serde::{Deserialize, Serialize};

pub use crate::decide::timeless;
use crate::state::{AsJson, Keyed, State, micros, seconds, timestamp};

/// The tolerance before there are rules, in seconds.
const TOLERANCE_S: u64 = 120;
/// A silence that the kernel's word alone bears out, in seconds: a weekend with a day before and after it.
const KERNEL_ALONE_S: u64 = 4 * 86_400;
/// How long a statement of the time waits for a second person, in seconds.
pub(crate) const STATEMENT_S: u64 = 3_600;

/// What the clocks of a server say at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The clock that can be set.
    pub wall: Timestamp,
    /// Names the run of the machine in which the steady clock counts.
    pub boot: Arc<str>,
    /// The steady clock, which goes on while the machine sleeps; µs since some instant of the run.
    pub steady_us: i64,
}

/// What else is known of the time, as offsets from the server's clock in µs: positive if the witness is ahead of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    /// The kernel says that its clock is kept by a time server.
    pub kernel: bool,
    /// The clock of a database on another machine.
    pub database: Option<i64>,
    /// The clocks of devices that signed in lately, one for each person.
    pub devices: Vec<i64>,
}

/// How the time of a record was known, where that is not by the steady clock alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The first record: nothing was there to compare with.
    Founded,
    /// At least so much has passed: what nobody bears out is not credited.
    AtLeast,
    /// The kernel's word.
    Kernel,
    /// The database's clock.
    Database,
    /// Devices of two people.
    Devices,
    /// Two people confirmed it.
    Confirmed,
}

/// Where a record ties the ledger's time to a steady clock. Records without one go on from the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockNote {
    /// How its time was known.
    pub known: Known,
    /// The run of the machine.
    pub boot: String,
    /// Its steady clock, in µs.
    pub steady_us: i64,
    /// Its clock that can be set.
    pub wall: Timestamp,
}

/// What the ledger knows of its clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnClock {
    pub(crate) anchor: Option<Anchor>,
    /// Why the ledger stopped, until two people have confirmed the time.
    pub(crate) doubt: Option<AsJson<Doubt>>,
    pub(crate) stated: Option<Stated>,
    /// Keys of statements and confirmations, for ever: no time says when they may be forgotten.
    pub(crate) keys: Vec<(u128, Keyed)>,
}

/// Where the ledger's time is tied to a steady clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    boot: String,
    steady: i64,
    /// The ledger's time there, µs.
    at: i64,
    /// How far the clock that can be set was ahead of it, µs.
    ahead: i64,
    /// False if more time may have passed than was credited.
    exact: bool,
}

/// The time as an administrator stated it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stated {
    pub(crate) record: u64,
    pub(crate) by: String,
    pub(crate) time: i64,
    pub(crate) wrong_since: Option<i64>,
    /// The ledger's time at the statement, µs.
    pub(crate) at: i64,
}

/// What time it is for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// It is known.
    Known {
        /// The ledger's time.
        now: Timestamp,
        /// What the next record says of it, if it ties the time anew.
        note: Option<ClockNote>,
    },
    /// It is in doubt: nothing may be recorded that counts by it.
    Doubted(Doubted),
}

/// A time in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubted {
    /// So late it is at least.
    pub at_least: Timestamp,
    /// What a record made now says of it, if it ties the time anew.
    pub note: Option<ClockNote>,
    /// Why, with what to do.
    pub why: Doubt,
    /// A clock that was right was wrong since: only two people end this. Else it ends as soon as a witness bears the
    /// time out.
    pub lasting: bool,
}

impl State {
    /// Why the ledger has stopped, if its clock was recorded as wrong and nobody has confirmed the time since.
    #[must_use]
    pub fn clock_doubt(&self) -> Option<&Doubt> {
        self.clock.doubt.as_ref().map(|AsJson(doubt)| doubt)
    }

    /// The statement of the time that waits for a second person: its record, who made it, and what time it is by it at
    /// `now`, the ledger's time.
    #[must_use]
    pub fn time_stated(&self, now: Timestamp) -> Option<(u64, &str, Timestamp)> {
        let stated = self.clock.stated.as_ref()?;
        let passed = micros(now).saturating_sub(stated.at);
        let time = timestamp(stated.time.saturating_add(passed));
        (passed <= seconds(STATEMENT_S)).then_some((stated.record, &stated.by, time))
    }

    /// Whether the ledger's time is tied to the run of the machine that a reading is from.
    pub(crate) fn tied_to(&self, reading: &Reading) -> bool {
        let anchor = self.clock.anchor.as_ref();
        anchor.is_some_and(|anchor| *anchor.boot == *reading.boot)
    }

    /// How far the server's clock may be off, in µs.
    pub(crate) fn clock_tolerance(&self) -> i64 {
        let rules = self.rules();
        seconds(rules.map_or(TOLERANCE_S, |rules| rules.clock_tolerance_s))
    }

    /// What time it is.
    ///
    /// * `reading` — the clocks of this server, now.
    /// * `witnesses` — what else is known of the time.
    /// * `seen` — a reading of this server and the ledger's time at it, if it followed the ledger while another wrote.
    #[must_use]
    pub fn time(
        &self,
        reading: &Reading,
        witnesses: &Witnesses,
        seen: Option<&(Reading, Timestamp)>,
    ) -> Time {
        let wall = micros(reading.wall);
        let known = |now: i64, known: Option<Known>| Time::Known {
            now: timestamp(now),
            note: known.map(|known| reading.note(known)),
        };
        if self.seq == 0 {
            return known(wall, Some(Known::Founded));
        }
        let tolerance = self.clock_tolerance();
        let anchor = (self.clock.anchor.as_ref())
            .filter(|anchor| *anchor.boot == *reading.boot && anchor.steady <= reading.steady_us);
        // At least so much has passed; a stamp of a new run is later than any before it.
        let mut least = self.recorded_at.saturating_add(i64::from(anchor.is_none()));
        let counted = anchor.map(|anchor| {
            let passed = reading.steady_us.saturating_sub(anchor.steady);
            anchor.at.saturating_add(passed)
        });
        if let Some(counted) = counted {
            least = least.max(counted);
        } else if let Some((then, at)) = seen
            && then.boot == reading.boot
            && then.steady_us <= reading.steady_us
        {
            let passed = reading.steady_us.saturating_sub(then.steady_us);
            least = least.max(micros(*at).saturating_add(passed));
        }
        let doubted = |why: Doubt, lasting: bool| {
            Time::Doubted(Doubted {
                at_least: timestamp(least),
                note: anchor.is_none().then(|| reading.note(Known::AtLeast)),
                why,
                lasting,
            })
        };
        if let Some(doubt) = self.clock_doubt() {
            return doubted(doubt.clone(), true);
        }
        let ahead = wall.saturating_sub(least);
        let last = When(timestamp(self.recorded_at));
        match anchor {
            Some(anchor) if anchor.exact => {
                let counted = counted.unwrap_or(least);
                let ahead = wall.saturating_sub(counted);
                let confirmed = ahead.abs() > tolerance;
                let agrees = !confirmed || ahead.saturating_sub(anchor.ahead).abs() <= tolerance;
                if !agrees {
                    let (wall, steady) = (reading.wall.into(), timestamp(counted).into());
                    return doubted(Doubt::Jumped { wall, steady }, true);
                }
                // Somebody recorded at an instant of their own, such as an import.
                if least.saturating_sub(counted) > tolerance {
                    let wall = reading.wall.into();
                    return doubted(Doubt::Future { wall, last }, false);
                }
                match witnesses.contradict(tolerance).filter(|_| !confirmed) {
                    Some((witness, off)) => {
                        let says = timestamp(wall.saturating_add(off)).into();
                        let wall = reading.wall.into();
                        let why = Doubt::Contradicted {
                            wall,
                            says,
                            witness,
                        };
                        doubted(why, true)
                    }
                    None => known(least, None),
                }
            }
            _ if ahead < -tolerance => {
                let wall = reading.wall.into();
                doubted(Doubt::Future { wall, last }, false)
            }
            _ => match (
                witnesses.contradict(tolerance),
                witnesses.bear_out(ahead, tolerance),
            ) {
                (Some((witness, off)), _) => {
                    let says = timestamp(wall.saturating_add(off)).into();
                    let wall = reading.wall.into();
                    let why = Doubt::Contradicted {
                        wall,
                        says,
                        witness,
                    };
                    doubted(why, false)
                }
                (None, Some(witness)) => known(wall.max(least), Some(witness)),
                (None, None) if ahead <= tolerance / 2 => {
                    known(least, anchor.is_none().then_some(Known::AtLeast))
                }
                (None, None) => {
                    let wall = reading.wall.into();
                    doubted(Doubt::Silence { wall, last }, false)
                }
            },
        }
    }

    /// Ties the ledger's time `at` (µs) to the steady clock of a record.
    pub(crate) fn tie(&mut self, note: &ClockNote, at: i64) {
        let other = (self.clock.anchor.as_ref()).is_none_or(|anchor| anchor.boot != note.boot);
        if other {
            // What was stated on another machine, or before it was started anew, says nothing about now.
            self.clock.stated = None;
        }
        self.clock.anchor = Some(Anchor {
            boot: note.boot.clone(),
            steady: note.steady_us,
            at,
            ahead: micros(note.wall).saturating_sub(at),
            exact: note.known != Known::AtLeast,
        });
    }

    /// The ledger's time was set to `right` (µs) by a record that names no reading.
    pub(crate) fn tie_again(&mut self, was: i64, right: i64) {
        if let Some(anchor) = &mut self.clock.anchor {
            let off = right.saturating_sub(was);
            anchor.at = anchor.at.saturating_add(off);
            anchor.ahead = anchor.ahead.saturating_sub(off);
            anchor.exact = true;
        }
    }

    /// From when on the ledger's time was counted by one steady clock.
    pub(crate) fn tied_since(&self) -> Option<i64> {
        self.clock.anchor.as_ref().map(|anchor| anchor.at)
    }
}

impl Reading {
    /// What a record made at this reading says of its time.
    #[must_use]
    pub fn note(&self, known: Known) -> ClockNote {
        ClockNote {
            known,
            boot: self.boot.to_string(),
            steady_us: self.steady_us,
            wall: self.wall,
        }
    }
}

impl Witnesses {
    /// Who bears out the server's clock after a silence (µs).
    fn bear_out(&self, silence: i64, tolerance: i64) -> Option<Known> {
        // A quarter: a hold begins under one witness and ends under another, and between them half the tolerance may go
        // uncredited.
        let near = |off: &i64| off.abs() <= tolerance / 4;
        if self.database.is_some_and(|off| near(&off)) {
            Some(Known::Database)
        } else if self.devices.iter().filter(|off| near(off)).count() >= 2 {
            Some(Known::Devices)
        } else {
            (self.kernel && silence <= seconds(KERNEL_ALONE_S)).then_some(Known::Kernel)
        }
    }

    /// Who contradicts the server's clock, and by how much (µs). One device proves nothing: its own clock may be wrong.
    fn contradict(&self, tolerance: i64) -> Option<(TimeWitness, i64)> {
        if let Some(off) = self.database.filter(|off| off.abs() > tolerance) {
            return Some((TimeWitness::Database, off));
        }
        let (near, wrong): (Vec<i64>, Vec<i64>) =
            (self.devices.iter()).partition(|off| off.abs() <= tolerance);
        // As many devices as agree with each other, and more than agree with the server.
        let agree = |first: i64| {
            let together = |off: &&i64| (first..=first.saturating_add(tolerance)).contains(*off);
            wrong.iter().filter(together).count()
        };
        let most = wrong.iter().copied().max_by_key(|&off| agree(off))?;
        let many = agree(most);
        (many >= 2 && many > near.len()).then_some((TimeWitness::Devices, most))
    }
}

/// Stamps made under a wrong clock, and what they have to become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retiming {
    /// The ledger's time until now, µs.
    pub(crate) was: i64,
    /// The right time, µs.
    pub(crate) right: i64,
    /// Stamps from here on were made under the wrong clock, as far as is known.
    pub(crate) since: Option<i64>,
}

impl Retiming {
    /// What a stamp becomes. A clock that was behind made stamps too early: they move on, and what began there ends
    /// later. One that was ahead made them too late: none may lie after now, and the rest stay, since a clock that
    /// began too late only ends later. What lies in the future, people have named: it stays.
    pub(crate) fn of(&self, stamp: i64) -> i64 {
        if self.right > self.was {
            return self.truly(stamp);
        }
        if stamp > self.was {
            return stamp;
        }
        stamp.min(self.right)
    }

    /// What the stamp of a command's key becomes. A time that moves on makes no key older: should it be taken back, a
    /// command that is sent again must still be known.
    pub(crate) fn of_key(&self, stamp: i64) -> i64 {
        if self.right <= self.was {
            return self.of(stamp);
        }
        stamp
            .saturating_add(self.right - self.was)
            .min(self.right.max(stamp))
    }

    /// When what is stamped so happened, as far as is known.
    pub(crate) fn truly(&self, stamp: i64) -> i64 {
        if stamp == i64::MIN || stamp > self.was {
            return stamp;
        }
        let moved = match self.since {
            Some(since) if stamp >= since => {
                stamp.saturating_add(self.right.saturating_sub(self.was))
            }
            _ => stamp,
        };
        moved.min(self.right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_under_a_wrong_clock_never_begin_earlier() {
        let ahead = Retiming {
            was: 1_000,
            right: 400,
            since: Some(950),
        };
        assert_eq!(
            [0, 400, 401, 1_000].map(|s| ahead.of(s)),
            [0, 400, 400, 400]
        );
        assert_eq!(ahead.of(1_001), 1_001);
        assert_eq!(ahead.of(i64::MIN), i64::MIN);
        assert_eq!([300, 949, 960].map(|s| ahead.truly(s)), [300, 400, 360]);
        let behind = Retiming {
            was: 1_000,
            right: 1_600,
            since: Some(900),
        };
        assert_eq!([899, 900, 1_000].map(|s| behind.of(s)), [899, 1_500, 1_600]);
        assert_eq!([100, 1_000].map(|s| behind.of_key(s)), [700, 1_600]);
        assert_eq!([100, 1_000].map(|s| ahead.of_key(s)), [100, 400]);
    }
}
