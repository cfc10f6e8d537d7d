//! Why a treatment does not count.

use std::fmt;

use lazaret_vocabulary::event::Example;
use lazaret_vocabulary::event::entry::{AgentName, LineName};
use lazaret_vocabulary::time::spelled;
use lazaret_vocabulary::told;
use serde::{Deserialize, Serialize};

/// Why a treatment does not count: what is wrong, and on which line of readings if it is wrong on one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// The line; none if it is wrong on all, or readings have no lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineName>,
    /// What is wrong.
    #[serde(flatten)]
    pub what: Shortfall,
}

impl From<Shortfall> for Fault {
    fn from(what: Shortfall) -> Self {
        Fault { line: None, what }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = &self.line {
            write!(f, "line {line}: ")?;
        }
        self.what.fmt(f)
    }
}

/// What a band asks of the time under an agent and of its concentration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Time under the agent, s.
    Time,
    /// The least concentration, mg/m³.
    Least,
    /// The final concentration, mg/m³.
    Final,
    /// Concentration × time, mg·h/m³.
    ConcentrationTime,
}

impl Asked {
    /// An amount of this measure, with its unit.
    fn amount(self, amount: u64) -> String {
        match self {
            Asked::Time => spelled(amount),
            Asked::Least | Asked::Final => format!("{amount} mg/m³"),
            Asked::ConcentrationTime => format!("{amount} mg·h/m³"),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Asked::Time => "time under the agent",
            Asked::Least => "the least concentration",
            Asked::Final => "the final concentration",
            Asked::ConcentrationTime => "concentration × time",
        })
    }
}

impl Example for Asked {
    fn example() -> Self {
        Asked::ConcentrationTime
    }
}

told! {
    /// What a treatment lacks. Times are in seconds, concentrations in mg/m³, temperatures in thousandths of a degree
    /// Celsius.
    pub enum Shortfall {
        TooShort { lasted_s: u64, asked_s: u64, pauses: bool } = ("it lasted {} of {}{}", spelled(*lasted_s), spelled(*asked_s), if *pauses { ", not counting pauses" } else { "" });
        NothingRead = ("nothing was read");
        TooFewLines { read: u32, asked: u32 } = ("{read} of {asked} lines were read");
        NoAgent = ("no agent was recorded");
        OtherAgent { agent: AgentName } = ("{agent} is not an agent of the protocol");
        NoBand { temperature_mc: i32 } = ("{} °C is in no band of the protocol", celsius(*temperature_mc));
        Gap { gap_s: u64, allowed_s: u64 } = ("there was no reading for {}; the limit is {}", spelled(*gap_s), spelled(*allowed_s));
        TooLittle { measure: Asked, found: u64, asked: u64, coldest_mc: i32 } = ("{measure} was {} of {} at {} °C", measure.amount(*found), measure.amount(*asked), celsius(*coldest_mc));
        NeverReached { asked_mg_m3: u32, most_mg_m3: u32 } = ("no reading reached the starting concentration of {asked_mg_m3} mg/m³; the most was {most_mg_m3} mg/m³");
        NoDose { asked_mg_m3: u32 } = ("no dose was recorded, but {asked_mg_m3} mg/m³ are required");
        SmallDose { dose_mg_m3: u32, asked_mg_m3: u32 } = ("the dose was {dose_mg_m3} mg/m³ of {asked_mg_m3} mg/m³");
        ReadOnce = ("there was one reading, but a length of time needs two");
        OffSchedule { after_s: u64, within_s: u64 } = ("there was no reading {} after the exposure began, give or take {}", spelled(*after_s), spelled(*within_s));
        LowAt { after_s: u64, found_mg_m3: u32, asked_mg_m3: u32 } = ("the concentration after {} was {found_mg_m3} mg/m³ of {asked_mg_m3} mg/m³", spelled(*after_s));
        TooWarm { warmest_mc: i32, limit_mc: i32 } = ("it was {} °C warm, but the limit is {} °C", celsius(*warmest_mc), celsius(*limit_mc));
        NotKept { from_mc: i32, below_mc: i32, kept_s: u64, asked_s: u64 } = ("it was from {} to below {} °C without a break for {} of {}", celsius(*from_mc), celsius(*below_mc), spelled(*kept_s), spelled(*asked_s));
    }
}

/// A temperature in degrees, with one to three decimals, so that two that differ never read the same.
pub(crate) fn celsius(thousandths: i32) -> String {
    let size = thousandths.unsigned_abs();
    let minus = if thousandths < 0 { "-" } else { "" };
    let decimals = format!("{:03}", size % 1_000);
    let (first, rest) = decimals.split_at(1);
    format!(
        "{minus}{}.{first}{}",
        size / 1_000,
        rest.trim_end_matches('0')
    )
}
