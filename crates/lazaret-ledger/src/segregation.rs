//! Which dangerous goods must stand apart.
//!
//! # Source
//! The general segregation table of the IMDG Code, 7.2.4, as published in two copies that agree
//! (<https://scllogistics.com/container-services/segregation-table/>,
//! <http://www.oocl.com/usa/eng/localinformation/dg/Pages/DG%20segregation%20chart.aspx>). The schedule of a substance
//! may ask for more; segregation within class 1 is by compatibility group and is not decided here.

const CLASSES: [&str; 20] = [
    "1.1", "1.2", "1.5", "1.3", "1.6", "1.4", "2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1",
    "5.2", "6.1", "6.2", "7", "8", "9",
];

/// Rows of the printed table; the first two stand for three and two divisions.
const ROW_OF: [usize; 20] = [
    0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];

/// 0 where the table has a cross or an asterisk.
const TABLE: [[u8; 17]; 17] = [
    [0, 0, 0, 4, 2, 2, 4, 4, 4, 4, 4, 4, 2, 4, 2, 4, 0],
    [0, 0, 0, 4, 2, 2, 4, 3, 3, 4, 4, 4, 2, 4, 2, 2, 0],
    [0, 0, 0, 2, 1, 1, 2, 2, 2, 2, 2, 2, 0, 4, 2, 2, 0],
    [4, 4, 2, 0, 0, 0, 2, 1, 2, 0, 2, 2, 0, 4, 2, 1, 0],
    [2, 2, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 2, 1, 0, 0],
    [2, 2, 1, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0, 2, 1, 0, 0],
    [4, 4, 2, 2, 1, 2, 0, 0, 2, 1, 2, 2, 0, 3, 2, 0, 0],
    [4, 3, 2, 1, 0, 0, 0, 0, 1, 0, 1, 2, 0, 3, 2, 1, 0],
    [4, 3, 2, 2, 1, 2, 2, 1, 0, 1, 2, 2, 1, 3, 2, 1, 0],
    [4, 4, 2, 0, 0, 0, 1, 0, 1, 0, 2, 2, 0, 2, 2, 1, 0],
    [4, 4, 2, 2, 0, 0, 2, 1, 2, 2, 0, 2, 1, 3, 1, 2, 0],
    [4, 4, 2, 2, 1, 2, 2, 2, 2, 2, 2, 0, 1, 3, 2, 2, 0],
    [2, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0],
    [4, 4, 4, 4, 2, 2, 3, 3, 3, 2, 3, 3, 1, 0, 3, 3, 0],
    [2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 1, 2, 0, 3, 0, 2, 0],
    [4, 2, 2, 1, 0, 0, 0, 1, 1, 1, 2, 2, 0, 3, 2, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

/// How far two classes must be from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segregation {
    /// Nothing general is asked.
    None,
    /// 1: away from.
    Away,
    /// 2: separated from.
    Separated,
    /// 3: separated by a complete compartment.
    Compartment,
    /// 4: separated lengthwise by an intervening complete compartment.
    Lengthwise,
}

/// The number of a class or division; none if there is no such class.
#[must_use]
pub fn class_number(class: &str) -> Option<u8> {
    CLASSES
        .iter()
        .position(|known| *known == class)
        .map(|position| position as u8)
}

/// The class with a number that [`class_number`] gave.
#[must_use]
pub fn class_name(number: u8) -> &'static str {
    CLASSES.get(usize::from(number)).copied().unwrap_or("?")
}

/// What the table asks of two classes, by number; symmetric.
#[must_use]
pub fn between(a: u8, b: u8) -> Segregation {
    let row = |class: u8| ROW_OF.get(usize::from(class)).copied().unwrap_or(16);
    match TABLE[row(a)][row(b)] {
        0 => Segregation::None,
        1 => Segregation::Away,
        2 => Segregation::Separated,
        3 => Segregation::Compartment,
        _ => Segregation::Lengthwise,
    }
}

/// The strictest of all pairs from two sets of classes (bit `n` stands for class number `n`).
#[must_use]
pub fn strictest(a: u32, b: u32) -> Segregation {
    let classes = |mask: u32| (0..CLASSES.len() as u8).filter(move |class| mask >> class & 1 == 1);
    classes(a)
        .flat_map(|first| classes(b).map(move |second| between(first, second)))
        .max()
        .unwrap_or(Segregation::None)
}
