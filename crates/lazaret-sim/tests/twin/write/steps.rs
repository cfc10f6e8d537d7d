//! Places, crews, steps and vehicles of a random file.

use std::fmt::Write as _;

use super::{Section, Writer, text};

impl Writer {
    /// Places, crews, steps and vehicles.
    pub(super) fn rest(&mut self, sections: &mut Vec<Section>) {
        let treat_at = if self.dice.chance(25) {
            "platform"
        } else {
            "shed"
        };
        let platform_zone = if treat_at == "platform" {
            "dirty -> clean"
        } else {
            "dirty"
        };
        let all = [
            ("gate", "dirty", false),
            ("platform", platform_zone, false),
            ("shed", "dirty -> clean", false),
            ("yard", "clean", true),
            ("lab", "clean", true),
            ("bay", "dirty", false),
        ];
        for (name, zone, there) in all {
            let section = self.place(name, zone, there);
            sections.push(section);
        }
        for (kind, names) in [
            ("crew", self.crews.clone()),
            ("equipment", self.equipment.clone()),
        ] {
            for name in names {
                let section = self.resource(kind, name);
                sections.push(section);
            }
        }
        let first = sections.len();
        self.steps(sections, treat_at);
        let ids: Vec<String> = sections[first..]
            .iter()
            .map(|step| step.keys[0].1.clone())
            .collect();
        for nth in first..sections.len() - 1 {
            if self.dice.chance(10) {
                let skip = self.dice.between(1, 2) as usize;
                if let Some(next) = ids.get(nth - first + skip) {
                    sections[nth].put("next", next.clone());
                }
            }
        }
        if self.dice.chance(70) {
            let mut section = Section::new("[vehicle]");
            self.vehicle(&mut section);
            sections.push(section);
        }
    }

    fn steps(&mut self, sections: &mut Vec<Section>, treat_at: &str) {
        let mut before: Vec<&str> = Vec::new();
        for _ in 0..self.dice.below(3) {
            let id = ["check", "weigh"][before.len()];
            let at = self.dice.pick(&["gate", "platform"]);
            let step = self.step(id, "handle", at, &before);
            sections.push(step);
            before.push(id);
        }
        let apart = self.sources.len() > 1 && self.dice.chance(25);
        let mut unload = self.step("unload", "unload", "platform", &before);
        if apart {
            unload.put("sources", text("r"));
            let mut other = self.step("unload_s", "unload", "platform", &before);
            other.put("sources", text("s"));
            sections.push(other);
        }
        sections.push(unload);
        before.push("unload");
        let lots: [(&str, &str, &str, u64); 8] = [
            ("disinfect", "treat", treat_at, 80),
            ("dry", "treat", treat_at, 40),
            (
                "inspect",
                "inspect",
                self.dice.pick(&[treat_at, "yard", "lab"]),
                50,
            ),
            ("repack", "treat", self.dice.pick(&["yard", "lab"]), 20),
            (
                "hold",
                "hold",
                self.dice.pick(&["yard", "yard", treat_at]),
                60,
            ),
            ("test", "inspect", self.dice.pick(&["yard", "lab"]), 30),
            ("hold_on", "hold", self.dice.pick(&["yard", "lab"]), 15),
            ("dispatch", "dispatch", self.dice.pick(&["yard", "lab"]), 50),
        ];
        for (id, does, at, percent) in lots {
            if self.dice.chance(percent) {
                let step = self.step(id, does, at, &before);
                sections.push(step);
                before.push(id);
            }
        }
        // What one departure does not take another may.
        if before.contains(&"dispatch")
            && let Some(last) = sections.last_mut()
            && let Some(which) = last
                .keys
                .iter_mut()
                .find(|(key, _)| matches!(key.as_str(), "goods" | "except"))
        {
            let (key, class) = which.clone();
            let other = if key == "goods" { "except" } else { "goods" };
            let mut step = self.step("dispatch_rest", "dispatch", "yard", &before);
            step.keys
                .retain(|(key, _)| !matches!(key.as_str(), "goods" | "except"));
            step.put(other, class);
            sections.push(step);
        }
    }

