//! Whether what comes can pass through the steps at all: order, zones, sites, vehicles of several classes.

use super::Reader;
use crate::check::{OFTEN_MOST, Recurring, too_often};
use crate::diagnostic::{Diagnostic, Location};
use crate::document::Table;
use crate::model::{Gateway, GoodsIx, HoldClock, SourceIx, StepIx, StepKind, Term, Zone};

impl<'d> Reader<'d> {
    /// Checks every way through the steps, and gives places without a zone the one their steps tell.
    pub(super) fn flow(&mut self, gateway: &mut Gateway, root: &'d Table) {
        if gateway.steps.is_empty() || gateway.places.is_empty() {
            return;
        }
        if self.diagnostics.iter().any(|d| {
            d.is_error()
                && matches!(
                    d.code,
                    "missing-key" | "unknown-name" | "cycle" | "no-unloading" | "same-name"
                )
        }) {
            // With steps or places missing, what could be said about the ways would be noise.
            return;
        }
        let paths = self.paths(gateway);
        self.infer_zones(gateway, &paths, root);
        let mut said: Vec<(&'static str, Location)> = Vec::new();
        for (source, goods, path) in &paths {
            if let Some(diagnostic) = self.wrong_in_path(gateway, *source, *goods, path) {
                let key = (diagnostic.code, diagnostic.labels[0].at);
                if !said.contains(&key) {
                    said.push(key);
                    self.error(diagnostic);
                }
            }
        }
        self.mixed_vehicles(gateway);
        self.clocks(gateway);
        if let Some(found) = too_often(gateway) {
            let (at, what, help) = match found.of {
                Recurring::Lots(s) => (
                    self.names.sources.at[s.index()],
                    "lots or convoys would come",
                    "check `every`, `convoy` and `length`",
                ),
                Recurring::Departures(i) => (
                    self.names.steps.at[i.index()],
                    "departures would be due",
                    "check `every` and `length`",
                ),
                Recurring::PlaceFailures(p) => (
                    self.names.places.at[p.index()],
                    "failures would happen",
                    "check `breaks` and `length`",
                ),
                Recurring::ResourceFailures(r) => (
                    self.names.resources.at[r.index()],
                    "failures would happen",
                    "check `breaks` and `length`",
                ),
            };
            self.error(
                Diagnostic::error(
                    "out-of-range",
                    at,
                    format!(
                        "about {:.1e} {what} in {}; the limit is {OFTEN_MOST:.0e}",
                        found.times, gateway.length
                    ),
                )
                .help(help),
            );
        }
    }

    /// The way of each class from each source that it comes from. Classes with the same way from a source are told once.
    fn paths(&self, gateway: &Gateway) -> Vec<(SourceIx, GoodsIx, Vec<StepIx>)> {
        let mut out: Vec<(SourceIx, GoodsIx, Vec<StepIx>)> = Vec::new();
        for (s, source) in gateway.sources.iter().enumerate() {
            for (g, share) in source.mix.iter().enumerate() {
                if *share == Term::Value(0.0) {
                    continue;
                }
                let (source, goods) = (SourceIx(s as u16), GoodsIx(g as u16));
                let path = gateway.path(source, goods);
                if !out
                    .iter()
                    .rev()
                    .take(64)
                    .any(|(_, _, known)| *known == path)
                {
                    out.push((source, goods, path));
                }
            }
        }
        out
    }

    fn infer_zones(
        &mut self,
        gateway: &mut Gateway,
        paths: &[(SourceIx, GoodsIx, Vec<StepIx>)],
        root: &'d Table,
    ) {
        let places = gateway.places.len();
        let (mut before, mut turning, mut after) = (
            vec![false; places],
            vec![false; places],
            vec![false; places],
        );
        for (_, _, path) in paths {
            let kind = |step: &StepIx| &gateway.steps[step.index()].kind;
            let turn = path
                .iter()
                .position(|step| matches!(kind(step), StepKind::Treat))
                .or_else(|| {
                    path.iter()
                        .position(|step| matches!(kind(step), StepKind::Hold { .. }))
                });
            for (i, step) in path.iter().enumerate() {
                let place = gateway.steps[step.index()].at.index();
                match turn {
                    Some(turn) if i == turn => turning[place] = true,
                    Some(turn) if i > turn => after[place] = true,
                    // Where nothing is treated or held, nothing becomes clean.
                    _ => before[place] = true,
                }
            }
        }
        let stated: Vec<bool> = self
            .named(root, "place")
            .into_iter()
            .map(|(_, table)| table.entry("zone").is_some())
            .collect();
        for (i, place) in gateway.places.iter_mut().enumerate() {
            if stated.get(i).copied().unwrap_or(true) {
                continue;
            }
            place.zone = match (before[i], turning[i], after[i]) {
                (true, false, false) => Zone::Dirty,
                (false, false, _) => Zone::Clean,
                _ => Zone::DirtyToClean,
            };
        }
    }

    /// The first thing that keeps a lot from passing `path`.
    fn wrong_in_path(
        &self,
        gateway: &Gateway,
        source: SourceIx,
        goods: GoodsIx,
        path: &[StepIx],
    ) -> Option<Diagnostic> {
        let class = &gateway.goods[goods.index()].name;
        let from = &gateway.sources[source.index()].name;
        let step_at = |step: StepIx| self.names.steps.at[step.index()];
        let source_at = self.names.sources.at[source.index()];
        if path.is_empty() {
            return Some(
                Diagnostic::error(
                    "no-steps",
                    source_at,
                    format!("no step applies to `{class}` from `{from}`"),
                )
                .help("check `goods`, `except` and `sources` of the steps"),
            );
        }
        let kind = |step: StepIx| &gateway.steps[step.index()].kind;
        let is_unloading = |step: StepIx| matches!(kind(step), StepKind::Unload { .. });
        let Some(unloading) = path.iter().position(|&step| is_unloading(step)) else {
            return Some(
                Diagnostic::error(
                    "no-unloading",
                    source_at,
                    format!("`{class}` from `{from}` is never unloaded"),
                )
                .help("make an unloading step apply to it"),
            );
        };
        for (i, &step) in path.iter().enumerate() {
            let name = &gateway.steps[step.index()].name;
            if i < unloading && !matches!(kind(step), StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!("step `{name}` works on lots, but they are unloaded after it"),
                    )
                    .also(step_at(path[unloading]), "the unloading")
                    .help("move it after the unloading, or write does = \"handle\""),
                );
            }
            if i > unloading && is_unloading(step) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!("`{class}` from `{from}` is unloaded a second time here"),
                    )
                    .also(step_at(path[unloading]), "the first unloading")
                    .help("restrict them by `goods` or `sources`, or write does = \"treat\""),
                );
            }
            if i > unloading && matches!(kind(step), StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-unloading",
                        step_at(step),
                        format!(
                            "step `{name}` works on vehicles, but the lots are already unloaded"
                        ),
                    )
                    .also(step_at(path[unloading]), "the unloading")
                    .help("move it before the unloading, or write does = \"treat\""),
                );
            }
            if matches!(kind(step), StepKind::Dispatch(_)) && i + 1 < path.len() {
                return Some(
                    Diagnostic::error(
                        "after-dispatch",
                        step_at(path[i + 1]),
                        format!(
                            "step `{}` comes after `{class}` has left with `{name}`",
                            gateway.steps[path[i + 1].index()].name
                        ),
                    )
                    .also(step_at(step), "the departure")
                    .help("move it before the departure, or restrict one of them by `goods` or `sources`"),
                );
            }
        }
        self.zones_in_path(gateway, path)
            .or_else(|| self.sites_in_path(gateway, path))
    }

    fn zones_in_path(&self, gateway: &Gateway, path: &[StepIx]) -> Option<Diagnostic> {
        for pair in path.windows(2) {
            let (from, to) = (
                gateway.steps[pair[0].index()].at,
                gateway.steps[pair[1].index()].at,
            );
            let (from_place, to_place) =
                (&gateway.places[from.index()], &gateway.places[to.index()]);
            if from == to || from_place.zone == Zone::Dirty && to_place.zone != Zone::Clean {
                continue;
            }
            let to_name = &to_place.name;
            let step_at = self.names.steps.at[pair[1].index()];
            let to_at = self.names.places.at[to.index()];
            let from_at = self.names.places.at[from.index()];
            match (from_place.zone, to_place.zone) {
                // Straight over the line: legal only where the place of the next step does nothing but receive.
                (Zone::Dirty, Zone::Clean) => {
                    return Some(
                        Diagnostic::error(
                            "zone-order",
                            step_at,
                            format!(
                                "lots go from `{}` in the dirty zone to `{to_name}` in the clean zone without treatment",
                                from_place.name
                            ),
                        )
                        .also(from_at, "dirty")
                        .also(to_at, "clean")
                        .help(format!("give `{to_name}`, or a place between the two, zone = \"dirty -> clean\"")),
                    );
                }
                (Zone::Clean | Zone::DirtyToClean, Zone::Clean) => {}
                _ => {
                    return Some(
                        Diagnostic::error(
                            "zone-order",
                            step_at,
                            format!(
                                "lots go back from clean to dirty: `{}` to `{to_name}`",
                                from_place.name
                            ),
                        )
                        .also(from_at, "lots leave here clean")
                        .also(to_at, "and enter this one dirty")
                        .help("change the zone of a place, or the order of the steps"),
                    );
                }
            }
        }
        None
    }

    fn sites_in_path(&self, gateway: &Gateway, path: &[StepIx]) -> Option<Diagnostic> {
        let site = |step: StepIx| gateway.places[gateway.steps[step.index()].at.index()].site;
        for pair in path.windows(2) {
            let (from, to) = (site(pair[0]), site(pair[1]));
            if from == to {
                continue;
            }
            let (from_name, to_name) = (
                &gateway.sites[from.index()].name,
                &gateway.sites[to.index()].name,
            );
            let step = &gateway.steps[pair[1].index()].name;
            let step_at = self.names.steps.at[pair[1].index()];
            if matches!(gateway.steps[pair[0].index()].kind, StepKind::Handle) {
                return Some(
                    Diagnostic::error(
                        "no-route",
                        step_at,
                        format!("vehicles cannot go from site `{from_name}` to site `{to_name}` before they are unloaded"),
                    )
                    .help("only lots take routes; keep the steps up to the unloading at one site"),
                );
            }
            if !gateway.routes.iter().any(|r| r.from == from && r.to == to) {
                return Some(
                    Diagnostic::error(
                        "no-route",
                        step_at,
                        format!("no route leads from site `{from_name}` to site `{to_name}`, where step `{step}` is"),
                    )
                    .help(format!(
                        "add [route.NAME] with from = \"{from_name}\", to = \"{to_name}\" and takes = \"…\""
                    )),
                );
            }
        }
        self.way_back(gateway, path)
    }

    /// What an inspection sends back must get there.
    fn way_back(&self, gateway: &Gateway, path: &[StepIx]) -> Option<Diagnostic> {
        let site = |step: StepIx| gateway.places[gateway.steps[step.index()].at.index()].site;
        for &step in path {
            let StepKind::Inspect(inspection) = &gateway.steps[step.index()].kind else {
                continue;
            };
            let Some(back) = inspection.again_from.filter(|back| path.contains(back)) else {
                continue;
            };
            let (from, to) = (site(step), site(back));
            let led = gateway.routes.iter().any(|r| r.from == from && r.to == to);
            if from == to || led || inspection.again == Term::Value(0.0) {
                continue;
            }
            let (from_name, to_name) = (
                &gateway.sites[from.index()].name,
                &gateway.sites[to.index()].name,
            );
            return Some(
                Diagnostic::error(
                    "no-route",
                    self.names.steps.at[step.index()],
                    format!(
                        "no route leads from site `{from_name}` back to site `{to_name}`, where step `{}` is",
                        gateway.steps[back.index()].name
                    ),
                )
                .help(format!(
                    "add [route.NAME] with from = \"{from_name}\", to = \"{to_name}\" and takes = \"…\""
                )),
            );
        }
        None
    }

    /// A lot carries the time of each mark from which a hold counts.
    fn clocks(&mut self, gateway: &Gateway) {
        const MOST: usize = 32;
        let mut different: Vec<HoldClock> = Vec::new();
        for (i, step) in gateway.steps.iter().enumerate() {
            let StepKind::Hold { clock } = step.kind else {
                continue;
            };
            if !different.contains(&clock) {
                different.push(clock);
            }
            if different.len() > MOST {
                self.error(
                    Diagnostic::error(
                        "too-many",
                        self.names.steps.at[i],
                        format!("holds count from more than {MOST} different events"),
                    )
                    .help("make some of them count from the same step"),
                );
                return;
            }
        }
    }

    /// A vessel carries several classes, so what is done to it cannot depend on the class.
    fn mixed_vehicles(&mut self, gateway: &Gateway) {
        let mut wrong = Vec::new();
        for (i, step) in gateway.steps.iter().enumerate() {
            let on_vehicle = matches!(step.kind, StepKind::Handle | StepKind::Unload { .. });
            let each_lot = matches!(step.kind, StepKind::Unload { each_lot: true });
            if !on_vehicle {
                continue;
            }
            for (s, source) in gateway.sources.iter().enumerate() {
                if !source.mixed_vehicles || !step.sources[s] {
                    continue;
                }
                let classes: Vec<usize> = (0..source.mix.len())
                    .filter(|&g| source.mix[g] != Term::Value(0.0))
                    .collect();
                let differs = |f: &dyn Fn(usize) -> bool| {
                    classes.iter().any(|&g| f(g)) && classes.iter().any(|&g| !f(g))
                };
                let first = classes.first().copied().unwrap_or(0);
                let by_class = differs(&|g| step.goods[g]);
                let time_by_class =
                    !each_lot && classes.iter().any(|&g| step.takes[g] != step.takes[first]);
                if by_class || time_by_class {
                    let at = self.names.steps.at[i];
                    wrong.push(
                        Diagnostic::error(
                            "mixed-vehicle",
                            at,
                            format!(
                                "step `{}` depends on the goods class, but a vessel from `{}` carries several",
                                step.name, source.name
                            ),
                        )
                        .also(self.names.sources.at[s], "comes by sea")
                        .help(if matches!(step.kind, StepKind::Unload { .. }) && !by_class {
                            "write each = \"lot\" if it is the time of each lot, or give one time for all classes"
                        } else {
                            "apply it to all classes with one time, and restrict the steps after the unloading"
                        }),
                    );
                    break;
                }
            }
        }
        self.diagnostics.extend(wrong);
    }
}
