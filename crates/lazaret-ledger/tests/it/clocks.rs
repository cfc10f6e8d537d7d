//! Server clocks that jump, stop, drift and come back: what the ledger believes, and what it makes good.

use std::sync::Arc;

use jiff::Timestamp;
use lazaret_ledger::clock::{Doubt, Known, Reading, Time, Witnesses};
use lazaret_ledger::{Accepted, Chain, Ledger, Record, Refusal, Rule, Stage};
use lazaret_vocabulary::event::entry::{Entry, Outcome};
use lazaret_vocabulary::event::{Happening, LotId};

use crate::scene::{
    DAY, HOUR, Scene, after, departed, dosed, loaded, read, result, sampled, signed, stored,
    treatment_ended, treatment_started,
};

fn noted(text: &str) -> Entry {
    Entry::Noted {
        thing: None,
        text: text.into(),
    }
}

/// A server: its clocks, and who bears them out. The scene's `now` is the true time.
struct Server {
    boot: u32,
    booted: Timestamp,
    /// How far its clock is ahead of the true time, in seconds.
    ahead: i64,
    witnesses: Witnesses,
}

/// The gateway in use on a server.
struct Run {
    scene: Scene,
    server: Server,
}

impl Server {
    fn at(now: Timestamp) -> Self {
        Server {
            boot: 1,
            booted: now,
            ahead: 0,
            witnesses: Witnesses::default(),
        }
    }

    fn reading(&self, now: Timestamp) -> Reading {
        Reading {
            wall: after(now, self.ahead),
            boot: format!("boot-{}", self.boot).into(),
            steady_us: now.as_microsecond() - self.booted.as_microsecond(),
        }
    }
}

impl Run {
    /// A gateway whose ledger is tied to its server.
    fn open() -> Self {
        let mut scene = Scene::open();
        let server = Server::at(scene.now);
        scene.wait(1);
        let mut run = Run { scene, server };
        run.server.witnesses.kernel = true;
        run.note().unwrap();
        run.server.witnesses.kernel = false;
        run
    }

    fn time(&self) -> Time {
        let reading = self.server.reading(self.scene.now);
        let state = self.scene.ledger.state();
        state.time(&reading, &self.server.witnesses, None)
    }

    fn doubt(&self) -> Option<Doubt> {
        match self.time() {
            Time::Known { .. } => None,
            Time::Doubted(doubted) => Some(doubted.why),
        }
    }

    fn submit(&mut self, by: &str, what: impl Into<Happening>) -> Result<Record, Refusal> {
        let command = self.scene.command(by, what);
        let reading = self.server.reading(self.scene.now);
        let time = self.time();
        let (stopped, outcome) = self.scene.ledger.submit_by(&command, &reading, time);
        (self.scene.records).extend(stopped.map(|sealed| sealed.record));
        let Accepted::New(sealed) = outcome? else {
            panic!("{command:?} was recorded before");
        };
        self.scene.records.push(sealed.record.clone());
        Ok(sealed.record)
    }

    /// A note from a device whose clock is right.
    fn note(&mut self) -> Result<Record, Refusal> {
        self.submit("auditor", noted("all is well"))
    }

    /// Something from a device whose clock is as wrong as the server's.
    fn by_wall(&mut self, by: &str, what: impl Into<Happening>) -> Result<Record, Refusal> {
        let mut command = self.scene.command(by, what);
        let reading = self.server.reading(self.scene.now);
        (command.at, command.issued_at) = (reading.wall, reading.wall);
        let time = self.time();
        let (_, outcome) = self.scene.ledger.submit_by(&command, &reading, time);
        let Accepted::New(sealed) = outcome? else {
            panic!("{command:?} was recorded before");
        };
        Ok(sealed.record)
    }

    fn reboot(&mut self, off_s: i64) {
        self.scene.wait(off_s);
        self.server.boot += 1;
        self.server.booted = self.scene.now;
    }

    fn state_time(&mut self, since: Option<Timestamp>) -> Result<Record, Refusal> {
        let time = self.scene.now;
        self.submit(
            "admin",
            Entry::TimeStated {
                time,
                wrong_since: since,
                because: "two watches and the radio".into(),
            },
        )
    }

    fn confirm(&mut self, by: &str, record: u64) -> Result<Record, Refusal> {
        let confirmed = Entry::TimeConfirmed {
            record,
            time: None,
            wrong_since: None,
        };
        self.submit(by, confirmed)
    }

