//! What only an office knows of a gateway: papers, counts, readings, tests, contacts, signatures, people and rules.
//!
//! A yard can be watched from outside; these cannot. They are variants of one enum of their own, so that whoever
//! simulates or infers need not name them, and they read and write as flat JSON like every other happening.
//!
//! Amounts are whole numbers of a stated unit, never floating point: a ledger adds them up and hashes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::doubt::Doubt;

use super::examples::Example;
use super::names::{Name, Named, Noun};
pub use super::rules::{AgentName, Pin, ProtocolName, TestName};
use super::rules::{Protocol, RuleBook};
use super::{ConvoyId, GoodsName, LotId, PlaceName, SourceName, Spot, StepName, Thing, VehicleId};

names! {
    /// The papers of a convoy, as its sender numbers them.
    ManifestId;
    /// A person who works at or for the gateway.
    PersonName;
    /// One sample taken from a lot.
    SampleId;
    /// Something that stops lots until it is settled.
    ExceptionId;
    /// A class or division of dangerous goods, such as `2.1`, with the compatibility group of an explosive: `1.4S`.
    Hazard;
    /// Where in the goods something is read: a sampling line, or a probe in the core.
    LineName;
}

/// Pieces and mass of goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tally {
    /// How many pieces.
    pub pieces: u32,
    /// Gross mass in kilograms.
    pub mass_kg: u32,
}

/// One line of a manifest: goods in one vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManifestLine {
    /// The vehicle's mark.
    pub vehicle: VehicleId,
    /// The lot that will be made of it.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// What the papers say is there.
    #[serde(flatten)]
    pub tally: Tally,
    /// Classes of danger, the primary one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    /// Marks of the seals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
    /// Who sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Who is to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
}

/// A child of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LotPart {
    /// Its name.
    pub lot: LotId,
    /// Its share.
    #[serde(flatten)]
    pub tally: Tally,
}

/// One reading during a treatment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reading {
    /// When it was read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Concentration in milligrams per cubic metre.
    pub concentration_mg_m3: u32,
    /// Temperature in thousandths of a degree Celsius.
    pub temperature_mc: i32,
    /// On which line. Each is judged by itself; readings without one are a line of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineName>,
}

/// What a test found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was found.
    Negative,
    /// What the test looks for was found.
    Positive,
    /// The test could not tell; it proves nothing.
    Inconclusive,
}

/// How two lots touch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// They travelled in the same vehicle.
    Vehicle(VehicleId),
    /// They were in the same unit of a place.
    Unit(PlaceName, u32),
    /// The same person handled both.
    Person(PersonName),
    /// Somebody saw them touch.
    Seen,
}

/// One link of a chain of contacts, with the records that made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// The lot on the side of the cause.
    pub from: LotId,
    /// What both touched.
    pub surface: Surface,
    /// The record that brought the first lot there, and the one that brought the second.
    pub records: [u64; 2],
}

/// A treatment that a lot had before the ledger began, as somebody states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StockTreatment {
    /// The step.
    pub step: StepName,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
}

/// A negative test that a lot had before the ledger began, as somebody states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StockTest {
    /// The test.
    pub test: TestName,
    /// The sample.
    pub sample: SampleId,
    /// When it was taken.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub taken: Timestamp,
}

/// A lot that was at the gateway before the ledger began, with its past as somebody states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StockLot {
    /// Its name.
    pub lot: LotId,
    /// Its class.
    pub goods: GoodsName,
    /// Where it came from.
    pub source: SourceName,
    /// Where it is.
    #[serde(flatten)]
    pub spot: Spot,
    /// Pieces and mass.
    #[serde(flatten)]
    pub tally: Tally,
    /// Classes of danger, the primary one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    /// When it arrived.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub arrived: Timestamp,
    /// When it was unloaded.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub unloaded: Timestamp,
    /// Its treatments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub treatments: Vec<StockTreatment>,
    /// Its tests, all negative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<StockTest>,
    /// Since when its hold counts; without it, it counts from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub held_from: Option<Timestamp>,
}

