//! Treatments: begun, dosed, read, paused, ended, judged, voided.

use jiff::Timestamp;
use lazaret_vocabulary::event::entry::{AgentName, Dosage, Entry, PersonName, Reading, Role};
use lazaret_vocabulary::event::rules::{ClockFrom, Side};
use lazaret_vocabulary::event::{
    GoodsName, LotId, PlaceName, Spot, StepName, Thing, Treatment as Treating,
};
use serde_json::{Map, Value, json};

use super::Meaning;
use crate::decide::times::Bound;
use crate::decide::{Judge, Said};
use crate::epcis::{Exchange, object, pin_uri};
use crate::index::LotIx;
use crate::refusal::{Fact, Refusal, Remedy, when};
use crate::role::{NOBODY, PAUSES, TREATMENT};
use crate::rule::Rule;
use crate::state::apply::{Touch, ends_with, starts_with};
use crate::state::{OpenTreatment, Pause, State, micros, seconds, timestamp};
use crate::treatment::{Treatment, judge as judge_treatment};
use crate::words::{cause_words, thing_words};
use crate::work::{Work, on_lot};

/// Characters in the name of a monitoring line.
const LINE_CHARS_MAX: usize = 64;

impl<'a> Meaning<'a> for Treating<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Treating::TreatmentStarted { .. } | Treating::TreatmentEnded { .. } => TREATMENT,
            Treating::WorkPaused { .. } | Treating::WorkResumed { .. } => PAUSES,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Treating::TreatmentStarted { lot: l, .. } => on_lot(l, true, true),
            Treating::TreatmentEnded { lot: l, .. } => on_lot(l, true, false),
            Treating::WorkPaused { .. } | Treating::WorkResumed { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Treating::TreatmentStarted { lot, .. } => {
                judge.lot_since(lot, Rule::Treated).into_iter().collect()
            }
            Treating::TreatmentEnded { lot, step, .. }
            | Treating::WorkPaused {
                thing: Thing::Lot(lot),
                step,
                ..
            }
            | Treating::WorkResumed {
                thing: Thing::Lot(lot),
                step,
            } => judge.treatment_from(lot, step).into_iter().collect(),
            Treating::WorkPaused { .. } | Treating::WorkResumed { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, said: &mut Said) -> Result<(), Refusal> {
        match self {
            Treating::TreatmentStarted { lot, step, spot } => {
                judge.treatment_started(lot, step, spot, said)
            }
            Treating::TreatmentEnded { lot, step, spot } => {
                judge.treatment_ended(lot, step, spot, said)
            }
            Treating::WorkPaused { thing, .. } | Treating::WorkResumed { thing, .. } => {
                judge.thing(thing)
            }
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Treating::TreatmentStarted { lot, step, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.base(lot, now, |from| starts_with(from, step));
                let step = state.step_names.add(step.as_str());
                state.treatments.insert(
                    lot,
                    OpenTreatment {
                        step,
                        from: at,
                        recorded: now,
                        agent: None,
                        dosed: at,
                        dose: None,
                        pauses: Vec::new(),
                        readings: Vec::new(),
                    },
                );
            }
            Treating::TreatmentEnded { lot, step, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.treatments.remove(&lot);
                state.lots[lot].treated_at = at;
                if state.treatment_bit(lot, step).is_none() {
                    state.base(lot, now, |from| ends_with(from, step));
                }
            }
            Treating::WorkPaused { thing, step, .. } => {
                if let Some(treatment) = state.paused(thing, step, touch)?
                    && treatment
                        .pauses
                        .last()
                        .is_none_or(|pause| pause.to.is_some())
                {
                    treatment.pauses.push(Pause {
                        from: at.max(treatment.from),
                        to: None,
                    });
                }
            }
            Treating::WorkResumed { thing, step } => {
                if let Some(treatment) = state.paused(thing, step, touch)?
                    && let Some(pause) = treatment.pauses.last_mut()
                    && pause.to.is_none()
                {
                    pause.to = Some(at.max(pause.from));
                }
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Treating::TreatmentStarted { lot, step, spot } => {
                format!("{step} of {lot} began in {} {}", spot.place, spot.unit)
            }
            Treating::TreatmentEnded { lot, step, .. } => format!("{step} of {lot} ended"),
            Treating::WorkPaused { thing, step, cause } => format!(
                "{step} of {} paused: {}",
                thing_words(thing),
                cause_words(cause)
            ),
            Treating::WorkResumed { thing, step } => {
                format!("{step} of {} resumed", thing_words(thing))
            }
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Treating::TreatmentEnded {
                lot: id,
                step,
                spot,
            } => {
                let step_name = exchange.step("disinfecting", "inspecting");
                let mut fields =
                    object("OBSERVE", &step_name, "in_progress", vec![exchange.lot(id)]);
                fields.insert("lz:step".into(), step.as_str().into());
                exchange.at(fields, spot)
            }
            Treating::TreatmentStarted { .. }
            | Treating::WorkPaused { .. }
            | Treating::WorkResumed { .. } => return None,
        })
    }
}