    fn step(&mut self, id: &str, does: &str, at: &str, before: &[&str]) -> Section {
        let mut section = Section::new("[[step]]");
        section.put("id", text(id));
        section.put("at", text(at));
        if matches!(id, "check" | "weigh" | "test") || self.some() {
            section.put("does", text(does));
        }
        if does != "dispatch" && (does == "hold" || self.dice.chance(85)) {
            let hours = if does == "hold" { 12 } else { 2 };
            let takes = self.any_duration(hours);
            let by_class = !self.goods.is_empty() && self.some();
            let value = if by_class {
                let other = self.any_duration(hours);
                format!("{{ {} = {takes}, other = {other} }}", self.goods[0])
            } else {
                takes
            };
            section.put("takes", value);
        }
        if self.goods.len() > 1 && self.some() && does != "unload" {
            let class = text(self.goods[1]);
            section.put(self.dice.pick(&["goods", "except"]), class);
        }
        if self.some() && does != "unload" {
            let source = self.dice.below(self.sources.len() as u64) as usize;
            section.put("sources", text(self.sources[source]));
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
        }
        self.own_keys(&mut section, does, before);
        self.note(&mut section);
        section
    }

    fn own_keys(&mut self, section: &mut Section, does: &str, before: &[&str]) {
        match does {
            "unload" if self.dice.chance(50) => {
                let each = self.dice.pick(&["lot", "lot", "vehicle"]);
                section.put("each", text(each));
                if each == "lot" && self.dice.chance(60) {
                    section.put("at_once", self.dice.between(1, 2).to_string());
                }
            }
            "hold" if self.dice.chance(80) => {
                let of = self.dice.pick(before);
                let clock = match self.dice.below(5) {
                    0 => "when stored".to_string(),
                    1 => "on arrival".to_string(),
                    2 | 3 => format!("starts when {of} starts"),
                    _ => format!("starts when {of} ends"),
                };
                section.put("clock", text(clock));
            }
            "inspect" => self.findings(section, before),
            "dispatch" => {
                self.recurrence(section, 9);
                if self.some() {
                    let most = self.number(4);
                    section.put("takes_up_to", most);
                }
                if self.some() {
                    let least = self.any_number(3);
                    section.put("at_least", least);
                }
            }
            _ => {}
        }
    }

    fn findings(&mut self, section: &mut Section, before: &[&str]) {
        let unloading = before.iter().position(|&id| id == "unload").unwrap_or(0);
        let from = &before[unloading + 1..];
        if self.unknowns && self.some() {
            section.put("pass", text("u_share"));
            if !from.is_empty() {
                section.put(
                    "again",
                    format!("{{ share = \"u_share\"{} }}", self.again(from)),
                );
            }
            section.put("fail", text("u_share"));
            section.put("destroy", "0.05");
            return;
        }
        let exact = self.some() && !from.is_empty();
        if exact {
            section.put("pass", "0.5");
        }
        if exact || !from.is_empty() && self.dice.chance(70) {
            let share = if exact {
                "\"30 %\"".to_string()
            } else {
                format!("0.{:02}", self.dice.between(20, 60))
            };
            section.put(
                "again",
                format!("{{ share = {share}{} }}", self.again(from)),
            );
        }
        if exact || self.some() {
            section.put("fail", "0.1");
        }
        if exact || self.some() {
            section.put("destroy", "0.1");
        }
    }

    fn again(&mut self, from: &[&str]) -> String {
        let mut keys = String::new();
        if self.dice.chance(60) {
            let _ = write!(keys, ", from = {}", text(self.dice.pick(from)));
        }
        if self.some() {
            let _ = write!(keys, ", at_most = {}", self.dice.between(1, 3));
        }
        keys
    }
}