/// What a person is at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Directs what comes, moves and stands where.
    YardMaster,
    /// Directs treatments and washing.
    DisinfectionLead,
    /// Decides on holds and tests, and signs first.
    QuarantineOfficer,
    /// Signs last, and settles exceptions.
    ChiefOfficer,
    /// Loads and sends departures.
    Dispatcher,
    /// Checks what passes the gate.
    Gate,
    /// Does the work.
    Crew,
    /// Reads everything and writes notes.
    Auditor,
    /// Keeps people and rules; touches no goods.
    Administrator,
}

happenings! {
    /// What only an office knows.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    #[serde(tag = "event", rename_all = "snake_case")]
    pub enum Entry as EntryFamily {
        /// What a treatment is done with, and what comes of it.
        Dosage {
            /// What a treatment is done with.
            TreatmentDosed {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// With what.
                agent: AgentName,
                /// The agent's batch.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                batch: Option<String>,
                /// How much of it, in mg/m³: the first is the dose, more of the same is a top-up.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                dose_mg_m3: Option<u32>,
            }
            /// A reading during a treatment.
            TreatmentRead {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// What was read.
                reading: Reading,
            }
            /// Whether a treatment that ended was what its protocol asks.
            TreatmentJudged {
                /// The lot.
                lot: LotId,
                /// The step.
                step: StepName,
                /// Whether it counts.
                valid: bool,
                /// Time under the agent, in seconds.
                contact_s: u64,
                /// Concentration × time achieved, in mg·h/m³, if it was read.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                ct_mg_h_m3: Option<u64>,
                /// By which version it was judged.
                pin: Pin,
                /// Why it does not count, if so.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                because: Option<String>,
            }
            /// Treatments, tests and clock of a lot are void: it starts anew.
            TreatmentVoided {
                /// The lot.
                lot: LotId,
                /// Why.
                because: String,
            }
        }
        /// Samples and their results.
        Samples {
            /// A sample was taken from a lot.
            SampleTaken {
                /// The lot.
                lot: LotId,
                /// The sample.
                sample: SampleId,
                /// For which test.
                test: TestName,
            }
            /// A test of a sample came back.
            ResultEntered {
                /// The sample.
                sample: SampleId,
                /// What it found.
                outcome: Outcome,
                /// The exception that a positive result opens.
                exception: ExceptionId,
            }
        }
        /// Time that a clock is credited with.
        Credits {
            /// Somebody asks that a clock be credited with time before its record. Nothing counts until the witness confirms it.
            CreditAsked {
                /// The lot.
                lot: LotId,
                /// Since when it is to count.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                from: Timestamp,
                /// Who saw it, and is to confirm it.
                witness: PersonName,
            }
            /// A witness confirms by an entry of their own what they saw.
            CreditWitnessed {
                /// The lot.
                lot: LotId,
                /// Since when it counts, as they saw it: the same instant that was asked for.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                from: Timestamp,
            }
            /// A clock is credited with time before its record, because somebody else saw it start. As a command it asks for that,
            /// and is recorded as `credit_asked`; it follows from `credit_witnessed`.
            ClockCredited {
                /// The lot.
                lot: LotId,
                /// Since when it counts.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                from: Timestamp,
                /// Who saw it.
                witness: PersonName,
            }
        }
        /// Goods that were here before the ledger was.
        Stock {
            /// Somebody states which lots were here when the ledger began, and their past. The lots are held from this record
            /// on; of their past nothing counts until somebody else confirms it.
            StockRecorded {
                /// The lots.
                lots: Vec<StockLot>,
            }
            /// A second person confirms by an entry of their own the past that the lots of a record were stated to have.
            StockWitnessed {
                /// The record that states it.
                record: u64,
            }
            /// What was witnessed of the past of one lot counts from here on. Follows from `stock_witnessed`.
            StockCredited {
                /// The lot.
                lot: LotId,
                /// Treatments that are valid.
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                treated: Vec<StepName>,
                /// Tests that are passed.
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                tests: Vec<TestName>,
                /// Since when its clock counts, if it runs.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
                from: Option<Timestamp>,
            }
        }
        /// Signatures for a release.
        Signatures {
            /// Somebody signed for the release of a lot.
            Signed {
                /// The lot.
                lot: LotId,
                /// Who.
                signer: PersonName,
                /// What the signature says.
                meaning: String,
                /// The version of the protocol they found fulfilled: the latest that binds the lot; filled in by the ledger.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pin: Option<Pin>,
                /// Other versions that bind the lot and were fulfilled, the one it came under first; filled in by the ledger.
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                also: Vec<Pin>,
            }
            /// Somebody took back their signature for a lot that is not released yet.
            SignatureWithdrawn {
                /// The lot.
                lot: LotId,
                /// Whose signature.
                signer: PersonName,
                /// Why.
                because: String,
            }
        }
        /// Rules, the record itself and its time.
        Office {
            /// The rules of the place were set or changed: places, zones, contacts, vehicles.
            RulesAdopted {
                /// The rules.
                rules: Box<RuleBook>,
            }
            /// A version of a protocol was adopted.
            ProtocolAdopted {
                /// The protocol.
                protocol: Box<Protocol>,
            }
            /// Somebody proposed rules that ask for less than those in force, for another person to adopt.
            RulesProposed {
                /// The rules.
                rules: Box<RuleBook>,
            }
            /// Somebody proposed a version of a protocol that asks for less, for another person to adopt.
            ProtocolProposed {
                /// The protocol.
                protocol: Box<Protocol>,
            }
            /// The ledger stopped: its clock could not be right.
            TimeDoubted {
                /// What the server's clock read.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                wall: Timestamp,
                /// Why that cannot be believed.
                because: String,
                /// The same as data; older records have none.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                doubt: Option<Doubt>,
            }
            /// An administrator said what time it is; it counts once somebody else confirms it.
            TimeStated {
                /// The right time at the moment of the entry.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                time: Timestamp,
                /// The stamp of the first record that was made under a wrong clock, as the record has it. Without it the ledger
                /// takes what lengthens most.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
                wrong_since: Option<Timestamp>,
                /// How it is known.
                because: String,
            }
            /// A second person confirmed what time it is: the ledger goes by it from here on.
            TimeConfirmed {
                /// The record of the statement.
                record: u64,
                /// The right time at the moment of this entry; filled in by the ledger.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
                time: Option<Timestamp>,
                /// Stamps from here on are moved by as much as the clock was wrong; filled in by the ledger.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
                wrong_since: Option<Timestamp>,
            }
            /// An earlier record is corrected by what follows in this one.
            Corrected {
                /// Which record.
                record: u64,
                /// Why.
                because: String,
            }
            /// Somebody saw a warning and went on.
            WarningAcknowledged {
                /// Which.
                warning: String,
                /// Who.
                by: PersonName,
                /// What it said.
                fact: String,
            }
            /// A remark.
            Noted {
                /// On what; nothing for the gateway as a whole.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                thing: Option<Thing>,
                /// The remark.
                text: String,
            }
        }
        /// People and their work.
        People {
            /// A person was given roles; these replace earlier ones.
            PersonAppointed {
                /// Who.
                person: PersonName,
                /// What they are now; empty when they leave.
                roles: Vec<Role>,
            }
            /// A person was cleared for work.
            PersonCleared {
                /// Who.
                person: PersonName,
                /// First instant at which the clearance no longer holds.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                until: Timestamp,
                /// Agents they are trained for.
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                agents: Vec<AgentName>,
            }
            /// A person's clearance ended before its time.
            ClearanceLapsed {
                /// Who.
                person: PersonName,
                /// Why.
                because: String,
            }
            /// A person came on shift.
            PersonShiftStarted {
                /// Who.
                person: PersonName,
            }
            /// A person went off shift.
            PersonShiftEnded {
                /// Who.
                person: PersonName,
            }
            /// A person went through the personnel gate (wash and change) and counts as clean.
            PersonPassedGate {
                /// Who.
                person: PersonName,
            }
            /// A person reported sick: what they handled is in question.
            PersonReportedSick {
                /// Who.
                person: PersonName,
                /// Since when they may have been infectious.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                since: Timestamp,
                /// The exception this opens.
                exception: ExceptionId,
            }
            /// People did the work of the event before.
            Worked {
                /// On what.
                thing: Thing,
                /// Who.
                people: Vec<PersonName>,
            }
        }
        /// Papers of convoys.
        Papers {
            /// Papers came before the goods.
            ManifestAnnounced {
                /// Their number.
                manifest: ManifestId,
                /// The convoy they belong to.
                convoy: ConvoyId,
                /// Where it comes from.
                source: SourceName,
                /// When it is expected.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
                due: Option<Timestamp>,
                /// What they list.
                lines: Vec<ManifestLine>,
            }
            /// Papers were replaced by others of the same number.
            ManifestAmended {
                /// Their number.
                manifest: ManifestId,
                /// What they list now.
                lines: Vec<ManifestLine>,
                /// Why.
                because: String,
            }
            /// The sender took its papers back.
            ManifestWithheld {
                /// Their number.
                manifest: ManifestId,
                /// Why.
                because: String,
            }
            /// The gateway will not take what the papers announce.
            ManifestRefused {
                /// Their number.
                manifest: ManifestId,
                /// Why.
                because: String,
            }
            /// A convoy that was announced comes at another time.
            ConvoyPostponed {
                /// The convoy.
                convoy: ConvoyId,
                /// When it is expected now.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                due: Timestamp,
                /// Why.
                because: String,
            }
            /// A lot or vehicle was entered under a wrong name: no such thing is here. Counts once two people have said it,
            /// one of them an officer.
            NameVoided {
                /// What is not here.
                thing: Thing,
                /// How it came to be entered.
                because: String,
            }
            /// A convoy is an exercise: its lots are kept apart from real goods and never dispatched with them.
            TrialDeclared {
                /// The convoy.
                convoy: ConvoyId,
            }
        }
        /// Marks and seals of vehicles.
        Seals {
            /// A vehicle's mark and seals were compared with the papers.
            VehicleChecked {
                /// The vehicle as announced or placed.
                vehicle: VehicleId,
                /// The mark as read on it.
                mark: String,
                /// Seals as found.
                seals: Vec<String>,
            }
            /// An empty vehicle was sealed.
            VehicleSealed {
                /// The vehicle.
                vehicle: VehicleId,
                /// The seal's mark.
                seal: String,
            }
        }
        /// Counts, losses and splits of lots.
        Counts {
            /// A lot was counted and weighed.
            LotCounted {
                /// The lot.
                lot: LotId,
                /// What is there.
                #[serde(flatten)]
                tally: Tally,
            }
            /// A lot is not what its papers say.
            DiscrepancyFound {
                /// The lot.
                lot: LotId,
                /// The exception this opens.
                exception: ExceptionId,
                /// By the papers.
                papers: Tally,
                /// As found.
                found: Tally,
            }
            /// Part of a lot is gone: broken, spilt, eaten, stolen.
            LossDeclared {
                /// The lot.
                lot: LotId,
                /// How much.
                #[serde(flatten)]
                lost: Tally,
                /// How.
                because: String,
            }
            /// A lot became several; each inherits everything that holds it.
            LotSplit {
                /// The lot, which ends with this.
                lot: LotId,
                /// What it became.
                parts: Vec<LotPart>,
            }
        }
        /// Contacts, contamination and what stops lots.
        Exceptions {
            /// Lots were seen to touch or mix.
            ContactSeen {
                /// The lots.
                lots: Vec<LotId>,
                /// How.
                because: String,
            }
            /// Contamination was found on a thing or in a place.
            ContaminationFound {
                /// Where.
                on: Soiled,
                /// Since when it may have been there.
                #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
                since: Timestamp,
                /// What.
                because: String,
                /// The exception this opens if it reached lots that were already released.
                exception: ExceptionId,
            }
            /// Something stops lots until it is settled.
            ExceptionOpened {
                /// Its name.
                exception: ExceptionId,
                /// Lots it stops.
                lots: Vec<LotId>,
                /// What.
                because: String,
            }
            /// It is settled.
            ExceptionClosed {
                /// Its name.
                exception: ExceptionId,
                /// How.
                because: String,
            }
            /// A lot was stopped by an exception, and how it is connected with it.
            LotFrozen {
                /// The lot.
                lot: LotId,
                /// The exception.
                exception: ExceptionId,
                /// The contact that connects it, unless it is the cause itself.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                link: Option<Link>,
            }
            /// A lot that was released, or has left, is called back.
            LotRecalled {
                /// The lot.
                lot: LotId,
                /// The exception.
                exception: ExceptionId,
                /// The contact that connects it, unless it is the cause itself.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                link: Option<Link>,
            }
        }
    }
}

/// Where contamination was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Soiled {
    /// On a lot.
    Lot(LotId),
    /// In or on a vehicle.
    Vehicle(VehicleId),
    /// In a unit of a place.
    Unit(PlaceName, u32),
}
