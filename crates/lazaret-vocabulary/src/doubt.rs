//! Why a ledger cannot believe its clock.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Example;
use crate::time::{Span, When};
use crate::told;

/// Who says what time it is, besides the server's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeWitness {
    /// The clock of the database.
    Database,
    /// The devices of several people.
    Devices,
}

impl fmt::Display for TimeWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeWitness::Database => "the clock of the database says",
            TimeWitness::Devices => "the devices of several people say",
        })
    }
}

impl Example for TimeWitness {
    fn example() -> Self {
        TimeWitness::Devices
    }
}

impl Example for Doubt {
    fn example() -> Self {
        Doubt::Contradicted {
            wall: Example::example(),
            says: Example::example(),
            witness: Example::example(),
        }
    }
}

/// The time between two instants, whichever comes first.
fn between(a: When, b: When) -> Span {
    let apart = a.0.as_microsecond().abs_diff(b.0.as_microsecond());
    Span::from_micros(apart.try_into().unwrap_or(i64::MAX))
}

told! {
    /// Why the ledger's time is in doubt. `wall` is what the server's clock read.
    pub enum Doubt {
        Jumped { wall: When, steady: When } = ("the server's clock reads {wall}, but by its steady clock it is {steady}: it jumped {} {}", between(*wall, *steady), if wall > steady { "ahead" } else { "back" });
        Future { wall: When, last: When } = ("the last record was made at {last}, but the server's clock reads {wall}, {} before it", between(*wall, *last));
        Silence { wall: When, last: When } = ("the last record was made at {last}, and the server's clock reads {wall}: nothing confirms that {} have passed", between(*wall, *last));
        Contradicted { wall: When, says: When, witness: TimeWitness } = ("the server's clock reads {wall}, but {witness} it is {says}");
        Recorded { because: String } = ("{because}");
    }
}
