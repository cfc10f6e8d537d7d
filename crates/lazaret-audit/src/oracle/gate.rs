//! What must be true of a lot that goes, and who says so.

use lazaret_vocabulary::event::Happening as H;
use lazaret_vocabulary::event::entry::{Entry as E, Outcome};
use lazaret_vocabulary::event::rules::Pin;

use super::{At, Lot, Oracle, Told, acknowledged, found_unfit, present, secs};
use crate::record::Record;
use crate::say::{instant, list};

impl Oracle {
    /// Everything that must hold of a lot that somebody signs for, loads or sends off.
    pub(super) fn may_go(&mut self, lot: &str, now: i64) {
        let protocols = self.protocols_of(lot);
        let none = Lot::default();
        let row = self.lots.get(lot).unwrap_or(&none);
        let stopped = !row.stopped.is_empty();
        let refused = row.refused || row.condemned;
        let tested = protocols.iter().enumerate().all(|(nth, protocol)| {
            (protocol.tests.iter()).all(|rule| row.passed.contains(rule.test.as_str()))
                && (nth > 0
                    || (protocol.inspections.iter())
                        .all(|rule| row.inspected.contains(rule.step.as_str())))
        });
        // A sample of a lot is a sample of what was split from it.
        let mut waits: Vec<String> = Vec::new();
        let mut of = Some(lot);
        while let Some(name) = of {
            waits.extend(self.out.get(name).into_iter().flatten().cloned());
            of = (self.lots.get(name)).and_then(|row| row.part_of.as_deref());
        }
        let doubtful: Vec<String> = row.doubtful.iter().cloned().collect();
        let treated = self.treated(lot);
        self.must("G3d", !stopped, || format!("{lot} is stopped"));
        self.must("G2", !refused, || format!("{lot} was refused"));
        self.must("G3a", treated, || format!("{lot} is not treated"));
        self.must("G3c", tested, || format!("{lot} is not tested"));
        self.must("G3c", waits.is_empty() && doubtful.is_empty(), || {
            format!(
                "{lot} goes without the results of {}, and with {} inconclusive",
                list(&waits),
                list(&doubtful)
            )
        });
        let earliest = self.earliest(lot);
        let now = now.saturating_add(self.slack);
        self.must("G3b", earliest <= now, || {
            format!(
                "{lot} is held until {}, but it is {}",
                instant(earliest),
                instant(now)
            )
        });
    }

    pub(super) fn treated(&self, lot: &str) -> bool {
        let protocols = self.protocols_of(lot);
        let Some(protocol) = protocols.first() else {
            return false;
        };
        let row = &self.lots[lot];
        protocol
            .treatments
            .iter()
            .all(|rule| row.treated.contains(rule.step.as_str()))
    }

