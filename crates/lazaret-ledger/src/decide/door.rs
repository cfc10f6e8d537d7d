//! The door: every name of a command under the spelling that the ledger knows it by.
//!
//! A command may spell a wagon with blanks or a person with a capital. Here each name becomes the one on record, once,
//! before any rule looks at it; a name that is new is checked and tidied. Noun is recorded is what was understood.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::command::Command;
use crate::names::{AnyNames, Spelled};
use lazaret_vocabulary::event::entry::Entry;
use lazaret_vocabulary::event::{Happening, Name, Noun};

use crate::refusal::{Fact, NameFault, Refusal, Remedy};
use crate::rule::Rule;
use crate::spelling::{Kind, clean, key, look};
use crate::state::State;

/// A command as the ledger understands it.
pub(crate) struct Understood<'a> {
    pub(crate) command: Cow<'a, Command>,
    /// The first name that cannot be used, if there is one.
    pub(crate) wrong: Option<Refusal>,
    /// New lots and vehicles that can be taken for others, each with what to say of it.
    pub(crate) alike: Vec<Fact>,
}

/// Understands the names of a command.
pub(crate) fn understand<'a>(state: &State, command: &'a Command) -> Understood<'a> {
    let mut door = Door {
        state,
        new: HashMap::new(),
        looks: HashMap::new(),
        wrong: None,
        alike: Vec::new(),
        changed: false,
    };
    let mut by = command.by.clone();
    let mut crew = command.crew.clone();
    let mut what = command.what.clone();
    if let Spelled::Known(_) = state.person_names.spelled(by.as_str()) {
        door.see(Noun::Person, &mut by);
    }
    for person in &mut crew {
        door.see(Noun::Person, person);
    }
    what.each_name(&mut |kind, name| door.see(kind, name));
    for seal in seals_in(&mut what) {
        door.see(Noun::Seal, seal);
    }
    for (text, said) in [(&command.device, Noun::Device), (&command.site, Noun::Site)] {
        if let Some(Err(error)) = text.as_deref().map(clean) {
            door.refuse(said, text.as_deref().unwrap_or_default(), (&error).into());
        }
    }
    let understood = if door.changed {
        Cow::Owned(Command {
            by,
            crew,
            what,
            ..command.clone()
        })
    } else {
        Cow::Borrowed(command)
    };
    Understood {
        command: understood,
        wrong: door.wrong,
        alike: door.alike,
    }
}

struct Door<'a> {
    state: &'a State,
    /// Names that are new with this command, by what their spellings have in common.
    new: HashMap<(Noun, String), String>,
    /// New lots, vehicles and people by what they look like.
    looks: HashMap<(Noun, String), String>,
    wrong: Option<Refusal>,
    alike: Vec<Fact>,
    changed: bool,
}

