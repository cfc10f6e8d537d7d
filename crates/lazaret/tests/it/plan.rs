//! The planner's story of Uiju in five commands, and what is said of bad input.

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

pub(crate) fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

pub(crate) fn lazaret(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lazaret"));
    command.args(arguments).current_dir(example(""));
    command
}

fn answer(arguments: &[&str]) -> String {
    let output = lazaret(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&answer(&all)).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = lazaret(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

const UIJU: &str = "uiju/gateway.toml";

#[test]
fn first_it_is_asked_whether_it_can_take_a_train_a_day() {
    let text = answer(&[
        "plan",
        "capacity",
        UIJU,
        "--vary",
        "source.dandong.convoy",
        "--claim",
        "25",
    ]);
    assert!(text.contains("Can it sustain 25? no:"), "{text}");
    assert!(
        text.contains("What limits, just above: crew.cleaner.utilisation in 100 % of futures."),
        "{text}"
    );
    assert!(text.contains("clean_time"), "{text}");
}

#[test]
fn then_what_to_build_next() {
    let text = answer(&["plan", "bottleneck", UIJU, "--replications", "60"]);
    assert!(
        text.starts_with("\nBuild next: one more hour of shift for cleaner."),
        "{text}"
    );
    assert!(text.contains("waits for crew or equipment"), "{text}");
    assert!(text.contains("one more slot in yard"), "{text}");
}

#[test]
fn then_how_large_the_crew_must_be() {
    let a = json(&[
        "plan",
        "size",
        UIJU,
        "--choose",
        "crew.cleaner.count=40..120",
        "--so-that",
        "gateway.outside <= 0.5",
        "--with",
        "0.9",
        "--most",
        "1000",
    ]);
    let crew = a["sizing"]["smallest"][0]["numbers"][0].as_i64().unwrap();
    // 20 wagons of up to 48 hours over shifts of 12 hours are 80 cleaners at most; 17.5 wagons of 36 hours are 52.5 on average.
    assert!((60..=72).contains(&crew), "{crew}");
}

#[test]
fn then_whether_it_was_worth_it() {
    let a = json(&[
        "plan",
        "compare",
        UIJU,
        "--vs",
        "crew.cleaner.count=70",
        "--vs",
        "place.yard.slots=1400",
        "--metric",
        "lots.dispatched",
        "--replications",
        "60",
    ]);
    let differences = &a["metrics"][0]["differences"];
    assert_eq!(differences[0]["verdict"], "higher");
    assert_eq!(differences[1]["verdict"], "identical");
}

#[test]
fn and_last_what_it_all_depends_on() {
    let a = json(&[
        "plan",
        "sensitivity",
        UIJU,
        "--metric",
        "lots.dispatched",
        "--rows",
        "16",
        "--trajectories",
        "4",
    ]);
    assert_eq!(a["inputs"][0], "clean_time");
    assert!(
        a["indices"]["inputs"][0]["first"]["value"]
            .as_f64()
            .unwrap()
            > 0.9
    );
    assert!(a["indices"]["chance"]["total"]["value"].as_f64().unwrap() < 0.02);
}

#[test]
fn answers_do_not_depend_on_the_number_of_threads() {
    let with = |threads| {
        answer(&[
            "plan",
            "compare",
            UIJU,
            "--vs",
            "place.yard.slots=300",
            "--replications",
            "20",
            "--threads",
            threads,
        ])
    };
    assert_eq!(with("1"), with("3"));
}

#[test]
fn a_hold_says_its_days_and_its_price() {
    let text = answer(&["plan", "hold", "hazards/asf-feed.toml", UIJU]);
    assert!(
        text.contains("To inactivate 99.99 % by time alone: 137 days"),
        "{text}"
    );
    assert!(text.contains("One day of hold needs"), "{text}");
    let text = answer(&["plan", "hold", "hazards/frozen-packaging.toml"]);
    assert!(
        text.contains("for 100 % of them no hold is long enough"),
        "{text}"
    );
}

#[test]
fn a_need_says_what_the_flow_means() {
    let a = json(&[
        "plan",
        "need",
        UIJU,
        "--population",
        "25000000",
        "--before",
        "2000000",
        "--need",
        "medicine=0.5",
        "--replications",
        "10",
    ]);
    let share = a["mean"]["share_of_before"].as_f64().unwrap();
    assert!((0.05..0.15).contains(&share), "{share}");
    assert!(a["mean"]["classes"][0]["days_of_need"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_study_of_few_designs_is_solved() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(example(UIJU), folder.path().join("gateway.toml")).unwrap();
    let study = folder.path().join("study.toml");
    std::fs::write(
        &study,
        "gateway = \"gateway.toml\"\nreplications = 40\nmatters = 20.0\n\n[vary]\n\"crew.cleaner.count\" = { choice = [40, 60] }\n\"place.yard.slots\" = { choice = [300, 1200] }\n\n[[aim]]\nmetric = \"lots.dispatched\"\nmaximise = true\n",
    )
    .unwrap();
    let a = json(&["plan", "optimise", study.to_str().unwrap()]);
    let best = a["best"].as_u64().unwrap() as usize;
    assert!(
        a["tried"][best]["design"]
            .as_str()
            .unwrap()
            .contains("crew.cleaner.count = 60, place.yard.slots = 1200"),
        "{a}"
    );
    assert_eq!(a["method"]["method"], "kn");
}

#[test]
fn bad_input_is_told_what_would_be_right() {
    for (arguments, expected) in [
        (
            vec!["plan", "compare", UIJU, "--vs", "place.yrad.slots=3"],
            "yard",
        ),
        (
            vec!["plan", "compare", UIJU],
            "there is nothing to compare with",
        ),
        (
            vec![
                "plan",
                "compare",
                UIJU,
                "--vs",
                "place.yard.slots=3",
                "--metric",
                "lots.dispatchd",
            ],
            "did you mean `lots.dispatched`",
        ),
        (
            vec![
                "plan",
                "capacity",
                UIJU,
                "--vary",
                "source.dandong.convoy",
                "--range",
                "60..1",
            ],
            "runs backwards",
        ),
        (
            vec!["plan", "capacity", UIJU, "--vary", "place.yard.slots"],
            "--range",
        ),
        (
            vec![
                "plan",
                "size",
                UIJU,
                "--choose",
                "crew.cleaner.count=9..1",
                "--so-that",
                "gateway.outside <= 1",
            ],
            "runs backwards",
        ),
        (
            vec![
                "plan",
                "size",
                UIJU,
                "--choose",
                "crew.cleaner.count=1..9",
                "--so-that",
                "gateway.outside",
            ],
            "METRIC <= NUMBER",
        ),
        (
            vec!["plan", "hold", "uiju/gateway.toml"],
            "uiju/gateway.toml",
        ),
        (
            vec!["plan", "need", UIJU, "--population", "0"],
            "a number above 0 is expected",
        ),
        (
            vec![
                "plan",
                "need",
                UIJU,
                "--population",
                "9",
                "--need",
                "gold=1",
            ],
            "it has medicine, dairy, general",
        ),
        (
            vec!["plan", "sweep", "nowhere.toml", "--out", "x"],
            "nowhere.toml cannot be opened: there is no such file",
        ),
        (
            vec!["plan", "optimise", "uiju/studies/sweep.toml"],
            "matters",
        ),
    ] {
        let said = refusal(&arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_target_nobody_can_meet_is_said_to_be_so_with_the_best_there_is() {
    let text = answer(&[
        "plan",
        "size",
        UIJU,
        "--choose",
        "crew.cleaner.count=10..12",
        "--so-that",
        "gateway.outside <= 0.5",
        "--most",
        "200",
    ]);
    assert!(text.contains("No setting in the range does it"), "{text}");
    assert!(
        text.contains("No combination that was tried does it in any future.")
            || text.contains("The most successful one:"),
        "{text}"
    );
}

#[test]
fn every_question_writes_a_page_that_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let questions: [(&str, Vec<&str>); 7] = [
        (
            "capacity",
            vec![
                UIJU,
                "--vary",
                "source.dandong.convoy",
                "--replications",
                "20",
            ],
        ),
        ("bottleneck", vec![UIJU, "--replications", "10"]),
        (
            "compare",
            vec![
                UIJU,
                "--vs",
                "crew.cleaner.count=50",
                "--replications",
                "10",
            ],
        ),
        (
            "size",
            vec![
                UIJU,
                "--choose",
                "crew.cleaner.count=60..80",
                "--so-that",
                "gateway.outside <= 0.5",
                "--most",
                "100",
            ],
        ),
        (
            "sensitivity",
            vec![UIJU, "--rows", "4", "--trajectories", "2"],
        ),
        ("hold", vec!["hazards/stink-bugs.toml"]),
        (
            "need",
            vec![UIJU, "--population", "1000000", "--replications", "10"],
        ),
    ];
    for (question, arguments) in &questions {
        let out = folder.path().join(format!("{question}.html"));
        let all: Vec<&str> = ["plan", question]
            .into_iter()
            .chain(arguments.iter().copied())
            .chain(["--report", out.to_str().unwrap()])
            .collect();
        answer(&all);
        let html = std::fs::read_to_string(&out).unwrap();
        assert!(
            html.contains("<svg") && html.contains(&format!("lazaret plan {question}")),
            "{question}"
        );
        for outside in ["<script", "<link", "<img", "src=", "@import", "url(http"] {
            assert!(
                !html.contains(outside),
                "{question} asks for something outside: {outside}"
            );
        }
    }
}

/// Rework that goes round two small places: it locks up within days.
const CIRCLE: &str = r#"
[gateway]
name = "rework"
length = "20 d"
[source.s]
route = "road"
every = "exponential(1 h)"
[place.gate]
slots = 20
[place.wash]
slots = 2
[place.lab]
slots = 2
[[step]]
id = "unload"
at = "gate"
takes = "5 min"
[[step]]
id = "treat"
at = "wash"
takes = "exponential(40 min)"
[[step]]
id = "inspect"
at = "lab"
takes = "exponential(40 min)"
again = { share = 0.3, from = "treat" }
"#;

#[test]
fn every_question_says_that_futures_came_to_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("circle.toml");
    std::fs::write(&file, CIRCLE).unwrap();
    let study = path("study.toml");
    let text = "gateway = \"circle.toml\"\nreplications = 10\n[vary]\n\"place.lab.slots\" = { from = 2, to = 3 }\n[[aim]]\nmetric = \"cost\"\n[[price]]\npath = \"place.lab.slots\"\neach = 1\n[[constraint]]\nso_that = \"lots.time_in_gateway.p95 <= 12\"\nwith = 0.5\n[design]\nkind = \"grid\"\nlevels = 2\n";
    std::fs::write(&study, text).unwrap();
    let p95 = "lots.time_in_gateway.p95 <= 12";
    let ten = "--replications=10";
    let questions: [&[&str]; 7] = [
        &["compare", &file, "--vs", "place.lab.slots=3", ten],
        &["bottleneck", &file, ten],
        &[
            "capacity",
            &file,
            "--vary",
            "source.s.convoy",
            "--range",
            "1..3",
            "--sustained",
            p95,
            ten,
        ],
        &[
            "size",
            &file,
            "--choose",
            "place.lab.slots=2..3",
            "--so-that",
            p95,
            "--with",
            "0.8",
            "--most",
            "100",
        ],
        &[
            "sensitivity",
            &file,
            "--vary",
            "place.gate.slots=10..20",
            "--metric",
            "lots.dispatched",
            "--rows",
            "2",
            "--trajectories",
            "2",
        ],
        &["need", &file, "--population", "1000", ten],
        &["optimise", &study],
    ];
    for question in questions {
        let out = path("out.html");
        let mut arguments = vec!["plan"];
        arguments.extend(question);
        let text = answer(&[arguments.as_slice(), &["--report", &out]].concat());
        assert!(
            text.contains("futures came to a stop (deadlock in "),
            "{question:?}: {text}"
        );
        let html = std::fs::read_to_string(&out).unwrap();
        assert!(
            html.contains("futures came to a stop (deadlock in "),
            "{question:?}"
        );
        let json = json(&arguments).to_string();
        // All of them: ten, or as many as the sensitivity's own design of runs asks for.
        let stopped = ["\"deadlock\":10", "\"deadlock\":132,\"of\":132"];
        let all = stopped.iter().any(|text| json.contains(text));
        assert!(all, "{question:?}: {json}");
    }
    let results = path("results");
    let output = lazaret(&["plan", "sweep", &study, "--out", &results])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("20 of 20 futures came to a stop"), "{said}");
    let table = std::fs::read_to_string(folder.path().join("results/results.csv")).unwrap();
    assert!(
        table
            .lines()
            .next()
            .unwrap()
            .ends_with("gateway.stopped,gateway.deadlock,gateway.standstill,gateway.starvation")
    );
    let page = path("report.html");
    answer(&["report", &file, "--limit", "20", "--out", &page]);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("20 of 20 futures came to a stop"), "{html}");
}

#[test]
fn a_file_of_another_kind_and_a_study_that_makes_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let gateway = write("circle.toml", CIRCLE);
    let out = folder.path().join("out").display().to_string();
    for arguments in [
        vec!["plan", "optimise", &gateway],
        vec!["plan", "sweep", &gateway, "--out", &out],
        vec!["plan", "hold", &gateway],
    ] {
        let said = refusal(&arguments);
        assert!(
            said.contains("circle.toml is a gateway file") && said.contains("is needed here"),
            "{said}"
        );
    }
    let study = |name: &str, vary: &str, rest: &str| {
        let text = format!("gateway = \"circle.toml\"\nreplications = 10\n[vary]\n{vary}\n{rest}");
        write(name, &text)
    };
    let lab = "\"place.lab.slots\" = { from = 2, to = 4 }";
    let cost = "[[aim]]\nmetric = \"cost\"\n[[price]]\npath = \"place.lab.slots\"\neach = 1\n";
    let grid = "[design]\nkind = \"grid\"\nlevels = ";
    let cases = [
        (
            "\"place.lab.slots\" = { from = 9, to = 4 }",
            cost,
            "optimise",
            "lower end first",
        ),
        (
            lab,
            "[[aim]]\nmetric = \"cost\"\n",
            "optimise",
            "nothing has a price",
        ),
        (
            lab,
            &cost.replace("each = 1", "each = -1"),
            "optimise",
            "0 or more",
        ),
        (
            "\"place.lab.slots\" = { from = 4, to = 4000000000 }",
            &format!("{grid}4000000000"),
            "sweep",
            "more than 1000000 designs",
        ),
        (
            "\"place.lab.slots\" = { from = -9223372036854775808, to = 9223372036854775807 }",
            &format!("{grid}6"),
            "sweep",
            "too many values",
        ),
        (
            "\"place.lab.slots\" = { choice = [] }",
            &format!("{grid}6"),
            "sweep",
            "empty choice",
        ),
        (
            lab,
            &format!("{grid}0"),
            "sweep",
            "a grid needs `levels` of 1 or more",
        ),
    ];
    for (i, (vary, rest, question, what)) in cases.into_iter().enumerate() {
        let study = study(&format!("study{i}.toml"), vary, rest);
        let mut arguments = vec!["plan", question, &study];
        if question == "sweep" {
            arguments.extend(["--out", &out]);
        }
        let said = refusal(&arguments);
        assert!(said.contains(what), "{said}");
    }
    let said = refusal(&[
        "plan",
        "size",
        &gateway,
        "--choose",
        "place.lab.slots=4..9",
        "--choose",
        "place.lab.slots=4..9",
        "--so-that",
        "gateway.outside <= 1",
    ]);
    assert!(said.contains("two ranges"), "{said}");
    assert!(
        !folder.path().join("out").exists(),
        "nothing is written before the study is sound"
    );
}

#[test]
fn limits_have_units_and_simulate_knows_the_metrics_of_plans() {
    let size = |limit: &str| {
        let a = json(&[
            "plan",
            "size",
            UIJU,
            "--choose",
            "crew.cleaner.count=40..41",
            "--so-that",
            limit,
            "--most",
            "100",
        ]);
        a["condition"]["value"].as_f64().unwrap()
    };
    assert_eq!(size("lots.time_in_gateway.p95 <= 5 d"), 120.0);
    assert_eq!(size("lots.time_in_gateway.p95 <= 120"), 120.0);
    let said = refusal(&[
        "plan",
        "size",
        UIJU,
        "--choose",
        "crew.cleaner.count=40..41",
        "--so-that",
        "lots.dispatched >= 5 d",
    ]);
    assert!(
        said.contains("`lots.dispatched` is counted in lots"),
        "{said}"
    );
    for wish in ["gateway.outside=50", "lots.time_in_gateway.mean=30 d"] {
        answer(&[
            "simulate",
            UIJU,
            "--limit",
            "20",
            "--until-half-width",
            wish,
        ]);
    }
}

#[test]
fn capacity_knows_which_way_a_setting_acts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quay.toml");
    let text = "[gateway]\nname = \"Quay\"\nlength = \"30 d\"\n[source.trucks]\nroute = \"road\"\nevery = \"exponential(30 min)\"\n[place.dock]\nslots = 4\n[[step]]\nid = \"unload\"\nat = \"dock\"\ntakes = \"triangular(1 h, 90 min, 3 h)\"\n";
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let ask = |rest: &[&str]| {
        let fixed = ["plan", "capacity", &file, "--replications", "20"];
        answer(&[&fixed, rest].concat())
    };
    // Four slots are 92 % in use: stable, and so sustained; twice the trucks are not.
    let text = ask(&["--vary", "source.trucks.convoy"]);
    assert!(
        text.contains("source.trucks.convoy = 1 is sustained in 90 % of futures"),
        "{text}"
    );
    let text = ask(&["--vary", "place.dock.slots", "--range", "1..10"]);
    assert!(
        text.contains("place.dock.slots = 4 or more is sustained"),
        "{text}"
    );
    let text = ask(&["--vary", "place.dock.slots", "--range", "6..10"]);
    assert!(
        text.contains("Every value of place.dock.slots from 6 to 10 is sustained"),
        "{text}"
    );
    let text = ask(&["--vary", "place.dock.slots", "--range", "1..2"]);
    assert!(
        text.contains("No value of place.dock.slots from 1 to 2 is sustained"),
        "{text}"
    );
    let text = ask(&[
        "--vary",
        "source.trucks.every",
        "--range",
        "10 min..120 min",
    ]);
    assert!(
        text.contains(" min or more is sustained in 90 % of futures"),
        "{text}"
    );
    let text = ask(&[
        "--vary",
        "source.trucks.convoy",
        "--range",
        "1..5",
        "--claim",
        "50",
    ]);
    assert!(
        text.contains("Can it sustain 50? not shown yet; "),
        "{text}"
    );
    for words in ["none", "no limit", "luck"] {
        assert!(!text.contains(words), "{text}");
    }
}

#[test]
fn a_hold_whose_inputs_are_all_known_has_no_interval() {
    let folder = tempfile::tempdir().unwrap();
    let hazard = |half_life: &str| {
        format!(
            "[hazard]\nname = \"x\"\nprevalence = 0.01\n[goods.meal]\nhalf_life = {half_life}\n[hold]\n\
             [target]\nrisk = 1e-6\nreduction = 0.9999\n"
        )
    };
    let answer = |half_life: &str| {
        std::fs::write(folder.path().join("hazard.toml"), hazard(half_life)).unwrap();
        let said = crate::lazaret(folder.path(), &["plan", "hold", "hazard.toml"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out
    };
    // log2(10^4) = 13.29 half-lives of 9.6 days are 127.6 days.
    let known = answer("9.6");
    assert!(known.contains("by time alone: 128 days."), "{known}");
    assert!(known.contains("Every input is a known number"), "{known}");
    assert!(
        !known.contains("1 sets") && !known.contains("(interval"),
        "{known}"
    );
    let uncertain = answer("\"normal(9.6 d, 0.4 d)\"");
    assert!(uncertain.contains("(interval 1"), "{uncertain}");
    assert!(uncertain.contains("of 4096 sets"), "{uncertain}");
}
