//! What facts and remedies are made of, besides the names of the vocabulary.

use std::fmt;

pub use lazaret_vocabulary::event::Noun;
use lazaret_vocabulary::event::entry::{Hazard, PersonName, Role, SampleId};
use lazaret_vocabulary::event::{ConvoyId, Example, LotId, StepName, VehicleId};
pub use lazaret_vocabulary::time::When;
use lazaret_vocabulary::told;
use serde::{Deserialize, Serialize};

use crate::rule::Warning;
use crate::segregation::{Hazards, Segregation};
use crate::spelling::{BadName, NAME_MAX};
use crate::state::{Stage, timestamp};

/// An instant of the state, in µs.
pub(crate) fn when(us: i64) -> When {
    When(timestamp(us))
}

/// Classes of danger of a lot, such as `3` or `1.4S`; empty if its papers name none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Dangers(pub Vec<Hazard>);

impl From<&Hazards> for Dangers {
    fn from(hazards: &Hazards) -> Self {
        let classes = hazards.classes();
        Dangers(
            classes
                .map(|class| Hazard::new(class.to_string()))
                .collect(),
        )
    }
}

impl fmt::Display for Dangers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no hazard");
        }
        write!(f, "class {}", list(&self.0, " and "))
    }
}

/// How near to each other goods may be of which the tables of segregation ask less than separation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// Away from each other.
    Away,
    /// Beside each other as far as that note of IMDG 7.2.7.1.4 allows it.
    UnderNote(u8),
    /// In different wagons.
    OtherWagon,
}

impl Nearness {
    /// What is asked of goods that may be near each other; none if nothing is asked, or more than a warning.
    pub(crate) fn of(asked: Segregation) -> Option<Nearness> {
        match asked {
            Segregation::Away => Some(Nearness::Away),
            Segregation::UnderNote(note) => Some(Nearness::UnderNote(note)),
            _ => None,
        }
    }
}

impl fmt::Display for Nearness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Nearness::Away => f.write_str("kept away from"),
            Nearness::UnderNote(note) => {
                write!(f, "placed as note {note} of IMDG 7.2.7.1.4 allows next to")
            }
            Nearness::OtherWagon => f.write_str("in another wagon than"),
        }
    }
}

/// A signature that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fallen {
    /// Whose.
    pub signer: PersonName,
    /// Whether their clearance was taken from them; otherwise they are no longer an officer.
    pub lapsed: bool,
}

impl fmt::Display for Fallen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signer = &self.signer;
        if self.lapsed {
            write!(f, "the clearance of {signer} was taken from them")
        } else {
            write!(f, "{signer} is no longer an officer")
        }
    }
}

told! {
    /// What an event cannot have been before. The sentence goes on with the instant of it.
    pub enum Milestone {
        SampleTaken { sample: SampleId } = ("sample {sample} was taken at");
        LotCame { lot: LotId } = ("{lot} came to its present place at");
        LotUnloaded { lot: LotId } = ("{lot} was unloaded at");
        StepBegan { step: StepName, lot: LotId } = ("{step} of {lot} began at");
        VehicleLeft { vehicle: VehicleId } = ("vehicle {vehicle} left at");
        VehicleCame { vehicle: VehicleId } = ("vehicle {vehicle} arrived at");
        VehicleMoved { vehicle: VehicleId } = ("vehicle {vehicle} came to its present place at");
        VehicleEmptied { vehicle: VehicleId } = ("vehicle {vehicle} was emptied at");
        ConvoyAnnounced { convoy: ConvoyId } = ("{convoy} was announced at");
        LedgerFounded = ("the ledger was founded at");
    }
}

told! {
    /// A moment in the past of a lot that was here before the ledger. The sentence goes on with its instant.
    pub enum PastMoment {
        Arrived = ("its arrival at");
        Unloaded = ("its unloading at");
        TreatmentBegan { step: StepName } = ("the beginning of {step} at");
        TreatmentEnded { step: StepName } = ("the end of {step} at");
        SampleTaken { sample: SampleId } = ("the taking of sample {sample} at");
        HoldBegan = ("the beginning of its hold at");
        Recorded = ("the time of this entry,");
    }
}

told! {
    /// Why a text cannot be a new name.
    pub enum NameFault {
        Empty = ("a name has at least one letter or digit");
        Long { characters: usize } = ("a name has at most {NAME_MAX} characters, and this one has {characters}");
        Control { code: u32 } = ("a name has no control characters, and this one has U+{code:04X}");
    }
}

impl From<&BadName> for NameFault {
    fn from(bad: &BadName) -> Self {
        match *bad {
            BadName::Empty => NameFault::Empty,
            BadName::Long(characters) => NameFault::Long { characters },
            BadName::Control(code) => NameFault::Control { code },
        }
    }
}

/// Examples of the terms.
macro_rules! examples {
    ($($type:ty = $value:expr;)*) => {$(
        impl Example for $type {
            fn example() -> Self {
                $value
            }
        }
    )*};
}

examples! {
    Dangers = Dangers(Example::example());
    Nearness = Nearness::UnderNote(2);
    Fallen = Fallen { signer: Example::example(), lapsed: true };
    Milestone = Milestone::LotCame { lot: Example::example() };
    PastMoment = PastMoment::TreatmentEnded { step: Example::example() };
    NameFault = NameFault::Control { code: 10 };
    Stage = Stage::SentBack;
    Warning = Warning::LookAlike;
    super::Less = super::Less::LessRest;
}

/// Chooses one of two halves of a sentence.
pub(super) struct Whether<'a>(pub(super) bool, pub(super) &'a str, pub(super) &'a str);

impl fmt::Display for Whether<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { self.1 } else { self.2 })
    }
}

/// The items with `between` in between.
pub(super) fn list<T: fmt::Display>(items: &[T], between: &str) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(between)
}

/// A role as a sentence says it.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::YardMaster => "yard master",
        Role::DisinfectionLead => "disinfection lead",
        Role::QuarantineOfficer => "quarantine officer",
        Role::ChiefOfficer => "chief officer",
        Role::Dispatcher => "dispatcher",
        Role::Gate => "gate",
        Role::Crew => "crew",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
    }
}
