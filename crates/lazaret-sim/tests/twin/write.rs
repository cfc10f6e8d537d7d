//! Random gateway files, in which every key of the file may stand beside every other.

mod steps;

use std::fmt::Write as _;

use jiff::civil::Date;
use lazaret_gateway::random::mix;

/// The one CSV file that they name.
pub(crate) const TIMES: &str = "hours,other\n1,7\n1.5,7\n2,7\n4.25,7\n";

/// A part of a file: its header and its keys, each with its value as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) header: String,
    pub(crate) keys: Vec<(String, String)>,
}

impl Section {
    fn new(header: impl Into<String>) -> Section {
        Section {
            header: header.into(),
            keys: Vec::new(),
        }
    }

    fn put(&mut self, key: &str, value: impl Into<String>) {
        self.keys.push((key.to_string(), value.into()));
    }

    /// The name of the section in the table of fields.
    pub(crate) fn kind(&self) -> &str {
        self.header
            .trim_matches(['[', ']'])
            .split('.')
            .next()
            .unwrap_or("")
    }
}

/// A gateway file that can be taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) sections: Vec<Section>,
}

impl File {
    pub(crate) fn toml(&self) -> String {
        let mut out = String::new();
        for section in &self.sections {
            let _ = writeln!(out, "{}", section.header);
            for (key, value) in &section.keys {
                let _ = writeln!(out, "{key} = {value}");
            }
        }
        out
    }
}

/// A source of numbers that depends on its seed alone.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }
}

fn text(value: impl AsRef<str>) -> String {
    format!("\"{}\"", value.as_ref())
}

/// Words of a file that is being written.
struct Writer {
    dice: Dice,
    /// All times are whole hours, so that much happens in one instant.
    ties: bool,
    start: Date,
    days: u64,
    goods: Vec<&'static str>,
    sources: Vec<&'static str>,
    crews: Vec<&'static str>,
    equipment: Vec<&'static str>,
    two_sites: bool,
    unknowns: bool,
    /// Share of the keys that are written, in per cent.
    dense: u64,
}

/// The file of a seed. It need not be a right one: what is refused is left out.
pub(crate) fn file(seed: u64) -> File {
    let mut dice = Dice(mix(seed.wrapping_mul(0x51_7C_C1_B7)));
    let some = |dice: &mut Dice, names: &[&'static str], least: u64| {
        let n = dice.between(least, names.len() as u64) as usize;
        names[..n].to_vec()
    };
    let mut writer = Writer {
        ties: dice.chance(50),
        start: Date::constant(2022, 1, 3),
        days: dice.between(2, 5),
        goods: some(&mut dice, &["a", "b", "c"], 0),
        sources: some(&mut dice, &["r", "s"], 1),
        crews: some(&mut dice, &["gang", "cleaner"], 0),
        equipment: some(&mut dice, &["crane", "plug"], 0),
        two_sites: dice.chance(25),
        unknowns: dice.chance(30),
        dense: [10, 25, 40, 60][dice.below(4) as usize],
        dice,
    };
    let mut sections = vec![writer.gateway()];
    writer.unknown(&mut sections);
    for nth in 0..writer.goods.len() {
        let section = writer.goods_class(nth);
        sections.push(section);
    }
    writer.sites(&mut sections);
    for nth in 0..writer.sources.len() {
        let section = writer.source(nth);
        sections.push(section);
    }
    writer.rest(&mut sections);
    File { sections }
}

impl Writer {
    /// Whether a key is written that may be left out.
    fn some(&mut self) -> bool {
        let dense = self.dense;
        self.dice.chance(dense)
    }

