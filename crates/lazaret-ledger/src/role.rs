//! Who may say what: groups of roles, and the roles of each event by its family.

use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::Role;
use lazaret_vocabulary::event::entry::Role::{
    Administrator, Auditor, ChiefOfficer, Crew, DisinfectionLead, Dispatcher, Gate,
    QuarantineOfficer, YardMaster,
};

use crate::family::in_family;

/// What the ledger says itself.
pub(crate) const NOBODY: &[Role] = &[];
pub(crate) const ADMINISTRATOR: &[Role] = &[Administrator];
pub(crate) const YARD: &[Role] = &[YardMaster, Crew];
pub(crate) const ARRIVALS: &[Role] = &[YardMaster, Gate];
pub(crate) const TREATMENT: &[Role] = &[DisinfectionLead, Crew];
pub(crate) const PAUSES: &[Role] = &[YardMaster, DisinfectionLead, Crew];
pub(crate) const OFFICERS: &[Role] = &[QuarantineOfficer, ChiefOfficer];
pub(crate) const FINDERS: &[Role] = &[
    QuarantineOfficer,
    ChiefOfficer,
    YardMaster,
    DisinfectionLead,
    Crew,
];
pub(crate) const COUNTERS: &[Role] = &[YardMaster, Crew, QuarantineOfficer];
pub(crate) const ENTRANTS: &[Role] = &[YardMaster, Gate, Crew, QuarantineOfficer, ChiefOfficer];
pub(crate) const PAPERS: &[Role] = &[YardMaster, Gate, QuarantineOfficer];
pub(crate) const DISPATCH: &[Role] = &[Dispatcher];
pub(crate) const CHIEF: &[Role] = &[ChiefOfficer];
pub(crate) const RULES: &[Role] = &[Administrator, ChiefOfficer];
pub(crate) const CLEARANCE: &[Role] = &[Administrator, QuarantineOfficer, ChiefOfficer];
pub(crate) const SHIFTS: &[Role] = &[
    YardMaster,
    DisinfectionLead,
    QuarantineOfficer,
    ChiefOfficer,
    Dispatcher,
    Gate,
    Crew,
];
pub(crate) const ANYBODY: &[Role] = &[
    YardMaster,
    DisinfectionLead,
    QuarantineOfficer,
    ChiefOfficer,
    Dispatcher,
    Gate,
    Crew,
    Auditor,
    Administrator,
];

/// The roles that may say that this happened; empty for what the ledger says itself.
#[must_use]
pub fn roles_for(happening: &Happening) -> &'static [Role] {
    in_family!(happening, event => event.who())
}