impl<'a> Meaning<'a> for Dosage<'a> {
    fn who(self) -> &'static [Role] {
        match self {
            Dosage::TreatmentDosed { .. } | Dosage::TreatmentRead { .. } => TREATMENT,
            Dosage::TreatmentJudged { .. } | Dosage::TreatmentVoided { .. } => NOBODY,
        }
    }

    fn work(self) -> Option<Work<'a>> {
        match self {
            Dosage::TreatmentDosed { lot: l, .. } | Dosage::TreatmentRead { lot: l, .. } => {
                on_lot(l, true, false)
            }
            Dosage::TreatmentJudged { .. } | Dosage::TreatmentVoided { .. } => None,
        }
    }

    fn bounds(self, judge: &Judge<'_>) -> Vec<Bound> {
        match self {
            Dosage::TreatmentDosed { lot, step, .. } | Dosage::TreatmentRead { lot, step, .. } => {
                judge.treatment_from(lot, step).into_iter().collect()
            }
            Dosage::TreatmentJudged { .. } | Dosage::TreatmentVoided { .. } => Vec::new(),
        }
    }

    fn instants(self) -> Vec<(&'static str, Timestamp)> {
        match self {
            Dosage::TreatmentRead { reading, .. } => vec![("reading.at", reading.at)],
            Dosage::TreatmentDosed { .. }
            | Dosage::TreatmentJudged { .. }
            | Dosage::TreatmentVoided { .. } => Vec::new(),
        }
    }

    fn decide(self, judge: &Judge<'_>, _: &mut Said) -> Result<(), Refusal> {
        match self {
            Dosage::TreatmentDosed {
                lot, step, agent, ..
            } => judge.dosed(lot, step, agent),
            Dosage::TreatmentRead { lot, step, reading } => judge.read(lot, step, reading),
            // The ledger's own entries stop at the matrix of roles; a note may say anything.
            Dosage::TreatmentJudged { .. } | Dosage::TreatmentVoided { .. } => Ok(()),
        }
    }

    fn apply(
        self,
        state: &mut State,
        _: &PersonName,
        (at, now): (i64, i64),
        touch: &mut Touch,
    ) -> Result<(), String> {
        match self {
            Dosage::TreatmentDosed {
                lot,
                agent,
                dose_mg_m3,
                ..
            } => {
                let agent = state.agent_names.add(agent.as_str());
                let lot = state.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = state.treatments.get_mut(&lot) {
                    // More of the same goes on from where it began; another agent begins anew.
                    if treatment.agent != Some(agent) || at < treatment.dosed {
                        treatment.dose = *dose_mg_m3;
                    }
                    if treatment.agent != Some(agent) {
                        (treatment.agent, treatment.dosed) = (Some(agent), at);
                    }
                    treatment.dosed = treatment.dosed.min(at).max(treatment.from);
                }
            }
            Dosage::TreatmentRead { lot, reading, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                if let Some(treatment) = state.treatments.get_mut(&lot) {
                    treatment.readings.push(reading.clone());
                }
            }
            Dosage::TreatmentJudged {
                lot, step, valid, ..
            } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                if let Some(bit) = state.treatment_bit(lot, step).filter(|_| *valid) {
                    state.lots[lot].treated |= 1 << bit;
                    state.base(lot, now, |from| ends_with(from, step));
                }
            }
            Dosage::TreatmentVoided { lot, .. } => {
                let lot = state.lot_touched(lot.as_str(), touch)?;
                state.void(lot, now);
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Dosage::TreatmentDosed {
                lot,
                step,
                agent,
                dose_mg_m3,
                ..
            } => match dose_mg_m3 {
                Some(dose) => format!("{agent} was applied for {step} of {lot}, {dose} mg/m³"),
                None => format!("{agent} was applied for {step} of {lot}"),
            },
            Dosage::TreatmentRead { lot, reading, .. } => {
                let line =
                    (reading.line.as_ref()).map_or_else(String::new, |at| format!(", line {at}"));
                format!(
                    "read for {lot}{line}: {} mg/m³ at {} °C",
                    reading.concentration_mg_m3,
                    f64::from(reading.temperature_mc) / 1000.0
                )
            }
            Dosage::TreatmentJudged {
                lot,
                step,
                valid: true,
                ..
            } => format!("{step} of {lot} counts"),
            Dosage::TreatmentJudged {
                lot, step, because, ..
            } => format!(
                "{step} of {lot} does not count: {}",
                because.as_deref().unwrap_or("no reason given")
            ),
            Dosage::TreatmentVoided { lot, because } => {
                format!("treatments, tests and clock of {lot} are void: {because}")
            }
        }
    }

    fn export(self, exchange: &Exchange) -> Option<Map<String, Value>> {
        Some(match self {
            Dosage::TreatmentJudged {
                lot: id,
                valid,
                pin,
                contact_s,
                ct_mg_h_m3,
                ..
            } => {
                let disposition = if *valid {
                    "conformant"
                } else {
                    "non_conformant"
                };
                let mut fields =
                    object("OBSERVE", "inspecting", disposition, vec![exchange.lot(id)]);
                let report = json!({ "type": "Time", "value": contact_s, "uom": "SEC" });
                fields.insert(
                    "sensorElementList".into(),
                    json!([{ "sensorReport": [report] }]),
                );
                if let Some(ct) = ct_mg_h_m3 {
                    // No unit of Recommendation 20 is for it.
                    fields.insert("lz:concentrationTimeMgHM3".into(), json!(ct));
                }
                fields.insert("lz:ruleId".into(), pin_uri(pin).into());
                fields
            }
            Dosage::TreatmentDosed { .. }
            | Dosage::TreatmentRead { .. }
            | Dosage::TreatmentVoided { .. } => return None,
        })
    }
}

