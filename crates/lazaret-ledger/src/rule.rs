//! The rules of a gateway by number.
//!
//! Letters: G goods, C contacts, W vehicles, P people, S places, A the record. Every refusal names one rule, the fact
//! that breaks it and what would make the command acceptable.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $says:literal;)*) => {
        /// One rule. Its text is what a screen shows first; `docs/rules.md` gives reason and test.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Rule {$(
            #[cfg_attr(feature = "openapi", schema(rename = $code))]
            $(#[$doc])*
            #[doc = ""]
            #[doc = $says]
            $name,
        )*}

        impl Rule {
            /// Every rule, in order.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// Its number, such as `G3c`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Rule::$name => $code),* }
            }

            /// What it says, as one clause.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Rule::$name => $says),* }
            }
        }
    };
}

rules! {
    /// No command holds goods; only a release frees them.
    Held = "G1": "goods are held from entry until they are released";
    /// Destruction, return and dispatch each ask for their own decision at the one gate.
    Decided = "G2": "goods leave only by the way that was decided for them";
    /// Judged by the protocol version that the lot is under.
    Treated = "G3a": "every treatment of the protocol must have ended and be valid";
    /// By elapsed time, not by calendar day.
    ClockRun = "G3b": "the quarantine clock must have run";
    /// Samples taken too early, or before a restart, prove nothing.
    Tested = "G3c": "every test and inspection of the protocol must have been passed";
    /// Frozen lots stay, whoever signs.
    NoException = "G3d": "no exception may be open on the lot";
    /// One person cannot release alone.
    Signers = "G3e": "different people must sign, as many as the protocol requires, the last of them a chief officer";
    /// Whoever treated or tested would judge their own work.
    Independent = "G3f": "a signer must neither have treated nor tested the lot";
    /// A late entry may lengthen a hold.
    NeverShorter = "G4": "the clock of a hold never gets shorter";
    /// Pieces and mass.
    Conserved = "G5": "everything that came in must be here, have left, been destroyed or been declared lost";
    /// A split cannot free goods.
    HoldsFollow = "G6": "everything that holds a lot holds every part of it";
    /// Nothing is in two places.
    OnePlace = "G7": "a thing is in one place at a time and moves only along existing ways";
    /// The wall between dirty and clean.
    OneWay = "G8": "goods cross from dirty to clean once, treated, and never back without starting again";
    /// With everything it may have touched, in the same record.
    Positive = "G9": "a positive test stops the lot and everything it may have touched";
    /// Restarts by contact, mixing or contamination.
    Restarts = "C1": "contact with something dirtier or later restarts the clock";
    /// Empty and washed.
    VehicleClean = "W1": "a vehicle goes home only empty, washed after its last load, and as its source demands";
    /// Work starts only with clearance.
    Cleared = "P1": "a person who works or signs must be cleared, trained for the agent, rested and on shift";
    /// The personnel gate.
    PersonGate = "P2": "a person who worked on the dirty side must pass the personnel gate before working on the clean side";
    /// Sick people.
    Sick = "P3": "a person who reports sick stops what they handled";
    /// Slots.
    Room = "S1": "a slot never holds more than its room";
    /// Open places.
    Open = "S1b": "a closed or broken place takes nothing new";
    /// Goods that must stand apart.
    Apart = "S2": "goods that must be kept apart are never together";
    /// Agents.
    Agent = "S3": "an agent must be one that the protocol names and the goods tolerate";
    /// Corrections.
    Corrects = "A1": "history is corrected by a new record that names the old";
    /// Keys.
    Once = "A4": "a command counts once";
    /// Warnings.
    Acknowledged = "A8": "a warning must be acknowledged by name";
    /// Clocks of devices.
    Skew = "A10": "an entry cannot come from the future, and credit for earlier time needs a witness";
    /// The ledger's own clock.
    OwnClock = "A11": "unconfirmed time does not count, and two people must confirm the correct time";
    /// Roles.
    Allowed = "R1": "each role may do only its own work";
    /// Names.
    Known = "K1": "a command must refer to things that exist, and create only new ones";
    /// Trial runs.
    Trial = "X1": "trial runs and real goods are kept apart";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.says())
    }
}

impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Rule::ALL
            .iter()
            .copied()
            .find(|rule| rule.code() == code)
            .ok_or_else(|| serde::de::Error::custom(format!("no rule is numbered `{code}`")))
    }
}

/// Something that may be done, but only by somebody who says that they know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The mark fails its check digit; it is kept as unverified.
    UnverifiedMark,
    /// No papers announced this vehicle.
    NoPapers,
    /// Seals differ from the papers.
    SealsDiffer,
    /// Goods that should be away from each other get near.
    Near,
    /// A lot goes back to the dirty side: its treatment, tests and clock are void.
    BackToDirty,
    /// A sample is taken too early to count.
    EarlySample,
    /// Goods are declared lost.
    Loss,
    /// A new lot can be taken for another by its name.
    LookAlike,
}

impl Warning {
    /// Its name as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Warning::UnverifiedMark => "unverified_mark",
            Warning::NoPapers => "no_papers",
            Warning::SealsDiffer => "seals_differ",
            Warning::Near => "near",
            Warning::BackToDirty => "back_to_dirty",
            Warning::EarlySample => "early_sample",
            Warning::Loss => "loss",
            Warning::LookAlike => "look_alike",
        }
    }
}