    fn duration(&mut self, hours: u64) -> String {
        let n = self.dice.between(1, (2 * hours).max(2) - 1);
        if self.ties || self.dice.chance(30) {
            return if self.dice.chance(20) {
                text(format!("{n} h 30 min"))
            } else {
                text(format!("{n} h"))
            };
        }
        if self.unknowns && self.dice.chance(25) {
            return self
                .dice
                .pick(&[
                    "\"u_time\"",
                    "\"exponential(u_time)\"",
                    "\"triangular(0 h, u_time, 9 h)\"",
                ])
                .into();
        }
        let m = n as f64;
        let (low, high) = (m * 0.3, m * 1.7);
        match self.dice.below(13) {
            0 => text(format!("uniform({low} h, {high} h)")),
            1 => text(format!("triangular({low} h, {m} h, {high} h)")),
            2 => text(format!("pert({low} h, {m} h, {high} h)")),
            3 => text(format!("exponential({m} h)")),
            4 => text(format!("normal({m} h, {low} h)")),
            5 => text(format!("normal({m} h, {m} h, {low} h, {high} h)")),
            6 => text(format!("lognormal({m} h, {low} h)")),
            7 => text(format!("gamma({m} h, {low} h)")),
            8 => text(format!("erlang(3, {m} h)")),
            9 => text(format!("weibull(1.5, {m} h)")),
            10 => text(format!("discrete({low} h: 1, {high} h: 3)")),
            11 => "'empirical(\"times.csv\", \"hours\", h)'".into(),
            _ => text(format!("uniform(0 h, {m} h)")),
        }
    }

    /// A time that may be nothing.
    fn any_duration(&mut self, hours: u64) -> String {
        if self.dice.chance(12) {
            text("0 h")
        } else {
            self.duration(hours)
        }
    }

    fn number(&mut self, most: u64) -> String {
        let n = self.dice.between(1, most);
        if self.dice.chance(70) {
            return n.to_string();
        }
        match self.dice.below(3) {
            0 => text(format!("uniform_int(1, {most})")),
            1 => text(format!("discrete(1: 2, {most}: 1)")),
            _ if self.unknowns => text("u_count"),
            _ => n.to_string(),
        }
    }

    /// A number of which a draw may be none.
    fn any_number(&mut self, most: u64) -> String {
        if self.dice.chance(15) {
            let mean = self.dice.between(1, most);
            return text(format!("poisson({mean})"));
        }
        self.number(most)
    }

    fn date(&mut self) -> String {
        let day = self.dice.below(self.days + 2) as i64 - 1;
        self.start
            .saturating_add(jiff::Span::new().days(day))
            .to_string()
    }

    fn moment(&mut self) -> String {
        let date = self.date();
        match self.dice.below(3) {
            0 => date,
            1 => format!("{date}T{:02}:00:00", self.dice.below(24)),
            _ => format!("{date}T{:02}:30:00", self.dice.below(24)),
        }
    }

    /// One or two dates of a list in ascending order.
    fn moments(&mut self) -> Vec<String> {
        let mut all = vec![self.moment()];
        if self.dice.chance(50) {
            all.push(self.moment());
        }
        all.sort();
        all.dedup();
        all
    }

    fn dates(&mut self) -> String {
        let dates = [self.date(), self.date()];
        format!("[{}]", dates[..self.dice.between(1, 2) as usize].join(", "))
    }

    fn time_of_day(&mut self) -> String {
        let minutes = self.dice.pick(&["00", "00", "30"]);
        format!("{:02}:{minutes}", self.dice.below(24))
    }

    fn days(&mut self) -> String {
        self.dice
            .pick(&[
                "\"Mon-Fri\"",
                "[\"Mon\", \"Wed\", \"Sat\"]",
                "\"Tue, Thu-Sun\"",
                "\"Sat-Mon\"",
            ])
            .into()
    }

