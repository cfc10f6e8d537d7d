//! A quay with a yard, evidence about it, and a question that is asked of both.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_watch::belief::Belief;
use lazaret_watch::estimate::{Effort, Question};
use lazaret_watch::evidence::{self, Row};
use lazaret_watch::kernel::count::CountKernel;
use lazaret_watch::observation::{Observations, bind};
use lazaret_watch::rules::{self, Rules};

pub(crate) const GATEWAY: &str = r#"
[gateway]
name = "quay"
start = 2022-01-01T00:00:00
length = "120 d"

[unknown]
hold_time = "lognormal(20 d, 10 d)"
trains = "uniform(0.3, 3)"

[source.west]
every = "24 h"
first = "8 h"
convoy = "poisson(trains)"

[place]
platform = { slots = 40 }
yard = { slots = 900 }

[[step]]
id = "unload"
at = "platform"
takes = "2 h"

[[step]]
id = "hold"
at = "yard"
takes = "hold_time"
clock = "when stored"

[[step]]
id = "dispatch"
at = "yard"
every = "24 h"
takes_up_to = 200

[vehicle]
back = "8 h"
"#;

pub(crate) const RULES: &str = r#"
[[observe]]
subject = "yard"
quantity = "lots"
of = "in.yard"
measure = "count"
error_at_least = 2
range = [0, 400]

[[observe]]
subject = "west"
quantity = "wagons"
of = "vehicles"
measure = "count"
range = [0, 40]

[[observe]]
subject = "hold"
quantity = "length"
of = "hold_time"
measure = "duration"
range = [0, 120]
"#;

pub(crate) const HEAD: &str = "id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,\
                    admiralty_source,admiralty_info,claim,url\n";

pub(crate) fn gateway() -> Gateway {
    let none: [&str; 0] = [];
    let no_files = |_: &str| Err("no files here".to_string());
    let text = GATEWAY.replace("poisson(trains)", "uniform_int(15, 20)");
    let text = text.replace("trains = \"uniform(0.3, 3)\"\n", "");
    lazaret_gateway::read(&text, &none, &no_files)
        .unwrap()
        .gateway
}

pub(crate) fn effort(seed: u64) -> Effort {
    Effort {
        seed,
        thetas: 128,
        states: 64,
        courses: 200,
        runs: 1,
        influence: true,
        grid: false,
    }
}

pub(crate) fn count(id: &str, date: &str, lots: u32) -> String {
    format!("{id},{date},{date},sat,image,yard,lots,{lots},{lots},{lots},,A,1,,\n")
}

/// Evidence about the quay as known on a day, and how much is computed.
pub(crate) struct Case {
    pub(crate) gateway: Gateway,
    pub(crate) rules_text: String,
    pub(crate) rules: Rules,
    pub(crate) rows: Vec<Row>,
    pub(crate) as_of: Date,
    pub(crate) observations: Observations,
    pub(crate) effort: Effort,
}

impl Case {
    pub(crate) fn new(rows: &str, more_rules: &str, as_of: &str) -> Self {
        Self::of(&format!("{HEAD}{rows}"), more_rules, as_of)
    }

    /// The same with a head line of its own. Hearsay is off by no more than its digit unless the rules say so, as these tests
    /// reckon by hand.
    pub(crate) fn of(evidence: &str, more_rules: &str, as_of: &str) -> Self {
        let gateway = gateway();
        let mut rules_text = format!("{RULES}\n{more_rules}");
        if !more_rules.contains("[kinds]") {
            rules_text += "\n[kinds]\nhearsay = 0.0\n";
        }
        let rules = rules::read(&rules_text, &gateway).unwrap();
        let rows = evidence::read(evidence).unwrap().rows;
        let as_of: Date = as_of.parse().unwrap();
        let observations = bind(&gateway, &rules, &rows, as_of).unwrap();
        Self {
            gateway,
            rules_text,
            rules,
            rows,
            as_of,
            observations,
            effort: effort(1),
        }
    }

    /// Asks about the days up to `ahead` after the day.
    pub(crate) fn ask<T>(
        &self,
        ahead: usize,
        ask: impl FnOnce(&CountKernel, &Belief, &Question<'_>) -> T,
    ) -> T {
        let question = Question {
            gateway: &self.gateway,
            rows: &self.rows,
            observations: &self.observations,
            as_of: self.as_of,
            until: self.observations.last_day + ahead,
            effort: &self.effort,
        };
        let kernel = CountKernel::new(&self.gateway, question.until + 1).unwrap();
        let kernel = kernel.with_flows(&self.gateway, &self.rules.flows);
        let last = self.observations.last_day;
        let belief = Belief::changing(&self.gateway, &self.rules.changes, last);
        ask(&kernel.unwrap(), &belief, &question)
    }
}
