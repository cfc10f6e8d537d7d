//! Room: who asks for it, who gets it, and what is left behind.

use lazaret_gateway::model::{Fill, StepKind};
use lazaret_vocabulary::event::Happening;

use super::{
    CLOSED, Doing, Kept, NO_RESOURCE, NO_ROOM, Play, SEGREGATED, What, by_groups, is_each,
};
use crate::faults::Fault;

impl Play<'_> {
    /// `x` is ready for what it does next.
    pub(super) fn proceed(&mut self, x: usize) {
        let thing = &mut self.things[x];
        (thing.ready, thing.parts, thing.before_free) = (self.now, [0; 5], 0);
        let Some(p) = self.goes_to(x) else {
            self.tell(Happening::LotReleased {
                lot: self.lot_id(x),
            });
            self.leave(x);
            return self.dispatched(x);
        };
        if self.things[x].slot.is_some_and(|(stands, _)| stands == p) {
            self.book_blocked(x);
            return self.begin(x);
        }
        if self.takes_over(x) {
            return self.hand_over(x);
        }
        let buffered =
            self.gateway.places[p].unlimited_buffer && self.fault != Some(Fault::NoBuffer);
        if buffered {
            self.leave(x);
        }
        let nobody_waits = !self.all().any(|other| self.waits_for_room_in(other, p));
        let may = self.may_enter(x, p);
        match may {
            Ok(unit) if nobody_waits => self.enter(x, p, unit),
            _ => self.wait_for_room(x, p, may.err().unwrap_or(Kept::NoRoom)),
        }
    }

    pub(super) fn waits_for_room_in(&self, x: usize, p: usize) -> bool {
        self.things[x].doing == Doing::AwaitsRoom
            && self.things[x].asked != u64::MAX
            && self.goes_to(x) == Some(p)
    }

    fn wait_for_room(&mut self, x: usize, p: usize, kept: Kept) {
        self.number += 1;
        let asked = self.number;
        let stands = self.stands(x);
        let source = self.things[x].source;
        let thing = &mut self.things[x];
        (thing.doing, thing.kept, thing.asked) = (Doing::AwaitsRoom, kept, asked);
        if thing.lot.is_none() && thing.at == 0 && stands.is_none() && !thing.washes {
            thing.outside = true;
            self.sources[source].waiting += 1;
            self.figures
                .waiting_now(source, self.sources[source].waiting);
        }
        let cause = self.cause(kept, p);
        let thing = self.named(x);
        let step = self.step_label(x);
        self.tell(match (stands, self.things[x].last) {
            (Some(spot), Some(last)) => Happening::Blocked {
                thing,
                step: self.step_name(last),
                spot: self.spot(spot),
                cause,
            },
            _ => Happening::Waiting { thing, step, cause },
        });
    }

    /// The unit of place `p` that `x` may enter, or what keeps it out, whoever else waits.
    pub(super) fn may_enter(&self, x: usize, p: usize) -> Result<usize, Kept> {
        let (place, about) = (&self.places[p], &self.gateway.places[p]);
        if !place.open {
            return Err(Kept::Closed);
        }
        if !self.has_room(p) {
            return Err(Kept::NoRoom);
        }
        for &(r, n) in &about.holds {
            if self.free(r.index()) < i64::from(n) {
                return Err(Kept::Resource(r.index()));
            }
        }
        let group = (self.things[x].source, self.things[x].convoy);
        let (mut fit, mut own) = (Vec::new(), None);
        let (mut apart, mut broken, mut others) = (false, false, false);
        for (u, unit) in place.units.iter().enumerate() {
            if unit.inside.len() as i64 >= self.room_of(p, u) {
                continue;
            }
            let taken =
                by_groups(about.fill) && !unit.inside.is_empty() && !self.of_group(p, u, group);
            if unit.life.broken {
                broken = true;
            } else if self.kept_apart(x, &unit.inside) {
                apart = true;
            } else if taken {
                others = true;
            } else {
                if by_groups(about.fill) && !unit.inside.is_empty() {
                    own = own.or(Some(u));
                }
                fit.push(u);
            }
        }
        let fewest = |u: &usize| place.units[*u].inside.len();
        let chosen = match about.fill {
            Fill::OneByOne => fit.first().copied(),
            Fill::Pool => fit.iter().copied().min_by_key(fewest),
            Fill::Groups => own.or_else(|| fit.iter().copied().min_by_key(fewest)),
        };
        chosen.ok_or(if apart {
            Kept::Apart
        } else if broken && !others {
            Kept::Broken
        } else {
            Kept::NoRoom
        })
    }

    /// Whether the unit is taken by this convoy, and one more of it may enter.
    fn of_group(&self, p: usize, u: usize, group: (usize, u32)) -> bool {
        let unit = &self.places[p].units[u];
        if self.fault == Some(Fault::MixedGroups) {
            return true;
        }
        unit.group == Some(group) && (unit.entered as i64) < self.room_of(p, u)
    }

    /// Whether some of `inside` must be kept apart from `x`.
    pub(super) fn kept_apart(&self, x: usize, inside: &[usize]) -> bool {
        let apart = &self.gateway.goods[self.things[x].goods].apart_from;
        inside.iter().any(|&other| {
            apart
                .iter()
                .any(|goods| goods.index() == self.things[other].goods)
        })
    }

    /// The first in the queue of the first place that somebody may enter, and the unit.
    pub(super) fn first_who_may_enter(&self) -> Option<(usize, usize, usize)> {
        for p in 0..self.places.len() {
            let mut queue: Vec<usize> = self
                .all()
                .filter(|&x| self.waits_for_room_in(x, p))
                .collect();
            queue.sort_by_key(|&x| {
                let priority = if self.fault == Some(Fault::NoPriority) {
                    0
                } else {
                    self.priority(x)
                };
                (-priority, self.things[x].asked)
            });
            for x in queue {
                match self.may_enter(x, p) {
                    Ok(unit) => return Some((x, p, unit)),
                    Err(Kept::Apart) if self.fault != Some(Fault::NobodyPasses) => {}
                    Err(_) => break,
                }
            }
        }
        None
    }

    /// The wait for room is over: what was spent before an open place with free slots gets its name.
    pub(super) fn room_found(&mut self, x: usize, p: usize) {
        let about = &self.gateway.places[p];
        let apart = !self.gateway.goods[self.things[x].goods]
            .apart_from
            .is_empty();
        let part = match self.things[x].kept {
            Kept::Apart => SEGREGATED,
            Kept::Broken => CLOSED,
            Kept::Resource(_) => NO_RESOURCE,
            _ if !about.holds.is_empty() => NO_RESOURCE,
            _ if apart => SEGREGATED,
            _ if about.breaks.is_some() => CLOSED,
            _ => NO_ROOM,
        };
        let thing = &mut self.things[x];
        thing.parts[part] += std::mem::take(&mut thing.before_free);
        thing.asked = u64::MAX;
    }

    /// `x` takes its new slot, leaves the old one, and begins or sets out.
    pub(super) fn enter(&mut self, x: usize, p: usize, u: usize) {
        let journey = self.journey(x, p);
        self.occupy(x, p, u);
        self.leave(x);
        self.things[x].slot = Some((p, u));
        let spot = self.spot((p, u));
        self.tell(match (self.things[x].lot, journey) {
            (None, _) => Happening::VehiclePlaced {
                vehicle: self.vehicle_id(x),
                spot,
            },
            (Some(_), Some(_)) => Happening::LotSent {
                lot: self.lot_id(x),
                spot,
            },
            (Some(_), None) => Happening::LotStored {
                lot: self.lot_id(x),
                spot,
            },
        });
        match journey {
            Some(takes) => {
                self.things[x].doing = Doing::Travels;
                self.schedule(self.now + takes, What::Ends(x));
            }
            None => self.begin(x),
        }
    }

    fn occupy(&mut self, x: usize, p: usize, u: usize) {
        let group = (self.things[x].source, self.things[x].convoy);
        let unit = &mut self.places[p].units[u];
        if unit.inside.is_empty() {
            (unit.group, unit.entered) = (Some(group), 0);
        }
        unit.entered += 1;
        unit.inside.push(x);
        for &(r, n) in &self.gateway.places[p].holds {
            self.resources[r.index()].in_use += i64::from(n);
            self.resources[r.index()].held += i64::from(n);
        }
        self.note_occupation(p);
    }

    /// How long a lot is on its way to place `p`, if that is at another site.
    fn journey(&self, x: usize, p: usize) -> Option<i64> {
        let thing = &self.things[x];
        let from = &self.gateway.steps[thing.last?].at;
        let (from, to) = (
            self.gateway.places[from.index()].site,
            self.gateway.places[p].site,
        );
        if from == to || thing.lot.is_none() {
            return None;
        }
        let route = self
            .gateway
            .routes
            .iter()
            .find(|route| route.from == from && route.to == to)?;
        Some(self.time(
            &format!("route.{}.takes", route.name),
            &route.takes,
            self.counter(x),
        ))
    }

    /// `x` gives up where it stands, in a slot of its own or on its vehicle, and is outside no more.
    pub(super) fn leave(&mut self, x: usize) {
        let source = self.things[x].source;
        if std::mem::take(&mut self.things[x].outside) {
            self.sources[source].waiting -= 1;
        }
        if let Some(v) = self.things[x].aboard {
            self.book_blocked(x);
            self.things[x].aboard = None;
            self.things[v].lots.retain(|&lot| lot != x);
            if self.unloading == Some(v) {
                return;
            }
            self.one_less(v);
        } else if self.things[x].slot.is_some() {
            self.vacate(x);
        }
    }

    /// A lot has left vehicle `v`, or all have come off it.
    pub(super) fn one_less(&mut self, v: usize) {
        match self.things[v].lots.as_slice() {
            [] => self.emptied(v),
            &[last] if self.things[last].doing == Doing::AwaitsRoom => self.handing.push_back(v),
            _ => {}
        }
    }

    pub(super) fn vacate(&mut self, x: usize) {
        self.book_blocked(x);
        let Some((p, u)) = self.things[x].slot.take() else {
            return;
        };
        self.places[p].units[u].inside.retain(|&other| other != x);
        if self.places[p].open || self.fault != Some(Fault::HoldsForEver) {
            for &(r, n) in &self.gateway.places[p].holds {
                self.resources[r.index()].in_use -= i64::from(n);
                self.resources[r.index()].held -= i64::from(n);
            }
        }
        if self.things[x].lot.is_none() {
            self.tell(Happening::VehicleLeft {
                vehicle: self.vehicle_id(x),
                spot: self.spot((p, u)),
            });
        }
    }

    /// The time since it was done was blocked, on the step that it did last.
    pub(super) fn book_blocked(&mut self, x: usize) {
        let Some(since) = self.things[x].done.take() else {
            return;
        };
        let Some(mut last) = self.things[x].last else {
            return;
        };
        let inspected = matches!(self.gateway.steps[last].kind, StepKind::Inspect(_));
        if self.fault == Some(Fault::BlockedOnStepBefore) && inspected && self.step(x) < Some(last)
        {
            last -= 1;
        }
        self.figures.steps[last].blocked += i128::from(self.now - since);
    }

    /// Whether lot `x` is the last on its vehicle and stays where that stands.
    fn takes_over(&self, x: usize) -> bool {
        let Some(v) = self.things[x].aboard else {
            return false;
        };
        let Some((p, u)) = self.things[v].slot else {
            return false;
        };
        let others: Vec<usize> = self.places[p].units[u]
            .inside
            .iter()
            .copied()
            .filter(|&y| y != v)
            .collect();
        self.goes_to(x) == Some(p)
            && self.things[v].lots == [x]
            && !self.kept_apart(x, &others)
            && self.fault != Some(Fault::NoHandingOver)
    }

    pub(super) fn hand_over_last(&mut self, v: usize) {
        let &[x] = self.things[v].lots.as_slice() else {
            return;
        };
        if self.things[x].doing == Doing::AwaitsRoom && self.takes_over(x) {
            let p = self.goes_to(x).unwrap();
            self.room_found(x, p);
            self.hand_over(x);
        }
    }

    /// The last lot takes over the slot of its vehicle and begins its step there.
    fn hand_over(&mut self, x: usize) {
        let v = self.things[x].aboard.unwrap();
        let (p, u) = self.things[v].slot.unwrap();
        self.book_blocked(x);
        self.book_blocked(v);
        self.things[x].aboard = None;
        self.things[x].slot = self.things[v].slot.take();
        self.things[v].lots.clear();
        for inside in &mut self.places[p].units[u].inside {
            if *inside == v {
                *inside = x;
            }
        }
        self.tell(Happening::VehicleEmptied {
            vehicle: self.vehicle_id(v),
        });
        self.tell(Happening::VehicleLeft {
            vehicle: self.vehicle_id(v),
            spot: self.spot((p, u)),
        });
        self.things[x].doing = Doing::AwaitsWork;
        self.send_off(v);
        self.tell(Happening::LotStored {
            lot: self.lot_id(x),
            spot: self.spot((p, u)),
        });
        self.begin(x);
    }

    pub(super) fn emptied(&mut self, v: usize) {
        self.tell(Happening::VehicleEmptied {
            vehicle: self.vehicle_id(v),
        });
        self.send_off(v);
    }

    fn send_off(&mut self, v: usize) {
        if self.gateway.sources[self.things[v].source]
            .vehicle
            .wash_at
            .is_some()
        {
            self.things[v].washes = true;
            // It has waited for its lots, and may wait for its washing now.
            let waited = self.things[v].done.is_some();
            self.book_blocked(v);
            self.things[v].done = waited.then_some(self.now);
            return self.proceed(v);
        }
        self.vacate(v);
        self.go_home(v, false);
    }

    /// Takes the lots off vehicle `v`, or lets each be taken off by itself.
    pub(super) fn unload(&mut self, v: usize) {
        let step = self.step(v).unwrap();
        let each = is_each(&self.gateway.steps[step].kind);
        let at_once = self.gateway.steps[step]
            .at_once
            .filter(|_| self.fault != Some(Fault::AllAtOnce));
        self.things[v].doing = Doing::Empties;
        self.unloading = Some(v);
        let vehicle = self.things[v].clone();
        self.things[v].last = Some(step);
        for nth in 0..vehicle.load {
            let goods = self.goods_of_lot(v, nth);
            let path = self.path(vehicle.source, goods);
            let at = path.iter().position(|&known| known == step).unwrap() + usize::from(!each);
            let lot = super::Thing {
                lot: Some(nth),
                goods,
                path,
                at,
                load: 0,
                aboard: Some(v),
                slot: None,
                doing: Doing::AwaitsTurn,
                last: (!each).then_some(step).or(vehicle.last),
                done: None,
                ready: self.now,
                parts: [0; 5],
                ..vehicle.clone()
            };
            self.things.push(lot);
            let lot = self.things.len() - 1;
            self.things[v].lots.push(lot);
        }
        let lots = self.things[v].lots.clone();
        for (nth, &lot) in lots.iter().enumerate() {
            if !each {
                self.tell_unloaded(lot, v);
                self.proceed(lot);
            } else if at_once.is_none_or(|most| nth < most as usize) {
                self.things[lot].ready = vehicle.ready;
                self.things[lot].parts = vehicle.parts;
                self.begin(lot);
            }
        }
        self.unloading = None;
        if self.things[v].doing == Doing::Empties {
            self.one_less(v);
        }
    }

    pub(super) fn tell_unloaded(&mut self, lot: usize, v: usize) {
        let goods = &self.gateway.goods[self.things[lot].goods].name;
        self.tell(Happening::LotUnloaded {
            lot: self.lot_id(lot),
            vehicle: self.vehicle_id(lot),
            goods: lazaret_vocabulary::event::GoodsName::new(goods.as_str()),
            spot: self.spot(self.things[v].slot.unwrap()),
        });
    }

    /// A lot has come off vehicle `v`: the next comes to its turn.
    pub(super) fn next_turn(&mut self, v: usize) {
        let lots = &self.things[v].lots;
        let next = lots
            .iter()
            .copied()
            .find(|&lot| self.things[lot].doing == Doing::AwaitsTurn);
        if let Some(lot) = next {
            self.things[lot].ready = self.now;
            self.begin(lot);
        }
    }
}