    /// Two people confirm the true time.
    fn settle(&mut self) -> Record {
        let stated = self.state_time(None).unwrap();
        self.scene.wait(40);
        self.confirm("chief", stated.seq).unwrap()
    }

    /// A lot that is treated and waits in the yard; it lacks time, a test and signatures.
    fn bring(&mut self, convoy: &str) -> String {
        let vehicle = format!("{convoy}-1");
        let lot = self.scene.arrive(convoy, &[&vehicle], "medicine").remove(0);
        self.scene.say("yard", stored(&lot, "warehouse", 1));
        self.scene.treat(std::slice::from_ref(&lot), 1);
        self.scene.say("crew", stored(&lot, "yard", 1));
        lot
    }

    fn sign(&mut self, lot: &str) -> Result<(), Refusal> {
        self.submit("officer", signed(lot, "officer"))?;
        self.submit("chief", signed(lot, "chief")).map(drop)
    }

    fn earliest(&self, lot: &str) -> Timestamp {
        self.scene.lot(lot).earliest.unwrap()
    }

    fn may_leave(&self, lot: &str) -> bool {
        let now = match self.time() {
            Time::Known { now, .. } => now,
            Time::Doubted(doubted) => doubted.at_least,
        };
        let state = self.scene.ledger.state();
        state
            .may_leave(&LotId::new(lot), lazaret_ledger::Way::Inland, now)
            .is_ok()
    }
}

const JUMPS: [i64; 8] = [
    300,
    6 * DAY,
    20 * DAY,
    400 * DAY,
    -300,
    -6 * DAY,
    -20 * DAY,
    -400 * DAY,
];

#[test]
fn a11_a_jump_while_it_runs_stops_everything_until_two_people_confirm_the_time() {
    for jump in JUMPS {
        for restarted in [false, true] {
            let mut run = Run::open();
            let lot = run.bring("k1");
            run.note().unwrap();
            let earliest = run.earliest(&lot);
            run.scene.wait(11 * DAY);
            run.scene.swab(&lot, "s", Outcome::Negative);
            run.server.ahead = jump;
            let refusal = run.note().unwrap_err();
            assert_eq!(refusal.rule, Rule::OwnClock, "{jump}");
            let on_record = run.scene.records.last().unwrap().events[0]
                .happening
                .clone();
            let Happening::Entry(Entry::TimeDoubted { wall, .. }) = on_record else {
                panic!("the jump of {jump} s is not on record");
            };
            assert_eq!(wall, after(run.scene.now, jump));
            // It stays stopped when the clock comes back, whether the server is started anew or not.
            if restarted {
                run.reboot(30);
                run.server.witnesses.kernel = true;
            }
            run.server.ahead = 0;
            assert_eq!(run.note().unwrap_err().rule, Rule::OwnClock);
            assert!(run.sign(&lot).is_err());
            // One person alone does not settle it, nor somebody who may not, nor a number that is no statement.
            assert_eq!(run.confirm("chief", 1).unwrap_err().rule, Rule::OwnClock);
            let stated = run.state_time(None).unwrap();
            assert_eq!(
                run.confirm("admin", stated.seq).unwrap_err().rule,
                Rule::OwnClock
            );
            assert_eq!(
                run.confirm("nobody", stated.seq).unwrap_err().rule,
                Rule::Allowed
            );
            run.confirm("crew", stated.seq).unwrap();
            run.note().unwrap();
            // The hold has lost nothing and won nothing.
            assert_eq!(run.earliest(&lot), earliest);
            assert_eq!(run.sign(&lot).unwrap_err().rule, Rule::ClockRun);
            let left = earliest.as_microsecond() - run.scene.now.as_microsecond();
            run.scene.wait(left / 1_000_000 + 120);
            run.sign(&lot).unwrap();
        }
    }
}

