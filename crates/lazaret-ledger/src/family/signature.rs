//! Signatures and the release that follows from the last.

use lazaret_vocabulary::event::entry::{Entry, PersonName, Role, Signatures};
use lazaret_vocabulary::event::rules::Protocol;
use lazaret_vocabulary::event::{Happening, LotId, Release};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object};
use crate::refusal::{Fact, Refusal, Remedy};
use crate::role::{NOBODY, OFFICERS};
use crate::rule::Rule;
use crate::spelling::{Kind, key};
use crate::state::apply::Touch;
use crate::state::{Flag, State};

impl<'a> Meaning<'a> for Release<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Release::LotReleased { .. } => NOBODY,
        }
    }

    fn decide(self, judge: &Judge<'_>, _: &mut Said) -> Result<(), Refusal> {
        match self {
            // Nobody may say this; it is here for the test that lets somebody say it.
            Release::LotReleased { lot } => judge.lot_here(lot).map(drop),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        _: (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Release::LotReleased { lot } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.lots[lot].set(Flag::Released, true);
                state.totals.lots_released += 1;
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Release::LotReleased { lot } => format!("lot {lot} was released"),
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Release::LotReleased { lot: id } => {
                let step = exchange.step("releasing", "inspecting");
                let mut fields = object("OBSERVE", &step, "available", vec![exchange.lot(id)]);
                fields.insert(
                    "persistentDisposition".into(),
                    json!({ "unset": ["unavailable"], "set": ["conformant"] }),
                );
                fields
            }
        })
    }
}

impl<'a> Meaning<'a> for Signatures<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Signatures::Signed { .. } | Signatures::SignatureWithdrawn { .. } => OFFICERS,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Signatures::Signed { lot, .. } | Signatures::SignatureWithdrawn { lot, .. } => {
                judge.lot_came(lot).into_iter().collect()
            }
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Signatures::Signed {
                lot,
                signer,
                meaning,
                ..
            } => judge.signed(lot, signer, meaning, said),
            Signatures::SignatureWithdrawn {
                lot,
                signer,
                because,
            } => judge.withdrawn(lot, signer, because),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        _: (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Signatures::Signed { lot, signer, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let signer = state.person(signer);
                let row = &mut state.lots[lot];
                if let Some(place) = row.signers.get_mut(usize::from(row.signatures)) {
                    *place = Some(signer);
                    row.signatures += 1;
                }
            }
            Signatures::SignatureWithdrawn { lot, signer, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                let signer = state.person(signer);
                let row = &mut state.lots[lot];
                if let Some(at) = row.signers.iter().position(|&by| by == Some(signer)) {
                    row.signers[at..].rotate_left(1);
                    if let Some(last) = row.signers.last_mut() {
                        *last = None;
                    }
                    row.signatures -= 1;
                    // A release that lacks a signature is none.
                    row.set(Flag::Released, false);
                }
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Signatures::Signed {
                lot,
                signer,
                meaning,
                ..
            } => format!("{signer} signed for {lot}: {meaning}"),
            Signatures::SignatureWithdrawn {
                lot,
                signer,
                because,
            } => format!("{signer} took back their signature for {lot}: {because}"),
        }
    }
}

