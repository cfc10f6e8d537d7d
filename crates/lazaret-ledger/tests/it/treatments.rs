//! Treatments are judged by time, agent, gaps, temperature band, concentration and concentration × time.

use lazaret_ledger::treatment::{Treatment, ct_mg_s_m3, judge};
use lazaret_vocabulary::event::entry::{AgentName, Reading};
use proptest::prelude::*;

use crate::scene::{HOUR, after, protocol, start};

fn reading(minutes: i64, concentration_mg_m3: u32, temperature_mc: i32) -> Reading {
    Reading {
        at: after(start(), minutes * 60),
        concentration_mg_m3,
        temperature_mc,
    }
}

fn fault(agent: Option<&str>, hours: i64, readings: &[Reading]) -> Option<String> {
    let rule = &protocol().treatments[0];
    let agent = agent.map(AgentName::new);
    judge(
        rule,
        &Treatment {
            from: start(),
            to: after(start(), hours * HOUR),
            agent: agent.as_ref(),
            dosed: start(),
            pauses: &[],
            readings,
        },
    )
    .fault
}

#[test]
fn each_way_to_fail_says_which() {
    let steady = |c, t| {
        (0..=3)
            .map(|hour| reading(hour * 60, c, t))
            .collect::<Vec<_>>()
    };
    let peroxide = Some("peroxide");
    assert_eq!(fault(peroxide, 3, &steady(300, 20_000)), None);
    let says = |fault: Option<String>, what: &str| assert_eq!(fault.as_deref(), Some(what));
    says(
        fault(peroxide, 1, &steady(300, 20_000)),
        "it lasted 3600 s of 7200 s",
    );
    says(
        fault(None, 3, &steady(300, 20_000)),
        "no agent was recorded",
    );
    says(
        fault(Some("vinegar"), 3, &steady(300, 20_000)),
        "vinegar is not an agent of the protocol",
    );
    let gap = [
        reading(0, 300, 20_000),
        reading(61, 300, 20_000),
        reading(120, 300, 20_000),
    ];
    says(
        fault(peroxide, 2, &gap),
        "3660 s went by without a reading; 3600 s are allowed",
    );
    says(
        fault(peroxide, 2, &gap[..1]),
        "7200 s went by without a reading; 3600 s are allowed",
    );
    says(
        fault(peroxide, 3, &steady(300, 4_999)),
        "4.9 °C is in no band of the protocol",
    );
    // Bands are half-open: 15 °C is in the warmer one, a thousandth less in the colder, which asks for more.
    assert_eq!(fault(peroxide, 3, &steady(200, 15_000)), None);
    says(
        fault(peroxide, 3, &steady(200, 14_999)),
        "concentration × time was 600 mg·h/m³ of 800 mg·h/m³ at 14.9 °C",
    );
    says(
        fault(peroxide, 3, &steady(99, 20_000)),
        "the least concentration was 99 mg/m³ of 100 mg/m³ at 20.0 °C",
    );
    let mut fades = steady(400, 20_000);
    fades[3].concentration_mg_m3 = 149;
    says(
        fault(peroxide, 3, &fades),
        "the final concentration was 149 mg/m³ of 150 mg/m³ at 20.0 °C",
    );
}

#[test]
fn pauses_are_cut_out_of_time_readings_and_concentration() {
    let rule = &protocol().treatments[0];
    let agent = AgentName::new("peroxide");
    let minute = |minutes: i64| after(start(), minutes * 60);
    let judged = |dosed: i64, pauses: &[(i64, i64)], readings: &[Reading]| {
        let pauses: Vec<_> = pauses
            .iter()
            .map(|&(a, b)| (minute(a), minute(b)))
            .collect();
        judge(
            rule,
            &Treatment {
                from: start(),
                to: minute(240),
                agent: Some(&agent),
                dosed: minute(dosed),
                pauses: &pauses,
                readings,
            },
        )
    };
    let at = |minutes: i64| reading(minutes, 300, 20_000);
    let steady: Vec<Reading> = [0, 60, 120, 180, 240].map(at).to_vec();
    let whole = judged(0, &[], &steady);
    assert_eq!(
        (whole.contact_s, whole.ct_mg_h_m3, whole.fault),
        (14_400, Some(1_200), None)
    );
    // An hour of it in a pause: neither time nor concentration × time, and what was read in it says nothing.
    let mut thin = steady.clone();
    thin.push(reading(90, 0, -5_000));
    let paused = judged(0, &[(60, 120)], &thin);
    assert_eq!(
        (paused.contact_s, paused.ct_mg_h_m3, paused.fault),
        (10_800, Some(900), None)
    );
    assert_eq!(
        judged(0, &[], &thin).fault.as_deref(),
        Some("-5.0 °C is in no band of the protocol")
    );
    // A pause hides no gap: readings reach as near to it as to the ends.
    let gap = [0, 60, 130, 180, 240].map(at);
    assert_eq!(judged(0, &[(60, 120)], &gap).fault, None);
    let gap = [0, 181, 240].map(at);
    assert_eq!(
        judged(0, &[(60, 120)], &gap).fault.as_deref(),
        Some("3660 s went by without a reading; 3600 s are allowed")
    );
    // Pauses that overlap count once; one that is still open lasts to the end.
    assert_eq!(
        judged(0, &[(230, 9_999), (60, 120), (90, 130)], &steady).contact_s,
        9_600
    );
    assert_eq!(judged(0, &[(0, 240)], &steady).contact_s, 0);
    // What was read before the agent was applied is not under it.
    let late = judged(120, &[], &steady);
    assert_eq!(
        (late.contact_s, late.ct_mg_h_m3, late.fault),
        (7_200, Some(600), None)
    );
}

proptest! {
    /// A straight line between readings is integrated exactly, however it is cut.
    #[test]
    fn ct_of_a_line_does_not_depend_on_where_it_is_read(
        cuts in proptest::collection::btree_set(1_i64..600, 0..8),
        from in 0_u32..100_000,
        slope in 0_u32..100,
    ) {
        let at = |minute: i64| reading(minute, from + slope * minute as u32, 20_000);
        let ends = [at(0), at(600)];
        let all: Vec<Reading> = std::iter::once(0)
            .chain(cuts)
            .chain(std::iter::once(600))
            .map(at)
            .collect();
        let exact = u64::from(from) * 36_000 + u64::from(slope) * 600 * 36_000 / 2;
        prop_assert_eq!(ct_mg_s_m3(&ends), exact);
        prop_assert_eq!(ct_mg_s_m3(&all), exact);
    }
}