#[test]
fn a11_small_steps_are_not_credited_and_do_not_stop() {
    let mut run = Run::open();
    let before = run.scene.now;
    // Within one run: back and forth, and a drift that the tolerance bears.
    for ahead in [100, -100, 60, 0, -119, 119] {
        run.server.ahead = ahead;
        let record = run.note().unwrap();
        assert_eq!(record.recorded_at, run.scene.now, "{ahead}");
    }
    // Started anew a thousand times, each time with a clock that is another minute ahead.
    run.server.ahead = 0;
    let mut stopped = 0;
    for _ in 0..1_000 {
        run.reboot(1);
        run.server.ahead += 50;
        stopped += u32::from(run.note().is_err());
        let credited = run.scene.ledger.state().recorded_at().as_microsecond();
        let passed = run.scene.now.as_microsecond();
        assert!(credited <= passed, "{credited} {passed} since {before}");
    }
    assert!(stopped > 900, "{stopped}");
}

#[test]
fn a11_an_ordinary_restart_a_weekend_and_a_move_ask_nobody() {
    // The process was started anew, at once or after a weekend in which the machine ran.
    let mut run = Run::open();
    for silence in [2, 2 * DAY + 14 * HOUR, 30 * DAY] {
        run.scene.wait(silence);
        let record = run.note().unwrap();
        assert_eq!((record.recorded_at, record.clock), (run.scene.now, None));
    }
    // The machine was started anew, or it is another one: a time server keeps its clock.
    for silence in [40, 3 * DAY] {
        run.reboot(silence);
        run.server.witnesses.kernel = true;
        let record = run.note().unwrap();
        assert_eq!(record.recorded_at, run.scene.now);
        assert_eq!(record.clock.unwrap().known, Known::Kernel);
        run.server.witnesses.kernel = false;
    }
    // A database on another machine, or the devices of two people, do as well.
    run.reboot(9 * DAY);
    run.server.witnesses.database = Some(-2_000_000);
    assert_eq!(run.note().unwrap().clock.unwrap().known, Known::Database);
    run.server.witnesses.database = None;
    run.reboot(9 * DAY);
    run.server.witnesses.devices = vec![3_000_000];
    assert!(matches!(run.doubt(), Some(Doubt::Silence { .. })));
    run.server.witnesses.devices.push(-4_000_000);
    assert_eq!(run.note().unwrap().clock.unwrap().known, Known::Devices);
    run.server.witnesses.devices.clear();
    // Without a witness a minute goes uncredited and nobody is asked.
    run.reboot(50);
    let record = run.note().unwrap();
    assert_eq!(record.clock.unwrap().known, Known::AtLeast);
    // As soon as one speaks, the time is right again.
    run.server.witnesses.kernel = true;
    assert_eq!(run.note().unwrap().recorded_at, run.scene.now);
}

#[test]
fn a11_a_silence_that_nobody_bears_out_counts_for_nothing_until_it_is_confirmed() {
    let mut run = Run::open();
    let lot = run.bring("k1");
    run.note().unwrap();
    run.scene.wait(10 * DAY);
    run.note().unwrap();
    run.reboot(5 * DAY);
    assert!(matches!(run.doubt(), Some(Doubt::Silence { .. })));
    assert_eq!(run.note().unwrap_err().rule, Rule::OwnClock);
    // The kernel's word alone bears out four days and no more.
    run.server.witnesses.kernel = true;
    assert!(run.note().is_err());
    run.server.witnesses.kernel = false;
    let earliest = run.earliest(&lot);
    run.settle();
    // It was a silence: it counts.
    assert_eq!(run.earliest(&lot), earliest);
    run.scene.swab(&lot, "s", Outcome::Negative);
    run.sign(&lot).unwrap();
}

#[test]
fn a11_witnesses_that_contradict_the_clock_stop_the_ledger() {
    let mut run = Run::open();
    run.server.witnesses.devices = vec![-6 * DAY * 1_000_000];
    run.note().expect("one device proves nothing");
    run.server
        .witnesses
        .devices
        .push(-6 * DAY * 1_000_000 + 1_000_000);
    assert!(matches!(run.doubt(), Some(Doubt::Contradicted { .. })));
    // As many that agree with the server outweigh them.
    run.server.witnesses.devices.extend([1_000_000, 0]);
    assert_eq!(run.doubt(), None);
    run.server.witnesses.devices.truncate(2);
    assert!(run.note().is_err());
    let mut run = Run::open();
    run.reboot(40);
    run.server.witnesses.kernel = true;
    run.server.witnesses.database = Some(HOUR * 1_000_000);
    assert!(matches!(run.doubt(), Some(Doubt::Contradicted { .. })));
}