impl Judge<'_> {
    pub(crate) fn signed(
        &self,
        lot: &LotId,
        signer: &PersonName,
        meaning: &str,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        let row = self.state.lot(number);
        self.need(Rule::Signers, *signer == self.command.by, || {
            (
                Fact::SignsAsOther {
                    person: self.command.by.clone(),
                    signer: signer.clone(),
                },
                Remedy::SignForYourself,
            )
        })?;
        self.need(Rule::Signers, !meaning.trim().is_empty(), || {
            (Fact::SignatureEmpty, Remedy::SayWhatIsSigned)
        })?;
        if row.is(Flag::Released) {
            return Err(Refusal::new(
                Rule::Known,
                Fact::AlreadyReleased { lot: lot.clone() },
                Remedy::NothingToSign,
            ));
        }
        if let Some(reason) = self.gate.unfulfilled(number).into_iter().next() {
            return Err(reason);
        }
        self.cleared(signer)?;
        self.need(
            Rule::Signers,
            !self
                .state
                .signers(number)
                .iter()
                .any(|earlier| same_person(earlier, signer)),
            || {
                (
                    Fact::SignedAlready {
                        signer: signer.clone(),
                        lot: lot.clone(),
                    },
                    Remedy::OtherSigns,
                )
            },
        )?;
        let judged = self.state.handlers_of(number).any(|handling| {
            let handler = PersonName::new(self.state.person_names.get(handling.person));
            handling.judged && same_person(&handler, signer)
        });
        self.need(Rule::Independent, !judged, || {
            (
                Fact::TreatedOrTested {
                    signer: signer.clone(),
                    lot: lot.clone(),
                },
                Remedy::NeutralSigns,
            )
        })?;
        // Asked again now: a signature of somebody who should not have signed any more counts for nothing.
        let fallen = self.state.fallen_signatures(number);
        let count = usize::from(row.signatures) - fallen.len() + 1;
        for fallen in fallen {
            said.before.push(self.now(Entry::SignatureWithdrawn {
                lot: lot.clone(),
                because: format!("it counts no more: {fallen}"),
                signer: fallen.signer,
            }));
        }
        let last = count >= usize::from(row.signatures_needed) || self.without(Rule::Signers);
        let chief = self
            .state
            .roles_of(signer)
            .contains(&lazaret_vocabulary::event::entry::Role::ChiefOfficer);
        self.need(Rule::Signers, !last || chief, || {
            let early = self.state.signers(number).into_iter().find(|earlier| {
                let roles = self.state.roles_of(earlier);
                roles.contains(&lazaret_vocabulary::event::entry::Role::ChiefOfficer)
            });
            let remedy = match early {
                // Else one chief who was too quick would keep the lot here for ever.
                Some(early) => Remedy::ChiefSignsAgain {
                    early,
                    signer: signer.clone(),
                },
                None => Remedy::ChiefSignsLast,
            };
            let signer = signer.clone();
            (Fact::NotChief { signer }, remedy)
        })?;
        let mut pins: Vec<_> = (self.state.versions_of(number).map(Protocol::pin)).collect();
        said.own = Some(
            Entry::Signed {
                lot: lot.clone(),
                signer: signer.clone(),
                meaning: meaning.to_owned(),
                pin: pins.pop(),
                also: pins,
            }
            .into(),
        );
        if last {
            said.after
                .push(self.now(Happening::LotReleased { lot: lot.clone() }));
        }
        Ok(())
    }

    pub(crate) fn withdrawn(
        &self,
        lot: &LotId,
        signer: &PersonName,
        because: &str,
    ) -> Result<(), Refusal> {
        let number = self.lot_here(lot)?;
        self.need(Rule::Signers, *signer == self.command.by, || {
            (
                Fact::WithdrawsOther {
                    person: self.command.by.clone(),
                    signer: signer.clone(),
                },
                Remedy::TakeBackOwn,
            )
        })?;
        self.need(Rule::Signers, !because.trim().is_empty(), || {
            (Fact::WithdrawalUnexplained, Remedy::SayWhy)
        })?;
        if self.state.lot(number).is(Flag::Released) {
            return Err(Refusal::new(
                Rule::Signers,
                Fact::Released { lot: lot.clone() },
                Remedy::OpenException,
            ));
        }
        if self.state.signers(number).contains(signer) {
            return Ok(());
        }
        Err(Refusal::new(
            Rule::Known,
            Fact::NotSigned {
                signer: signer.clone(),
                lot: lot.clone(),
            },
            Remedy::NothingToTakeBack,
        ))
    }
}

/// Whether two names are one person's. An earlier version made two people of two spellings; they give one signature.
pub(crate) fn same_person(one: &PersonName, other: &PersonName) -> bool {
    one == other || key(Kind::Plain, one.as_str()) == key(Kind::Plain, other.as_str())
}
