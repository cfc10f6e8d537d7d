//! Why a treatment does not count.

use std::fmt;

use lazaret_vocabulary::event::Example;
use lazaret_vocabulary::event::entry::{AgentName, LineName};
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
    fn unit(self) -> &'static str {
        match self {
            Asked::Time => "s",
            Asked::Least | Asked::Final => "mg/m³",
            Asked::ConcentrationTime => "mg·h/m³",
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
        TooShort { lasted_s: u64, asked_s: u64, pauses: bool } = ("it lasted {lasted_s} s of {asked_s} s{}", if *pauses { ", pauses aside" } else { "" });
        NothingRead = ("nothing was read");
        TooFewLines { read: u32, asked: u32 } = ("{read} of {asked} lines were read");
        NoAgent = ("no agent was recorded");
        OtherAgent { agent: AgentName } = ("{agent} is not an agent of the protocol");
        NoBand { temperature_mc: i32 } = ("{} °C is in no band of the protocol", celsius(*temperature_mc));
        Gap { gap_s: u64, allowed_s: u64 } = ("{gap_s} s went by without a reading; {allowed_s} s are allowed");
        TooLittle { measure: Asked, found: u64, asked: u64, coldest_mc: i32 } = ("{measure} was {found} {} of {asked} {} at {} °C", measure.unit(), measure.unit(), celsius(*coldest_mc));
        NeverReached { asked_mg_m3: u32, most_mg_m3: u32 } = ("no reading reached the starting concentration of {asked_mg_m3} mg/m³; the most was {most_mg_m3} mg/m³");
        NoDose { asked_mg_m3: u32 } = ("no dose was recorded, and {asked_mg_m3} mg/m³ are asked");
        SmallDose { dose_mg_m3: u32, asked_mg_m3: u32 } = ("the dose was {dose_mg_m3} mg/m³ of {asked_mg_m3} mg/m³");
        ReadOnce = ("it was read once, and a time needs two readings");
        OffSchedule { after_s: u64, within_s: u64 } = ("nothing was read {after_s} s after the exposure began, {within_s} s more or less");
        LowAt { after_s: u64, found_mg_m3: u32, asked_mg_m3: u32 } = ("the concentration after {after_s} s was {found_mg_m3} mg/m³ of {asked_mg_m3} mg/m³");
        TooWarm { warmest_mc: i32, limit_mc: i32 } = ("it was {} °C warm, and {} °C is the most", celsius(*warmest_mc), celsius(*limit_mc));
        NotKept { from_mc: i32, below_mc: i32, kept_s: u64, asked_s: u64 } = ("it was from {} to below {} °C for {kept_s} s without a break, of {asked_s} s", celsius(*from_mc), celsius(*below_mc));
    }
}

fn celsius(thousandths: i32) -> String {
    let tenths = thousandths.unsigned_abs() / 100;
    let minus = if thousandths < 0 { "-" } else { "" };
    format!("{minus}{}.{}", tenths / 10, tenths % 10)
}