#[test]
fn a11_a_last_record_from_the_future_always_stops_and_the_holds_are_what_they_were() {
    // Written by a program that believed its clock.
    let mut run = Run {
        scene: Scene::open(),
        server: Server::at(crate::scene::start()),
    };
    let lot = run.bring("k1");
    let earliest = run.earliest(&lot);
    run.scene.wait(9 * DAY);
    let true_now = run.scene.now;
    run.scene.now = after(true_now, 124 * HOUR);
    run.scene.say("auditor", noted("one record"));
    run.scene.now = true_now;
    run.server.witnesses.kernel = true;
    run.server.witnesses.devices = vec![0, 0];
    assert!(matches!(run.doubt(), Some(Doubt::Future { .. })));
    assert_eq!(run.note().unwrap_err().rule, Rule::OwnClock);
    let record = run.settle();
    assert!(record.recorded_at > run.scene.now);
    assert_eq!(run.earliest(&lot), earliest);
    assert_eq!(run.sign(&lot).unwrap_err().rule, Rule::Tested);
    let next = run.note().unwrap();
    assert_eq!(next.recorded_at, run.scene.now);
    run.scene.wait(2 * DAY);
    run.scene.swab(&lot, "s", Outcome::Negative);
    assert_eq!(run.sign(&lot).unwrap_err().rule, Rule::ClockRun);
    assert!(!run.may_leave(&lot));
    run.scene.wait(4 * DAY);
    run.sign(&lot).unwrap();
}

#[test]
fn a11_what_a_believed_wrong_clock_released_is_listed_and_recalled() {
    let mut run = Run::open();
    let (gone, here) = (run.bring("k1"), run.bring("k2"));
    run.note().unwrap();
    run.scene.wait(12 * DAY);
    run.scene.swab(&gone, "s1", Outcome::Negative);
    run.scene.swab(&here, "s2", Outcome::Negative);
    run.note().unwrap();
    // The machine comes up with a clock that is three days ahead, and its time server says that this is right.
    run.reboot(60);
    run.server.ahead = 3 * DAY;
    run.server.witnesses.kernel = true;
    let young = {
        run.note().unwrap();
        run.sign(&gone).unwrap();
        run.sign(&here).unwrap();
        run.submit("dispatcher", loaded(&gone, "d1")).unwrap();
        run.submit("dispatcher", departed("d1", 1)).unwrap();
        let at = run.scene.now;
        run.scene.now = after(at, 3 * DAY);
        let young = run.bring("k3");
        run.scene.now = after(run.scene.now, -3 * DAY);
        young
    };
    // Four days later somebody looks at a watch.
    run.scene.wait(4 * DAY);
    run.server.ahead = 0;
    assert!(run.note().is_err());
    let record = run.settle();
    let text = serde_json::to_string(&record.events).unwrap();
    let recalled: Vec<&str> = (record.events.iter())
        .filter_map(|event| match &event.happening {
            Happening::Entry(Entry::LotRecalled { lot, .. }) => Some(lot.as_str()),
            _ => None,
        })
        .collect();
    // What is still here has waited long enough meanwhile; what left had not.
    assert_eq!(recalled, [gone.as_str()], "{text}");
    assert!(run.scene.lot(&gone).recalled);
    assert_eq!(run.scene.lot(&here).stage, Stage::Released);
    // What began under the wrong clock waits its full time from when it can have begun at the latest.
    let earliest = run.earliest(&young);
    assert!(
        earliest >= after(run.scene.now, 10 * DAY - HOUR),
        "{earliest}"
    );
    assert!(earliest <= after(run.scene.now, 14 * DAY), "{earliest}");
}

#[test]
fn a11_a_wrong_clock_found_at_once_takes_every_release_back() {
    let mut run = Run::open();
    let lot = run.bring("k1");
    run.note().unwrap();
    run.scene.wait(12 * DAY);
    run.scene.swab(&lot, "s1", Outcome::Negative);
    run.note().unwrap();
    run.reboot(60);
    run.server.ahead = 3 * DAY;
    run.server.witnesses.kernel = true;
    run.sign(&lot).unwrap();
    assert_eq!(run.scene.lot(&lot).stage, Stage::Released);
    run.server.ahead = 0;
    assert!(run.note().is_err());
    let record = run.settle();
    let exception = format!("clock-{}", record.seq);
    let text = serde_json::to_string(&record.events).unwrap();
    assert!(text.contains(&exception) && text.contains(&lot), "{text}");
    assert_eq!(run.scene.lot(&lot).stage, Stage::Held);
    assert!(!run.may_leave(&lot));
    assert_eq!(run.sign(&lot).unwrap_err().rule, Rule::ClockRun);
    run.scene.wait(2 * DAY);
    run.sign(&lot).unwrap();
}

