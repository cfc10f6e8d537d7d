//! What goes from where to where: counted move by move in replications that are listened to.
//!
//! Figures of single steps do not say which way lots take where ways part and meet. So the moves are counted: of vehicles
//! until they are unloaded, of lots from then on. What comes into a place is then what leaves it and what is still there.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use lazaret_gateway::model::{GoodsIx, SourceIx, StepKind};
use lazaret_sim::{Model, Observer, Replication, UnknownsError, World};
use lazaret_vocabulary::event::{Happening, LotId, VehicleId};
use lazaret_vocabulary::time::GateTime;

/// A place, or where things come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A source, by its position in the file.
    Source(usize),
    /// A place, by its position in the file.
    Place(usize),
    /// Sent inland.
    Inland,
    /// Sent back after an inspection.
    SentBack,
    /// Destroyed after an inspection.
    Destroyed,
    /// Where emptied vehicles go.
    Home,
}

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moves {
    /// Vehicles with their lots on them, or empty on their way home.
    Vehicles,
    /// Lots.
    Lots,
}

impl Moves {
    /// The unit in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Moves::Vehicles => "vehicles",
            Moves::Lots => "lots",
        }
    }
}

/// All of one kind that went from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// From where.
    pub from: Node,
    /// To where.
    pub to: Node,
    /// Vehicles or lots.
    pub moves: Moves,
    /// The source of the vehicles, or the class of the lots.
    pub class: String,
    /// How many a day.
    pub a_day: f64,
}

/// What is still at a node at the end, a day of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Still {
    /// Where.
    pub at: Node,
    /// Vehicles or lots.
    pub moves: Moves,
    /// How many, over the days of the run.
    pub a_day: f64,
}

/// The flows of a gateway, means over some replications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows {
    /// One band for each from, to, kind and class.
    pub bands: Vec<Band>,
    /// What has not moved on by the end.
    pub still: Vec<Still>,
    /// Replications that were listened to.
    pub replications: u64,
}

/// The most replications that are listened to, and the number of events after which no more are.
const REPLICATIONS_MOST: u64 = 8;
const EVENTS_ENOUGH: u64 = 2_000_000;

impl Flows {
    /// Counts the flows in the first replications under `seed`, over the whole of each run.
    ///
    /// # Errors
    /// If the values drawn for the unknowns do not make a distribution somewhere.
    pub fn count(model: &Model, seed: u64, replications: u64) -> Result<Flows, UnknownsError> {
        let mut bands: BTreeMap<(Node, Node, Moves, String), u64> = BTreeMap::new();
        let mut still: BTreeMap<(Node, Moves), u64> = BTreeMap::new();
        let (mut done, mut events) = (0, 0);
        while done < replications.min(REPLICATIONS_MOST) && events < EVENTS_ENOUGH {
            let mut counter = Counter::new(model);
            World::new(model, &mut counter).run(Replication::new(seed, done), GateTime::START)?;
            events += counter.events;
            counter.finish(&mut bands, &mut still);
            done += 1;
        }
        let days = model.gateway().length.hours() / 24.0 * done.max(1) as f64;
        let a_day = |n: u64| n as f64 / days;
        Ok(Flows {
            bands: bands
                .into_iter()
                .map(|((from, to, moves, class), n)| Band {
                    from,
                    to,
                    moves,
                    class,
                    a_day: a_day(n),
                })
                .collect(),
            still: still
                .into_iter()
                .map(|((at, moves), n)| Still {
                    at,
                    moves,
                    a_day: a_day(n),
                })
                .collect(),
            replications: done,
        })
    }

    /// What comes to a node, leaves it and stays there, a day.
    #[must_use]
    pub fn balance(&self, node: Node, moves: Moves) -> [f64; 3] {
        let sum = |at: &dyn Fn(&Band) -> Node| -> f64 {
            let there = self
                .bands
                .iter()
                .filter(|b| b.moves == moves && at(b) == node);
            there.map(|b| b.a_day).sum()
        };
        let still = self
            .still
            .iter()
            .filter(|s| s.moves == moves && s.at == node);
        [
            sum(&|b| b.to),
            sum(&|b| b.from),
            still.map(|s| s.a_day).sum(),
        ]
    }
}

struct Vehicle {
    source: usize,
    at: Node,
    /// All lots are off it.
    emptied: bool,
    /// It has left the place where it was.
    left: bool,
}

struct Lot {
    source: usize,
    goods: usize,
    at: Node,
    /// Departures that have taken it.
    loads: usize,
}

/// Follows each vehicle and lot of one replication.
struct Counter<'m> {
    model: &'m Model,
    places: HashMap<&'m str, usize>,
    sources: HashMap<&'m str, usize>,
    goods: HashMap<&'m str, usize>,
    /// Departures on the way of each source and class; it is inland after the last, or without any after its last step.
    departures: Vec<Vec<usize>>,
    vehicles: HashMap<VehicleId, Vehicle>,
    lots: HashMap<LotId, Lot>,
    bands: BTreeMap<(Node, Node, Moves, usize), u64>,
    events: u64,
}