    /// Signatures.
    pub(super) fn of_signatures(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, now, .. } = told;
        let by = record.by.to_string();
        match entry {
            E::Signed {
                lot,
                signer,
                pin,
                also,
                meaning,
            } => {
                let row = self.lots.get(lot.as_str());
                let (here, free) =
                    row.map_or((false, false), |row| (row.at == At::Here, row.released));
                self.must("G7", here, || format!("{lot} is not here"));
                self.must("K1", !free, || format!("{lot} is already released"));
                self.must("A7", !meaning.trim().is_empty(), || {
                    format!("the signature of {signer} has no meaning")
                });
                let named: Vec<_> = also.iter().chain(pin).cloned().collect();
                let bound: Vec<_> =
                    (self.protocols_of(lot.as_str()).iter().map(|p| p.pin())).collect();
                self.must("A6", named == bound, || {
                    let pins = |pins: &[Pin]| {
                        let pins = pins.iter();
                        list(pins.map(|pin| format!("{} {}", pin.protocol, pin.version)))
                    };
                    format!(
                        "{signer} signed for {}, but {} bind it",
                        pins(&named),
                        pins(&bound)
                    )
                });
                self.must("G3e", signer.as_str() == by, || {
                    format!("{by} signed as {signer}")
                });
                self.may_go(lot.as_str(), now);
                self.cleared(signer.as_str(), now);
                let row = self.lots.get(lot.as_str()).cloned().unwrap_or_default();
                let again = row.signers.iter().any(|who| who == signer.as_str());
                self.must("G3e", !again, || format!("{signer} signed {lot} twice"));
                let own = row
                    .hands
                    .iter()
                    .any(|(who, _, judged)| *judged && who == signer.as_str());
                self.must("G3f", !own, || format!("{signer} judged {lot}"));
                let row = self.lots.entry(lot.to_string()).or_default();
                row.signers.push(signer.to_string());
            }
            E::SignatureWithdrawn {
                lot,
                signer,
                because,
            } => {
                // One's own, or one that counts no more and is taken back for the next who signs.
                let stands = self.stands(signer.as_str());
                let unfit = found_unfit(record, signer.as_str());
                let row = self.lots.entry(lot.to_string()).or_default();
                let own = signer.as_str() == by || !stands;
                let ok = if unfit {
                    present(row.at) && row.released
                } else {
                    row.at == At::Here && !row.released && own
                };
                row.released = false;
                let signed = row.signers.iter().any(|who| who == signer.as_str());
                row.signers.retain(|who| who != signer.as_str());
                self.must("G3e", ok && signed && !because.trim().is_empty(), || {
                    format!("{by} took back what {signer} signed for {lot}")
                });
            }
            _ => {}
        }
    }

    /// What was released by the signature of somebody who is found unfit is released no more, if it is here.
    pub(super) fn unfit(&mut self, person: &str, record: &Record) {
        let kept = self.lots.iter().find(|(lot, row)| {
            let rests =
                row.released && present(row.at) && row.signers.iter().any(|who| who == person);
            let taken = record.events.iter().any(|event| {
                matches!(&event.happening, H::Entry(E::SignatureWithdrawn { lot: of, signer, .. })
                    if of.as_str() == lot.as_str() && signer.as_str() == person)
            });
            rests && !taken
        });
        let kept = kept.map(|(lot, _)| lot.clone());
        self.must("G3e", kept.is_none(), || {
            format!("{kept:?} is released by {person}, who was found unfit")
        });
    }

    /// Samples and their results.
    pub(super) fn of_samples(&mut self, entry: &E, told: Told<'_>) {
        let Told { record, at, .. } = told;
        match entry {
            E::SampleTaken { lot, sample, test } => {
                let row = self.lots.get(lot.as_str());
                let here = row.is_some_and(|row| row.at == At::Here);
                self.must("G7", here, || format!("{lot} is not here"));
                let mut tests = self.protocols.iter().flat_map(|protocol| &protocol.tests);
                let known = tests.any(|rule| rule.test == *test);
                self.must("K1", known, || format!("no protocol asks for {test}"));
                let fresh = self
                    .samples
                    .insert(
                        sample.to_string(),
                        (lot.to_string(), test.to_string(), at, false),
                    )
                    .is_none();
                self.must("K1", fresh, || format!("{sample} was taken twice"));
                let out = self.out.entry(lot.to_string()).or_default();
                out.insert(sample.to_string());
                let counts = self.sample_counts(lot.as_str(), test.as_str(), at);
                let warned = acknowledged(record, "early_sample");
                self.must("A8", counts || warned, || format!("{sample} is too early"));
            }
            E::ResultEntered {
                sample,
                outcome,
                exception,
            } => self.result(sample.as_str(), *outcome, exception.as_str(), record, at),
            _ => {}
        }
    }

    pub(super) fn sample_counts(&self, lot: &str, test: &str, taken: i64) -> bool {
        let Some(row) = self.lots.get(lot) else {
            return false;
        };
        let protocols = self.protocols_of(lot);
        // Every version that binds it says how late a sample must be.
        let not_before = protocols
            .iter()
            .flat_map(|p| &p.tests)
            .filter(|rule| rule.test.as_str() == test)
            .map(|rule| secs(rule.not_before_s))
            .max()
            .unwrap_or(0);
        let from = if protocols.first().is_some_and(|p| p.hold.is_some()) {
            row.clock
        } else {
            Some(row.clock.unwrap_or(row.entered).max(row.floor))
        };
        from.is_some_and(|from| taken >= from.saturating_add(not_before))
    }

    pub(super) fn result(
        &mut self,
        sample: &str,
        outcome: Outcome,
        exception: &str,
        record: &Record,
        at: i64,
    ) {
        let Some((lot, test, taken, settled)) = self.samples.get(sample).cloned() else {
            return self.fail("K1", format!("there is no sample {sample}"));
        };
        self.must("K1", !settled || outcome == Outcome::Positive, || {
            format!("{sample} is settled")
        });
        if let Some(row) = self.samples.get_mut(sample) {
            row.3 = true;
        }
        if let Some(out) = self.out.get_mut(&lot) {
            out.remove(sample);
        }
        self.hand(&lot, record.by.as_str(), at, true);
        match outcome {
            Outcome::Negative => {
                for lot in self.whole(&lot) {
                    if self.sample_counts(&lot, &test, taken) {
                        let row = self.lots.entry(lot).or_default();
                        row.passed.insert(test.clone());
                        if taken >= row.doubtful_since {
                            row.doubtful.remove(&test);
                        }
                    }
                }
            }
            Outcome::Positive => {
                // The record opens it by an entry of its own.
                let known = self.exceptions.contains_key(exception);
                self.must("K1", !known, || format!("{exception} was opened before"));
                let seeds = self.since_entry(&lot);
                self.stopped_in(record, &seeds, exception, "G9");
            }
            Outcome::Inconclusive => {
                for lot in self.whole(&lot) {
                    let row = self.lots.entry(lot).or_default();
                    row.doubtful.insert(test.clone());
                    row.doubtful_since = row.doubtful_since.max(taken);
                }
            }
        }
    }
}