impl Judge<'_> {
    pub(crate) fn treatment_started(
        &self,
        lot: &LotId,
        step: &StepName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_at(lot, spot)?;
        self.need(
            Rule::OnePlace,
            !self.state.treatments.contains_key(&number),
            || {
                (
                    Fact::UnderTreatment { lot: lot.clone() },
                    Remedy::EndTreatment,
                )
            },
        )?;
        let place = self.place(spot)?;
        self.need(Rule::OneWay, place.side != Side::Clean, || {
            (
                Fact::CleanForStep {
                    place: spot.place.clone(),
                    step: step.clone(),
                },
                Remedy::BringToTreatment,
            )
        })?;
        let rule = (self.state.protocol_of(self.state.lot(number)))
            .and_then(|protocol| protocol.treatments.iter().find(|rule| rule.step == *step));
        let places = rule.map_or(&[] as &[_], |rule| rule.places.as_slice());
        let known = |place: &&PlaceName| {
            (self.state.rules().into_iter())
                .any(|book| book.places.iter().any(|rule| rule.place == **place))
        };
        // Where the rules no longer have any of its places, the protocol is the older of the two.
        let elsewhere = !places.contains(&spot.place) && places.iter().any(|place| known(&place));
        self.need(Rule::Treated, !elsewhere, || {
            let fact = Fact::NotDoneThere {
                lot: lot.clone(),
                place: spot.place.clone(),
                step: step.clone(),
            };
            let places = places.to_vec();
            (fact, Remedy::BringTo { places })
        })?;
        self.starts_clock(
            number,
            said,
            |from| matches!(from, ClockFrom::StepStart(named) if named == step),
        );
        Ok(())
    }

    pub(crate) fn treatment_ended(
        &self,
        lot: &LotId,
        step: &StepName,
        spot: &Spot,
        said: &mut Said,
    ) -> Result<(), Refusal> {
        let number = self.lot_at(lot, spot)?;
        let treatment = self.treatment_in_hand(number, lot, step)?;
        self.need(Rule::Treated, self.at >= treatment.from, || {
            (
                Fact::EndedBeforeBeginning {
                    from: when(treatment.from),
                    at: when(self.at),
                },
                Remedy::CorrectEnd,
            )
        })?;
        let row = self.state.lot(number);
        let Some(protocol) = self.state.protocol_of(row) else {
            return Ok(());
        };
        let mut treated = row.treated;
        if let Some(bit) = self.state.treatment_bit(number, step) {
            let agent = treatment
                .agent
                .map(|agent| AgentName::new(self.state.agent_names.get(agent)));
            let pauses: Vec<_> = (treatment.pauses.iter())
                .map(|pause| {
                    (
                        timestamp(pause.from),
                        pause.to.map_or(Timestamp::MAX, timestamp),
                    )
                })
                .collect();
            let judgement = judge_treatment(
                &protocol.treatments[bit],
                &Treatment {
                    from: timestamp(treatment.from),
                    to: timestamp(self.at),
                    agent: agent.as_ref(),
                    dosed: timestamp(treatment.dosed),
                    dose_mg_m3: treatment.dose,
                    pauses: &pauses,
                    readings: &treatment.readings,
                },
            );
            let valid = judgement.fault.is_none() || self.without(Rule::Treated);
            if valid {
                treated |= 1 << bit;
            }
            said.after.push(self.now(Entry::TreatmentJudged {
                lot: lot.clone(),
                step: step.clone(),
                valid,
                contact_s: judgement.contact_s,
                ct_mg_h_m3: judgement.ct_mg_h_m3,
                pin: protocol.pin(),
                because: judgement.fault.map(|fault| fault.to_string()),
            }));
            if !valid {
                return Ok(());
            }
        }
        let base = match &protocol.hold {
            Some(hold) if matches!(&hold.clock, ClockFrom::StepEnd(named) if named == step) => {
                Some(self.now)
            }
            _ => row.base,
        };
        let complete = self.state.may_run(row, treated);
        said.after.extend(self.clock_event(number, complete, base));
        Ok(())
    }

    pub(crate) fn treatment_in_hand(
        &self,
        lot: LotIx,
        name: &LotId,
        step: &StepName,
    ) -> Result<&crate::state::OpenTreatment, Refusal> {
        let treatment = self.state.treatments.get(&lot);
        treatment
            .filter(|treatment| self.state.step_names.get(treatment.step) == step.as_str())
            .ok_or_else(|| {
                Refusal::new(
                    Rule::Treated,
                    match treatment {
                        Some(other) => Fact::OtherTreatment {
                            lot: name.clone(),
                            other: StepName::new(self.state.step_names.get(other.step)),
                            step: step.clone(),
                        },
                        None => Fact::NotBegun {
                            lot: name.clone(),
                            step: step.clone(),
                        },
                    },
                    Remedy::RecordBeginning,
                )
            })
    }

    pub(crate) fn in_hand(
        &self,
        lot: &LotId,
        step: &StepName,
    ) -> Result<(LotIx, &crate::state::OpenTreatment), Refusal> {
        let number = self.lot_here(lot)?;
        Ok((number, self.treatment_in_hand(number, lot, step)?))
    }

    pub(crate) fn dosed(
        &self,
        lot: &LotId,
        step: &StepName,
        agent: &AgentName,
    ) -> Result<(), Refusal> {
        let (number, _) = self.in_hand(lot, step)?;
        let row = self.state.lot(number);
        let protocol = self.state.protocol_of(row);
        let allowed: Option<Vec<AgentName>> = protocol
            .and_then(|protocol| protocol.treatments.iter().find(|rule| rule.step == *step))
            .filter(|rule| !rule.agents.is_empty())
            .map(|rule| rule.agents.iter().map(|rule| rule.agent.clone()).collect());
        self.need(
            Rule::Agent,
            allowed
                .as_ref()
                .is_none_or(|allowed| allowed.contains(agent)),
            || {
                (
                    Fact::AgentNotNamed {
                        lot: lot.clone(),
                        agent: agent.clone(),
                        step: step.clone(),
                    },
                    Remedy::UseAgent {
                        agents: allowed.clone().unwrap_or_default(),
                    },
                )
            },
        )?;
        let goods = self.state.goods_names.get(row.goods);
        let spoils = self
            .rules()?
            .goods
            .iter()
            .any(|rule| rule.goods.as_str() == goods && rule.spoiled_by.contains(agent));
        self.need(Rule::Agent, !spoils, || {
            (
                Fact::AgentSpoils {
                    agent: agent.clone(),
                    goods: GoodsName::new(goods),
                },
                Remedy::OtherAgent,
            )
        })?;
        for person in self.workers() {
            self.cleared(person)?;
            self.trained(person, agent)?;
        }
        Ok(())
    }

    pub(crate) fn read(
        &self,
        lot: &LotId,
        step: &StepName,
        reading: &Reading,
    ) -> Result<(), Refusal> {
        let (_, treatment) = self.in_hand(lot, step)?;
        let tolerance = seconds(self.rules()?.clock_tolerance_s);
        self.need(
            Rule::Skew,
            micros(reading.at) <= self.now.saturating_add(tolerance),
            || {
                (
                    Fact::ReadingFromFuture {
                        at: reading.at.into(),
                        now: when(self.now),
                    },
                    Remedy::CorrectReading,
                )
            },
        )?;
        self.need(Rule::Treated, micros(reading.at) >= treatment.from, || {
            (
                Fact::ReadingTooEarly {
                    at: reading.at.into(),
                    step: step.clone(),
                    from: when(treatment.from),
                },
                Remedy::CorrectReading,
            )
        })?;
        if let Some(line) = &reading.line {
            let text = line.as_str();
            let plain = !text.is_empty()
                && text.trim() == text
                && text.chars().count() <= LINE_CHARS_MAX
                && !text.chars().any(char::is_control);
            self.need(Rule::Known, plain, || {
                (
                    Fact::BadLine {
                        line: text.to_owned(),
                    },
                    Remedy::ShortLine {
                        most: LINE_CHARS_MAX,
                    },
                )
            })?;
        }
        // Which of two is right nobody can tell, and the better one must not win.
        let other = treatment.readings.iter().find(|other| {
            other.at == reading.at && other.line == reading.line && *other != reading
        });
        self.need(Rule::Treated, other.is_none(), || {
            let (concentration_mg_m3, temperature_mc) =
                other.map_or((0, 0), |o| (o.concentration_mg_m3, o.temperature_mc));
            let fact = Fact::ReadAlready {
                line: reading.line.clone(),
                at: reading.at.into(),
                concentration_mg_m3,
                temperature_mc,
            };
            (fact, Remedy::NameLines)
        })
    }
}

impl State {
    /// The treatment that a pause of work is about, if it is about one.
    pub(crate) fn paused(
        &mut self,
        thing: &Thing,
        step: &StepName,
        touch: &mut Touch,
    ) -> Result<Option<&mut OpenTreatment>, String> {
        match thing {
            Thing::Lot(lot) => {
                let lot = self.lot_touched(lot.as_str(), touch)?;
                let step = self.step_names.exact(step.as_str());
                let treatment = self.treatments.get_mut(&lot);
                Ok(treatment.filter(|treatment| Some(treatment.step) == step))
            }
            Thing::Vehicle(vehicle) => {
                self.vehicle_touched(vehicle.as_str(), touch)?;
                Ok(None)
            }
            Thing::Convoy(_) => Ok(None),
        }
    }
}