impl<'m> Counter<'m> {
    fn new(model: &'m Model) -> Self {
        let gateway = model.gateway();
        let departures = (0..gateway.sources.len())
            .map(|s| {
                (0..gateway.goods.len())
                    .map(|g| {
                        let path = gateway.path(SourceIx(s as u16), GoodsIx(g as u16));
                        let departs = |at: &&lazaret_gateway::model::StepIx| {
                            matches!(gateway.steps[at.index()].kind, StepKind::Dispatch(_))
                        };
                        path.iter().filter(departs).count()
                    })
                    .collect()
            })
            .collect();
        fn numbered<'m>(names: impl Iterator<Item = &'m String>) -> HashMap<&'m str, usize> {
            names.enumerate().map(|(i, n)| (n.as_str(), i)).collect()
        }
        Counter {
            model,
            places: numbered(gateway.places.iter().map(|p| &p.name)),
            sources: numbered(gateway.sources.iter().map(|s| &s.name)),
            goods: numbered(gateway.goods.iter().map(|g| &g.name)),
            departures,
            vehicles: HashMap::new(),
            lots: HashMap::new(),
            bands: BTreeMap::new(),
            events: 0,
        }
    }

    fn place(&self, name: &str) -> Node {
        Node::Place(self.places.get(name).copied().unwrap_or_default())
    }

    fn add(&mut self, from: Node, to: Node, moves: Moves, class: usize) {
        *self.bands.entry((from, to, moves, class)).or_default() += 1;
    }

    fn vehicle_to(&mut self, vehicle: &VehicleId, to: Node) {
        let Some(known) = self.vehicles.get_mut(vehicle) else {
            return;
        };
        let (from, source) = (known.at, known.source);
        (known.at, known.left) = (to, false);
        if from != to {
            self.add(from, to, Moves::Vehicles, source);
        }
    }

    fn lot_to(&mut self, lot: &LotId, to: Node) {
        let Some(known) = self.lots.get_mut(lot) else {
            return;
        };
        let (from, goods) = (known.at, known.goods);
        known.at = to;
        if from != to {
            self.add(from, to, Moves::Lots, goods);
        }
    }

    fn out(&mut self, lot: &LotId, to: Node) {
        self.lot_to(lot, to);
        self.lots.remove(lot);
    }

    /// A lot has been released, or loaded on a departure: it is inland if nothing follows.
    fn moves_on(&mut self, lot: &LotId, loaded: usize) {
        let Some(known) = self.lots.get_mut(lot) else {
            return;
        };
        known.loads += loaded;
        if known.loads == self.departures[known.source][known.goods] {
            self.out(lot, Node::Inland);
        }
    }

    /// Adds this replication to the sums.
    fn finish(
        mut self,
        bands: &mut BTreeMap<(Node, Node, Moves, String), u64>,
        still: &mut BTreeMap<(Node, Moves), u64>,
    ) {
        let gone: Vec<VehicleId> = self
            .vehicles
            .iter()
            .filter(|(_, v)| v.emptied && v.left)
            .map(|(id, _)| id.clone())
            .collect();
        for vehicle in gone {
            self.vehicle_to(&vehicle, Node::Home);
            self.vehicles.remove(&vehicle);
        }
        for vehicle in self.vehicles.values() {
            *still.entry((vehicle.at, Moves::Vehicles)).or_default() += 1;
        }
        for lot in self.lots.values() {
            *still.entry((lot.at, Moves::Lots)).or_default() += 1;
        }
        let gateway = self.model.gateway();
        for ((from, to, moves, class), n) in self.bands {
            let class = match moves {
                Moves::Vehicles => gateway.sources[class].name.clone(),
                Moves::Lots => gateway.goods[class].name.clone(),
            };
            *bands.entry((from, to, moves, class)).or_default() += n;
        }
    }
}

impl Observer for &mut Counter<'_> {
    fn happens(&mut self, _: Timestamp, happening: Happening) {
        self.events += 1;
        match happening {
            Happening::ConvoyArrived {
                source, vehicles, ..
            } => {
                let source = self.sources.get(source.as_str()).copied().unwrap_or(0);
                for vehicle in vehicles {
                    let vehicle_at = Vehicle {
                        source,
                        at: Node::Source(source),
                        emptied: false,
                        left: false,
                    };
                    self.vehicles.insert(vehicle, vehicle_at);
                }
            }
            Happening::VehiclePlaced { vehicle, spot } => {
                let to = self.place(spot.place.as_str());
                self.vehicle_to(&vehicle, to);
            }
            Happening::VehicleLeft { vehicle, .. } => {
                if let Some(known) = self.vehicles.get_mut(&vehicle) {
                    known.left = true;
                }
            }
            Happening::VehicleEmptied { vehicle } => {
                if let Some(known) = self.vehicles.get_mut(&vehicle) {
                    known.emptied = true;
                }
            }
            Happening::VehicleReturned { vehicle, .. } => {
                self.vehicle_to(&vehicle, Node::Home);
                self.vehicles.remove(&vehicle);
            }
            Happening::LotUnloaded {
                lot,
                vehicle,
                goods,
                spot,
            } => {
                let source = self.vehicles.get(&vehicle).map_or(0, |v| v.source);
                let goods = self.goods.get(goods.as_str()).copied().unwrap_or(0);
                let unloaded = Lot {
                    source,
                    goods,
                    at: Node::Source(source),
                    loads: 0,
                };
                self.lots.insert(lot.clone(), unloaded);
                let to = self.place(spot.place.as_str());
                self.lot_to(&lot, to);
            }
            Happening::LotStored { lot, spot } | Happening::LotSent { lot, spot } => {
                let to = self.place(spot.place.as_str());
                self.lot_to(&lot, to);
            }
            Happening::LotReleased { lot } => self.moves_on(&lot, 0),
            Happening::LotLoaded { lot, .. } => self.moves_on(&lot, 1),
            Happening::LotDestroyed { lot } => self.out(&lot, Node::Destroyed),
            Happening::LotSentBack { lot } => self.out(&lot, Node::SentBack),
            _ => {}
        }
    }
}