impl Door<'_> {
    fn see(&mut self, what: Noun, name: &mut dyn Name) {
        if self.wrong.is_some() {
            return;
        }
        let Some(spelling) = self.understood(what, name.text()) else {
            return;
        };
        if spelling != name.text() {
            name.put(&spelling);
            self.changed = true;
        }
    }

    /// The spelling on record, or that of a new name; none if the name cannot be used.
    fn understood(&mut self, what: Noun, name: &str) -> Option<String> {
        if let Some(names) = names_of(what, self.state) {
            match names.known(name) {
                Spelled::Known(known) => return Some(known.to_owned()),
                Spelled::Several => {
                    self.wrong = Some(Refusal::new(
                        Rule::Known,
                        Fact::SeveralSpellings {
                            what,
                            name: name.to_owned(),
                        },
                        Remedy::SpellAsRecorded,
                    ));
                    return None;
                }
                Spelled::New => {}
            }
        }
        if let Some(known) = self.in_readings(what, name) {
            return Some(known);
        }
        if let Some(known) = self.in_protocols(what, name) {
            return Some(known);
        }
        let shared = (what, key(kind_of(what), name).into_owned());
        if let Some(known) = self.new.get(&shared) {
            return Some(known.clone());
        }
        let spelling = match clean(name) {
            Ok(spelling) => spelling.into_owned(),
            Err(error) => {
                self.refuse(what, name, (&error).into());
                return None;
            }
        };
        if matches!(what, Noun::Lot | Noun::Vehicle | Noun::Person) {
            self.compare(what, &spelling, &shared.1);
        }
        self.new.insert(shared, spelling.clone());
        Some(spelling)
    }

    /// Looks whether a new name can be taken for another.
    fn compare(&mut self, what: Noun, name: &str, shared: &str) {
        let seen = look(shared);
        let known = names_of(what, self.state).and_then(|names| names.alike(name));
        let other = match known {
            Some(known) => Some(known.to_owned()),
            None => self.looks.get(&(what, seen.clone())).cloned(),
        };
        self.looks.insert((what, seen), name.to_owned());
        let Some(other) = other else { return };
        let fact = Fact::LooksLike {
            what,
            name: name.to_owned(),
            other,
        };
        if what == Noun::Person {
            self.wrong = Some(Refusal::new(Rule::Known, fact, Remedy::OtherPersonName));
        } else {
            self.alike.push(fact);
        }
    }

    /// A line of the treatments in hand: top and TOP are one.
    fn in_readings(&self, what: Noun, name: &str) -> Option<String> {
        if what != Noun::Line {
            return None;
        }
        let own = key(kind_of(what), name);
        self.state
            .treatments
            .values()
            .flat_map(|treatment| &treatment.readings)
            .filter_map(|reading| reading.line.as_ref())
            .map(lazaret_vocabulary::event::entry::LineName::as_str)
            .find(|line| key(kind_of(what), line) == own)
            .map(str::to_owned)
    }

    /// Steps, agents and protocols that the protocols name and nothing else does yet.
    fn in_protocols(&self, what: Noun, name: &str) -> Option<String> {
        let protocols = self.state.protocols();
        let own = key(kind_of(what), name);
        let same = |known: &str| known == name || key(kind_of(what), known) == own;
        let found = match what {
            Noun::Protocol => protocols
                .map(|protocol| protocol.protocol.as_str())
                .find(|known| same(known)),
            Noun::Step => protocols
                .flat_map(|protocol| {
                    (protocol.treatments.iter().map(|rule| &rule.step))
                        .chain(protocol.inspections.iter().map(|rule| &rule.step))
                        .chain(protocol.hold.iter().map(|rule| &rule.step))
                })
                .map(lazaret_vocabulary::event::StepName::as_str)
                .find(|known| same(known)),
            Noun::Agent => protocols
                .flat_map(|protocol| &protocol.treatments)
                .flat_map(|rule| &rule.agents)
                .map(|rule| rule.agent.as_str())
                .find(|known| same(known)),
            _ => None,
        };
        found.map(str::to_owned)
    }

    fn refuse(&mut self, what: Noun, name: &str, why: NameFault) {
        if self.wrong.is_none() {
            let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
            self.wrong = Some(Refusal::new(
                Rule::Known,
                Fact::BadName {
                    what,
                    name: shown,
                    why,
                },
                Remedy::OtherName,
            ));
        }
    }
}

/// Names of a kind that the ledger knows.
fn names_of(noun: Noun, state: &State) -> Option<&dyn AnyNames> {
    Some(match noun {
        Noun::Convoy => &state.convoy_names,
        Noun::Vehicle => &*state.vehicle_names,
        Noun::Lot => &state.lot_names,
        Noun::Departure => &state.departure_names,
        Noun::Source => &state.source_names,
        Noun::Place => &state.place_names,
        Noun::Step => &state.step_names,
        Noun::Goods => &state.goods_names,
        Noun::Manifest => &state.manifest_names,
        Noun::Person => &state.person_names,
        Noun::Sample => &state.sample_names,
        Noun::Exception => &state.exception_names,
        Noun::Agent => &state.agent_names,
        Noun::Test => &state.test_names,
        Noun::Protocol
        | Noun::Resource
        | Noun::Line
        | Noun::Seal
        | Noun::Device
        | Noun::Site
        | Noun::Record => return None,
    })
}

fn kind_of(noun: Noun) -> Kind {
    match noun {
        Noun::Vehicle | Noun::Seal => Kind::Mark,
        _ => Kind::Plain,
    }
}

/// Marks of seals are plain texts in an event.
fn seals_in(what: &mut Happening) -> &mut [String] {
    match what {
        Happening::Entry(Entry::VehicleChecked { seals, .. }) => seals,
        Happening::Entry(Entry::VehicleSealed { seal, .. }) => std::slice::from_mut(seal),
        _ => &mut [],
    }
}