#[test]
fn a11_a_clock_that_was_behind_has_shortened_nothing_once_it_is_confirmed() {
    let mut run = Run::open();
    let old = run.bring("k1");
    run.note().unwrap();
    let before = run.earliest(&old);
    // An outage of three and a half days, and a clock that comes up three days behind.
    run.reboot(3 * DAY + 12 * HOUR);
    run.server.ahead = -3 * DAY;
    run.server.witnesses.kernel = true;
    run.by_wall("auditor", noted("behind")).unwrap();
    let at = run.scene.now;
    run.scene.now = after(at, -3 * DAY);
    let young = run.bring("k2");
    run.scene.now = after(run.scene.now, 3 * DAY);
    let treated = run.scene.now;
    run.scene.wait(HOUR);
    run.server.ahead = 0;
    assert!(matches!(run.doubt(), Some(Doubt::Jumped { .. })));
    assert!(run.note().is_err());
    run.settle();
    assert_eq!(run.earliest(&old), before);
    let (least, most) = (after(treated, 14 * DAY - 60), after(treated, 14 * DAY + 60));
    let earliest = run.earliest(&young);
    assert!(
        (least..=most).contains(&earliest),
        "{earliest} {least} {most}"
    );
}

#[test]
fn a11_a_key_outlives_a_wrong_time_that_two_people_confirm() {
    let mut run = Run::open();
    let command = run.scene.command("auditor", noted("counts once"));
    let send = |run: &mut Run| {
        let (reading, time) = (run.server.reading(run.scene.now), run.time());
        run.scene.ledger.submit_by(&command, &reading, time).1
    };
    assert!(matches!(send(&mut run), Ok(Accepted::New(_))));
    // Twenty days forward, longer than keys are remembered, and back again.
    for ahead in [20 * DAY, 0] {
        let stated = Entry::TimeStated {
            time: after(run.scene.now, ahead),
            wrong_since: None,
            because: "by a calendar of next month".into(),
        };
        let stated = run.submit("admin", stated).unwrap();
        run.confirm("chief", stated.seq).unwrap();
    }
    // A tablet that heard no answer sends it once more.
    let again = send(&mut run);
    assert!(matches!(again, Ok(Accepted::Already { .. })), "{again:?}");
}

#[test]
fn a11_a_treatment_under_way_wins_nothing_by_a_wrong_clock() {
    let mut run = Run::open();
    let lot = run.scene.arrive("k1", &["k1-1"], "medicine").remove(0);
    run.scene.say("yard", stored(&lot, "warehouse", 1));
    run.submit("lead", treatment_started(&lot, 1)).unwrap();
    run.submit("lead", dosed(&lot, "peroxide")).unwrap();
    // Ten minutes of it are a day by the clock that a time server vouches for.
    run.reboot(600);
    run.server.ahead = DAY;
    run.server.witnesses.kernel = true;
    run.by_wall("lead", treatment_ended(&lot, 1)).unwrap();
    run.server.ahead = 0;
    assert!(run.note().is_err());
    run.settle();
    let view = run.scene.lot(&lot);
    assert_eq!((view.clock, view.earliest), (None, None));
}

#[test]
fn a11_a_treatment_that_a_wrong_clock_made_long_enough_is_void() {
    let mut run = Run::open();
    let lot = run.scene.arrive("k1", &["k1-1"], "medicine").remove(0);
    run.scene.say("yard", stored(&lot, "warehouse", 1));
    let began = run.scene.now;
    run.submit("lead", treatment_started(&lot, 1)).unwrap();
    run.submit("lead", dosed(&lot, "peroxide")).unwrap();
    run.reboot(600);
    run.server.ahead = DAY;
    run.server.witnesses.kernel = true;
    for hour in 0..=24 {
        let at = after(began, hour * HOUR);
        run.by_wall("lead", read(&lot, at, 300, 20_000)).unwrap();
    }
    run.by_wall("lead", treatment_ended(&lot, 1)).unwrap();
    assert!(
        run.scene.lot(&lot).clock.is_some(),
        "it counts by that clock"
    );
    run.server.ahead = 0;
    assert!(run.note().is_err());
    let record = run.settle();
    let text = serde_json::to_string(&record.events).unwrap();
    assert!(text.contains("treatment_voided"), "{text}");
    let view = run.scene.lot(&lot);
    assert_eq!(
        (view.treated, view.clock, view.earliest),
        (false, None, None)
    );
}

