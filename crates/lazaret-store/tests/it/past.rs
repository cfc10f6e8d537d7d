//! The ledger as it was known, and as it happened.

use jiff::{SignedDuration, Timestamp};
use lazaret_store::{Moment, Past};
use lazaret_vocabulary::event::entry::{Entry, PersonName, Role};

use crate::scene::{Place, at, on_each, opening, says};

/// Kim is appointed on the 10th, with a record that says so only on the 12th; Lee on the 11th, at once.
async fn appointments(place: &Place) -> Past {
    let live = place.live().await;
    let day = |day: i8| -> Timestamp {
        at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * i64::from(day - 1))
    };
    let appointed = |person: &str| Entry::PersonAppointed {
        person: PersonName::new(person),
        roles: vec![Role::Crew],
    };
    let mut commands: Vec<_> = opening(day(9))
        .into_iter()
        .map(|command| (command, Some(day(9))))
        .collect();
    commands.push((says("lee", "ada", day(11), appointed("lee")), Some(day(11))));
    let mut late = says("kim", "ada", day(10), appointed("kim"));
    late.issued_at = day(12);
    commands.push((late, Some(day(12))));
    for outcome in live.submit_all(commands).await {
        outcome.unwrap();
    }
    live.stop().await;
    Past::new(place.open().await)
}

async fn people(past: &Past, moment: Moment) -> Vec<String> {
    past.at(moment)
        .await
        .unwrap()
        .people()
        .map(|person| person.person.to_string())
        .filter(|person| person != "ada")
        .collect()
}

#[test]
fn late_entries_were_not_known_but_had_happened() {
    on_each(|place| async move {
        let past = appointments(&place).await;
        let noon = |day: &str| at(&format!("2026-01-{day}T12:00:00Z"));
        let none: [&str; 0] = [];
        assert_eq!(people(&past, Moment::Known(noon("08"))).await, none);
        assert_eq!(people(&past, Moment::Known(noon("10"))).await, none);
        assert_eq!(people(&past, Moment::Happened(noon("10"))).await, ["kim"]);
        assert_eq!(people(&past, Moment::Known(noon("11"))).await, ["lee"]);
        assert_eq!(
            people(&past, Moment::Happened(noon("11"))).await,
            ["lee", "kim"]
        );
        assert_eq!(
            people(&past, Moment::Known(noon("13"))).await,
            ["lee", "kim"]
        );
        // Asked again, from what was kept.
        assert_eq!(people(&past, Moment::Known(noon("11"))).await, ["lee"]);
    });
}