    fn zone(&mut self) -> &'static str {
        self.dice
            .pick(&["UTC", "Asia/Pyongyang", "Europe/Berlin", "America/New_York"])
    }

    fn flag(&mut self) -> &'static str {
        self.dice.pick(&["true", "false"])
    }

    fn note(&mut self, section: &mut Section) {
        if self.some() {
            section.put("note", text("a remark"));
        }
    }

    fn gateway(&mut self) -> Section {
        let mut section = Section::new("[gateway]");
        section.put("name", text("twin"));
        if self.some() {
            // Some with a change of offset, and one with a day that never was.
            let (zone, start) = match self.dice.below(6) {
                0 => ("Europe/Berlin", Date::constant(2022, 3, 26)),
                1 => ("Europe/Berlin", Date::constant(2022, 10, 29)),
                2 => ("Pacific/Apia", Date::constant(2011, 12, 29)),
                3 => ("America/New_York", Date::constant(2022, 11, 5)),
                _ => (self.zone(), self.start),
            };
            self.start = start;
            section.put("time_zone", text(zone));
        }
        let start = self.start;
        let hour = if self.some() {
            format!("T{:02}:00:00", self.dice.below(24))
        } else {
            String::new()
        };
        section.put("start", format!("{start}{hour}"));
        let length = if self.dice.chance(80) {
            format!("{} d", self.days)
        } else {
            format!("{} h 30 min", 20 * self.days)
        };
        section.put("length", text(length));
        if self.some() {
            section.put("study", text(self.dice.pick(&["opening", "steady"])));
        }
        if self.some() {
            let dates = self.dates();
            section.put("holidays", dates);
        }
        self.note(&mut section);
        section
    }

    fn unknown(&mut self, sections: &mut Vec<Section>) {
        if self.unknowns {
            let mut section = Section::new("[unknown]");
            section.put("u_time", text("uniform(1 h, 4 h)"));
            section.put("u_share", text("uniform(0.05, 0.2)"));
            section.put("u_count", text("uniform_int(1, 3)"));
            sections.push(section);
        }
    }

    fn goods_class(&mut self, nth: usize) -> Section {
        let mut section = Section::new(format!("[goods.{}]", self.goods[nth]));
        if nth + 1 < self.goods.len() && self.dice.chance(60) {
            let share = ["0.3", "\"25 %\"", "0.5"][nth];
            section.put("share", share);
        }
        if self.some() {
            section.put("priority", (self.dice.below(4) as i64 - 1).to_string());
        }
        if self.some() {
            let hold = self.any_duration(12);
            section.put("hold", hold);
        }
        if self.goods.len() > 1 && self.some() {
            let other = (nth + 1) % self.goods.len();
            section.put("apart_from", text(self.goods[other]));
        }
        if self.some() {
            section.put("mass", text("20 t"));
        }
        self.note(&mut section);
        section
    }

    fn sites(&mut self, sections: &mut Vec<Section>) {
        if !self.two_sites {
            return;
        }
        for name in ["here", "there"] {
            let mut section = Section::new(format!("[site.{name}]"));
            self.note(&mut section);
            sections.push(section);
        }
        for (name, from, to) in [("out", "here", "there"), ("back", "there", "here")] {
            let mut section = Section::new(format!("[route.{name}]"));
            section.put("from", text(from));
            section.put("to", text(to));
            let takes = self.any_duration(3);
            section.put("takes", takes);
            self.note(&mut section);
            sections.push(section);
        }
    }

    fn timetable(&mut self) -> String {
        let times: Vec<String> = (0..self.dice.between(1, 3))
            .map(|_| text(self.time_of_day()))
            .collect();
        let mut keys = vec![format!("times = [{}]", times.join(", "))];
        if self.some() {
            keys.push(format!("days = {}", self.days()));
        }
        if self.some() {
            keys.push(format!("zone = {}", text(self.zone())));
        }
        if self.some() {
            keys.push(format!("except = {}", self.dates()));
        }
        if self.some() {
            keys.push(format!("works_holidays = {}", self.flag()));
        }
        format!("{{ {} }}", keys.join(", "))
    }

    fn closures(&mut self) -> String {
        let mut all = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            let (mut a, mut b) = (self.moment(), self.moment());
            if a > b {
                std::mem::swap(&mut a, &mut b);
            }
            let why = if self.some() {
                format!(", why = {}", text(self.dice.pick(&["flood", "new year"])))
            } else {
                String::new()
            };
            all.push(format!("{{ from = {a}, to = {b}{why} }}"));
        }
        format!("[{}]", all.join(", "))
    }

    /// `every` with or without `first`, or `timetable`.
    fn recurrence(&mut self, section: &mut Section, hours: u64) {
        if self.dice.chance(30) {
            let timetable = self.timetable();
            section.put("timetable", timetable);
            return;
        }
        let every = self.duration(hours);
        section.put("every", every);
        if self.some() {
            let first = self.any_duration(hours);
            section.put("first", first);
        }
    }

    fn source(&mut self, nth: usize) -> Section {
        let mut section = Section::new(format!("[source.{}]", self.sources[nth]));
        let sea = self.dice.chance(20);
        if sea {
            section.put("route", text("sea"));
        } else if self.some() {
            section.put("route", text(self.dice.pick(&["rail", "road"])));
        }
        self.recurrence(&mut section, 7);
        if self.dice.chance(70) {
            let convoy = self.any_number(if sea { 6 } else { 4 });
            section.put("convoy", convoy);
        }
        if !sea && self.dice.chance(50) {
            let lots = self.any_number(3);
            section.put("lots", lots);
        }
        if self.some() {
            let travel = self.any_duration(4);
            section.put("travel", travel);
        }
        if self.some() {
            let fleet = self.dice.between(4, 9).to_string();
            section.put("fleet", fleet);
        }
        if self.some() {
            section.put("when_short", text(self.dice.pick(&["wait", "go_short"])));
        }
        if self.some() {
            let closures = self.closures();
            section.put("closed", closures);
        }
        if self.some() {
            section.put("when_closed", text(self.dice.pick(&["cancel", "wait"])));
        }
        if self.goods.len() > 1 && self.some() {
            let (a, b) = (self.goods[0], self.goods[self.goods.len() - 1]);
            let goods = self.dice.pick(&["0.4 0.6", "0.7 0.3", "one"]);
            section.put(
                "goods",
                match goods.split_once(' ') {
                    Some((x, y)) => format!("{{ {a} = {x}, {b} = {y} }}"),
                    None => text(b),
                },
            );
        }
        if self.some() {
            let mut inner = Section::new("");
            self.vehicle(&mut inner);
            if !inner.keys.is_empty() {
                let keys: Vec<String> = inner
                    .keys
                    .iter()
                    .map(|(key, value)| format!("{key} = {value}"))
                    .collect();
                section.put("vehicle", format!("{{ {} }}", keys.join(", ")));
            }
        }
        self.note(&mut section);
        section
    }

    fn vehicle(&mut self, section: &mut Section) {
        let washes = self.some();
        if washes {
            let wash = self.any_duration(2);
            section.put("wash", wash);
        }
        if washes && self.some() {
            section.put(
                "wash_at",
                text(self.dice.pick(&["bay", "platform", "gate", "shed"])),
            );
        }
        if washes && self.some() && !self.crews.is_empty() {
            let crew = self.a_crew();
            section.put("wash_crew", crew);
        }
        if washes && self.some() && !self.equipment.is_empty() {
            let needs = self.needs();
            section.put("wash_needs", needs);
        }
        if self.some() {
            let back = if self.dice.chance(70) {
                format!("quarantine {} h", self.dice.between(1, 9))
            } else {
                "direct".into()
            };
            section.put("return", text(back));
        }
        if self.some() {
            let back = self.any_duration(5);
            section.put("back", back);
        }
        self.note(section);
    }

    fn a_crew(&mut self) -> String {
        let all = [self.crews.as_slice(), &self.equipment].concat();
        let name = self.dice.pick(&all);
        if all.len() > 1 && self.dice.chance(30) {
            format!("[\"{}\", \"{}\"]", all[0], all[1])
        } else {
            text(name)
        }
    }

    fn needs(&mut self) -> String {
        let all = [self.crews.as_slice(), &self.equipment].concat();
        let one = self.dice.pick(&all);
        let n = self.dice.between(1, 2);
        let other = self.dice.pick(&all);
        if other != one && self.dice.chance(60) {
            format!("{{ {one} = {n}, {other} = 1 }}")
        } else {
            format!("{{ {one} = {n} }}")
        }
    }

    fn breaks(&mut self) -> String {
        format!(
            "{{ every = {}, repair = {} }}",
            self.duration(20),
            self.any_duration(4)
        )
    }

    fn hours(&mut self, section: &mut Section) {
        if self.some() {
            let shifts = self.dice.pick(&[
                "\"06:00-18:00\"",
                "\"08:00-16:00\"",
                "\"22:00-06:00\"",
                "[\"06:00-10:00\", \"12:00-20:00\"]",
                "\"00:00-24:00\"",
                "\"02:30-14:30\"",
            ]);
            section.put("shift", shifts);
        }
        if self.some() {
            let days = self.days();
            section.put("days", days);
        }
        if self.some() {
            section.put("works_holidays", self.flag());
        }
    }

    fn place(&mut self, name: &str, zone: &str, there: bool) -> Section {
        let mut section = Section::new(format!("[place.{name}]"));
        if self.two_sites && there {
            section.put("site", text("there"));
        }
        if self.some() {
            section.put("zone", text(zone));
        }
        let fill = if self.some() {
            self.dice.pick(&["pool", "one_by_one", "groups"])
        } else {
            ""
        };
        let later = self.dice.chance(8);
        if later {
            section.put("count", "0");
        } else if self.dice.chance(50) {
            let count = self.any_number(3);
            section.put("count", count);
        }
        let unlimited = self.dice.chance(10) && matches!(fill, "" | "pool");
        let slots = if unlimited {
            text("unlimited")
        } else {
            self.number(4)
        };
        section.put("slots", slots);
        if !fill.is_empty() {
            section.put("fill", text(fill));
        }
        if self.some() {
            section.put("buffer", text(self.dice.pick(&["none", "unlimited"])));
        }
        if self.dice.chance(50) {
            self.hours(&mut section);
        }
        if self.some() {
            let closures = self.closures();
            section.put("closed", closures);
        }
        if later || self.some() {
            let changes: Vec<String> = self
                .moments()
                .into_iter()
                .map(|date| self.change(&date, unlimited))
                .collect();
            section.put("from", format!("[{}]", changes.join(", ")));
        }
        if self.some() {
            let breaks = self.breaks();
            section.put("breaks", breaks);
        }
        if !(self.crews.is_empty() && self.equipment.is_empty()) {
            if self.some() {
                let crew = self.a_crew();
                section.put("crew", crew);
            }
            if self.some() {
                let needs = self.needs();
                section.put("needs", needs);
            }
            if self.some() {
                let needs = self.needs();
                section.put("holds", needs);
            }
        }
        self.note(&mut section);
        section
    }

    fn change(&mut self, date: &str, unlimited: bool) -> String {
        let count = self.dice.below(4);
        let slots = self.dice.between(0, 4);
        if unlimited || self.dice.chance(40) {
            format!("{{ date = {date}, count = {count} }}")
        } else if self.dice.chance(50) {
            format!("{{ date = {date}, slots = {slots} }}")
        } else {
            format!("{{ date = {date}, count = {count}, slots = {slots} }}")
        }
    }

    fn resource(&mut self, kind: &str, name: &str) -> Section {
        let mut section = Section::new(format!("[{kind}.{name}]"));
        let changes = self.some();
        let count = if changes && self.dice.chance(15) {
            "0".into()
        } else {
            self.any_number(4)
        };
        section.put("count", count);
        self.hours(&mut section);
        if self.some() {
            section.put("at_shift_end", text(self.dice.pick(&["pause", "finish"])));
        }
        if changes {
            let changes: Vec<String> = self
                .moments()
                .into_iter()
                .map(|date| {
                    let count = self.dice.below(5);
                    format!("{{ date = {date}, count = {count} }}")
                })
                .collect();
            section.put("from", format!("[{}]", changes.join(", ")));
        }
        if self.some() {
            let breaks = self.breaks();
            section.put("breaks", breaks);
        }
        self.note(&mut section);
        section
    }
}