#[test]
fn a11_a_treatment_begun_under_a_wrong_clock_begins_anew() {
    let mut run = Run::open();
    let lot = run.scene.arrive("k1", &["k1-1"], "medicine").remove(0);
    run.scene.say("yard", stored(&lot, "warehouse", 1));
    run.note().unwrap();
    run.reboot(60);
    run.server.ahead = DAY;
    run.server.witnesses.kernel = true;
    run.by_wall("lead", treatment_started(&lot, 1)).unwrap();
    run.by_wall("lead", dosed(&lot, "peroxide")).unwrap();
    run.server.ahead = 0;
    assert!(run.note().is_err());
    run.settle();
    // From here on it counts like any other.
    for hour in 0..=3 {
        if hour > 0 {
            run.scene.wait(HOUR);
        }
        let now = run.scene.now;
        run.submit("lead", read(&lot, now, 300, 20_000)).unwrap();
    }
    run.submit("lead", treatment_ended(&lot, 1)).unwrap();
    assert!(run.scene.lot(&lot).clock.is_some());
}

#[test]
fn a11_a_sample_taken_too_early_by_the_right_time_passes_no_test() {
    let mut run = Run::open();
    let lot = run.bring("k1");
    run.note().unwrap();
    run.scene.wait(2 * DAY);
    run.note().unwrap();
    // Two people's devices are as wrong as the server.
    run.reboot(60);
    run.server.ahead = 9 * DAY;
    run.server.witnesses.devices = vec![0, 0];
    run.by_wall("tester", sampled(&lot, "s1")).unwrap();
    run.by_wall("tester", result("s1", Outcome::Negative))
        .unwrap();
    run.server.ahead = 0;
    run.server.witnesses.devices.clear();
    assert!(run.note().is_err());
    run.settle();
    run.scene.wait(14 * DAY);
    assert_eq!(run.sign(&lot).unwrap_err().rule, Rule::Tested);
}

/// What is stated is a time that can be, and within the tolerance no stamp moves.
#[test]
fn a11_a_statement_says_a_time_that_can_be() {
    let mut run = Run::open();
    let stated = |time, wrong_since| Entry::TimeStated {
        time,
        wrong_since,
        because: "the radio".into(),
    };
    let now = run.scene.now;
    let beyond = "2200-01-01T00:00:00Z".parse().unwrap();
    let later = Some(after(now, HOUR));
    for wrong in [stated(beyond, None), stated(now, later)] {
        let refusal = run.submit("admin", wrong).unwrap_err();
        assert_eq!(refusal.rule, Rule::OwnClock);
    }
    let record = run.settle();
    let since = record
        .events
        .iter()
        .find_map(|event| match &event.happening {
            Happening::Entry(Entry::TimeConfirmed { wrong_since, .. }) => Some(*wrong_since),
            _ => None,
        });
    assert_eq!(since, Some(None), "{record:?}");
}

#[test]
fn a11_a_glitch_does_not_shut_the_ledger_for_clients_whose_clocks_are_right() {
    for jump in [20 * DAY, -20 * DAY, 400 * DAY] {
        let mut run = Run::open();
        run.reboot(60);
        run.server.ahead = jump;
        run.server.witnesses.devices = vec![-jump * 1_000_000; 2];
        // One that believes its clock would refuse what is dated rightly.
        assert_eq!(run.note().unwrap_err().rule, Rule::OwnClock);
        run.server.witnesses.devices.clear();
        run.settle();
        // The server's clock is still wrong; the ledger goes by the right time.
        for _ in 0..20 {
            run.scene.wait(HOUR);
            let record = run.note().unwrap();
            let off = record.recorded_at.as_microsecond() - run.scene.now.as_microsecond();
            assert!(off.abs() <= 1_000_000, "{jump}: {off}");
        }
        // It is put right: nobody is asked.
        run.server.ahead = 0;
        run.note().unwrap();
    }
}

