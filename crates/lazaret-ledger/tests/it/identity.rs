//! Marks and their check digits, against published examples.

use lazaret_ledger::identity::{Check, ContainerCode, WagonId, gs1_check_digit};
use proptest::prelude::*;

#[test]
fn published_uic_numbers_hold() {
    for text in ["21 81 2471 217-3", "51 80 0843 001-0", "50 51 2618 001-5"] {
        let mark = WagonId::read(text);
        assert_eq!(mark.check, Check::Holds, "{text}");
        assert_eq!(mark.id.to_string(), text);
    }
}

#[test]
fn published_container_codes_hold() {
    for text in ["CSQU3054383", "MWCU6059784", "MSKU6011672", "TEXU3070079"] {
        let mark = ContainerCode::read(text).unwrap();
        assert_eq!(mark.check, Check::Holds, "{text}");
        assert_eq!(mark.id.as_str(), text);
    }
    let spaced = ContainerCode::read("csqu 305438-3").unwrap();
    assert_eq!(
        (spaced.check, spaced.id.as_str()),
        (Check::Holds, "CSQU3054383")
    );
    let wrong = ContainerCode::read("CSQU3054384").unwrap();
    assert_eq!(wrong.check, Check::Fails { expected: '3' });
    assert!(ContainerCode::read("CSQX3054383").is_none());
}

#[test]
fn a_mark_is_told_by_its_shape() {
    assert!(matches!(WagonId::read("5123456").id, WagonId::Cn7(_)));
    assert_eq!(WagonId::read("5123456").check, Check::None);
    assert!(matches!(WagonId::read("52345678").id, WagonId::Cis8(_)));
    assert!(matches!(WagonId::read("빵통 12").id, WagonId::Local(_)));
    assert!(matches!(WagonId::read("").id, WagonId::Local(_)));
    // What fails its check is kept as read.
    let mark = WagonId::read("21 81 2471 218-3");
    assert_eq!(mark.id.as_str(), "218124712183");
    assert_eq!(mark.check, Check::Fails { expected: '1' });
}

#[test]
fn gs1_keys_have_their_check_digit() {
    // The example of the GS1 General Specifications, and the ISBN of an EAN-13 on every second desk.
    assert_eq!(gs1_check_digit("629104150021"), Some('3'));
    assert_eq!(gs1_check_digit("978020137962"), Some('4'));
    assert_eq!(gs1_check_digit(""), None);
    assert_eq!(gs1_check_digit("12a"), None);
}

proptest! {
    /// The sum of UIC and of 1520 mm railways misses no single wrong digit.
    #[test]
    fn one_wrong_digit_is_always_noticed(body in "[0-9]{7}|[0-9]{11}", at in any::<prop::sample::Index>(), by in 1_u8..10) {
        let holds = |text: &str| WagonId::read(text).check == Check::Holds;
        let own = (0..10).map(|k| format!("{body}{k}")).find(|text| holds(text)).unwrap();
        let mut digits = own.clone().into_bytes();
        let at = at.index(digits.len());
        digits[at] = (digits[at] - b'0' + by) % 10 + b'0';
        let wrong = String::from_utf8(digits).unwrap();
        prop_assert!(!holds(&wrong), "{own} {wrong}");
    }

    #[test]
    fn anything_can_be_read(text in "\\PC{0,20}") {
        let mark = WagonId::read(&text);
        let _ = mark.id.to_string();
        let _ = ContainerCode::read(&text);
    }
}

#[test]
fn a_ship_is_no_wagon_of_seven_digits() {
    for text in ["IMO 9074729", "imo9074729", "IMO-9074729"] {
        let ship = WagonId::read(text);
        assert_eq!(ship.id, WagonId::Imo7("IMO9074729".into()), "{text}");
        assert_eq!(ship.check, Check::Holds, "{text}");
        assert_eq!(ship.id.to_string(), "IMO 9074729");
    }
    assert_eq!(
        WagonId::read("IMO 9074728").check,
        Check::Fails { expected: '9' }
    );
    assert_eq!(WagonId::read("9074729").id, WagonId::Cn7("9074729".into()));
    assert!(matches!(WagonId::read("IMO 907472").id, WagonId::Local(_)));
}