#[test]
fn a11_a_statement_lapses_and_does_not_outlive_the_run_of_the_machine() {
    let mut run = Run::open();
    run.server.ahead = 6 * DAY;
    assert!(run.note().is_err());
    let stated = run.state_time(None).unwrap();
    run.scene.wait(HOUR + 60);
    assert_eq!(
        run.confirm("chief", stated.seq).unwrap_err().rule,
        Rule::OwnClock
    );
    let stated = run.state_time(None).unwrap();
    run.reboot(600);
    assert_eq!(
        run.confirm("chief", stated.seq).unwrap_err().rule,
        Rule::OwnClock
    );
    let empty = run.submit(
        "admin",
        Entry::TimeStated {
            time: run.scene.now,
            wrong_since: None,
            because: " ".into(),
        },
    );
    assert_eq!(empty.unwrap_err().rule, Rule::OwnClock);
    let by_crew = run.submit(
        "crew",
        Entry::TimeStated {
            time: run.scene.now,
            wrong_since: None,
            because: "my watch".into(),
        },
    );
    assert_eq!(by_crew.unwrap_err().rule, Rule::Allowed);
    run.settle();
    run.note().unwrap();
}

#[test]
fn a11_a_statement_waits_for_its_second_person_while_others_record() {
    let mut run = Run::open();
    let stated = run.state_time(None).unwrap();
    run.scene.wait(600);
    run.note().unwrap();
    let shown = |run: &Run| {
        let state = run.scene.ledger.state();
        let shown = state.time_stated(run.scene.now);
        shown.map(|(record, by, time)| (record, by.to_owned(), time))
    };
    let expected = (stated.seq, "admin".to_owned(), run.scene.now);
    assert_eq!(shown(&run), Some(expected));
    run.scene.wait(3_001);
    assert_eq!(shown(&run), None);
    let stated = run.state_time(None).unwrap();
    run.note().unwrap();
    run.confirm("chief", stated.seq).unwrap();
    assert_eq!(shown(&run), None);
}

#[test]
fn a11_a_record_at_an_instant_of_its_own_that_is_ahead_stops_the_ledger() {
    let mut run = Run::open();
    let now = run.scene.now;
    run.scene.now = after(now, 2 * HOUR);
    run.scene.say("auditor", noted("from elsewhere"));
    run.scene.now = after(now, 60);
    assert!(
        matches!(run.doubt(), Some(Doubt::Future { .. })),
        "{:?}",
        run.doubt()
    );
    run.scene.now = after(now, 2 * HOUR + 1);
    assert_eq!(run.doubt(), None);
}

#[test]
fn a11_a_server_that_followed_takes_over_with_its_own_steady_clock() {
    let mut run = Run::open();
    // Its machine has run for longer than it has followed: only what passed since then counts.
    let seen = Server {
        boot: 77,
        ..Server::at(after(run.scene.now, -3 * DAY))
    };
    let then = seen.reading(run.scene.now);
    let at = run.note().unwrap().recorded_at;
    run.scene.wait(5 * DAY);
    let state = run.scene.ledger.state();
    let reading = seen.reading(run.scene.now);
    let Time::Known { now, .. } = state.time(&reading, &Witnesses::default(), Some(&(then, at)))
    else {
        panic!("its own clock bears it out");
    };
    assert!(
        run.scene
            .now
            .as_microsecond()
            .abs_diff(now.as_microsecond())
            <= 1
    );
    let blind = state.time(&reading, &Witnesses::default(), None);
    assert!(matches!(blind, Time::Doubted(_)));
}

#[test]
fn a_ledger_of_before_is_read_and_written_as_it_was() {
    let text = include_str!("data/before-clocks.jsonl");
    let mut ledger = Ledger::default();
    let mut chain = Chain::default();
    for line in text.lines() {
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(record.clock, None);
        chain
            .follow(line.as_bytes(), Some(record.digest()))
            .unwrap();
        ledger.replay(&record, record.digest()).unwrap();
    }
    assert_eq!(ledger.chain(), chain);
    assert!(ledger.state().seq() > 20);
    let reading = Reading {
        wall: after(ledger.state().recorded_at(), 5),
        boot: Arc::from("new"),
        steady_us: 0,
    };
    let time = ledger.state().time(&reading, &Witnesses::default(), None);
    assert!(matches!(time, Time::Known { .. }));
}
