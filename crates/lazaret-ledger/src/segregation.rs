//! Which dangerous goods must stand apart.
//!
//! The table is that of a ship. On land it is a proxy: neither RID and ADR 7.5.2 nor the rules of a country for its
//! warehouses are in here, and where they ask for more the gateway must name the classes as goods that are kept apart.
//! Not in here either: what the entry of a substance asks beyond its classes (column 16b, segregation groups such as
//! acids, the exemptions of 7.2.6).
//!
//! # Source
//! `IMDG4224`: the general table 7.2.4 and the permitted mixed stowage of class 1, table 7.2.7.1.4, of the IMDG Code,
//! Amendment 42-24. Older copies have less in two cells (2.1 with 4.3, and 3 with 4.3); where sources differ, the
//! stricter counts. docs/references.md names them.

use std::fmt;

const CLASSES: [&str; 20] = [
    "1.1", "1.2", "1.5", "1.3", "1.6", "1.4", "2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1",
    "5.2", "6.1", "6.2", "7", "8", "9",
];

/// Rows of the printed table; the first two are for three and two divisions.
const ROW_OF: [usize; 20] = [
    0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];

/// Classes whose number is below this are explosives.
const EXPLOSIVES: u8 = 6;

/// 0 where the table has a cross; 9 where it has an asterisk, which sends the reader to the compatibility groups.
const TABLE: [[u8; 17]; 17] = [
    [9, 9, 9, 4, 2, 2, 4, 4, 4, 4, 4, 4, 2, 4, 2, 4, 0],
    [9, 9, 9, 4, 2, 2, 4, 3, 3, 4, 4, 4, 2, 4, 2, 2, 0],
    [9, 9, 9, 2, 1, 1, 2, 2, 2, 2, 2, 2, 0, 4, 2, 2, 0],
    [4, 4, 2, 0, 0, 0, 2, 1, 2, 2, 2, 2, 0, 4, 2, 1, 0],
    [2, 2, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 2, 1, 0, 0],
    [2, 2, 1, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0, 2, 1, 0, 0],
    [4, 4, 2, 2, 1, 2, 0, 0, 2, 2, 2, 2, 0, 3, 2, 0, 0],
    [4, 3, 2, 1, 0, 0, 0, 0, 1, 0, 1, 2, 0, 3, 2, 1, 0],
    [4, 3, 2, 2, 1, 2, 2, 1, 0, 1, 2, 2, 1, 3, 2, 1, 0],
    [4, 4, 2, 2, 0, 0, 2, 0, 1, 0, 2, 2, 0, 2, 2, 1, 0],
    [4, 4, 2, 2, 0, 0, 2, 1, 2, 2, 0, 2, 1, 3, 1, 2, 0],
    [4, 4, 2, 2, 1, 2, 2, 2, 2, 2, 2, 0, 1, 3, 2, 2, 0],
    [2, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0],
    [4, 4, 4, 4, 2, 2, 3, 3, 3, 2, 3, 3, 1, 0, 3, 3, 0],
    [2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 1, 2, 0, 3, 0, 2, 0],
    [4, 2, 2, 1, 0, 0, 0, 1, 1, 1, 2, 2, 0, 3, 2, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

const GROUPS: &[u8; 13] = b"ABCDEFGHJKLNS";

/// Bit of an explosive whose papers name no compatibility group.
const NO_GROUP: u8 = 13;

/// By group: `x` together, a digit for together under that note of the table, a point for not together.
const MIXED: [&[u8; 13]; 13] = [
    b"x............",
    b".x..........x",
    b"..x66.1....4x",
    b"..6x6.1....4x",
    b"..66x.1....4x",
    b".....x......x",
    b"..111.x.....x",
    b".......x....x",
    b"........x...x",
    b".........x..x",
    b"..........2..",
    b"..444......35",
    b".xxxxxxxxx.5x",
];

/// How far two classes must be from each other, the laxest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segregation {
    /// Nothing general is asked.
    None,
    /// Explosives whose compatibility groups may be together only under a note of table 7.2.7.1.4, by its number.
    UnderNote(u8),
    /// 1: away from.
    Away,
    /// 2: separated from. Explosives that may not be together are this far apart as well.
    Separated,
    /// 3: separated by a complete compartment.
    Compartment,
    /// 4: separated lengthwise by an intervening complete compartment.
    Lengthwise,
}

/// A class or division of dangerous goods, with the compatibility group of an explosive.
///
/// ```
/// use lazaret_ledger::segregation::Class;
/// assert_eq!(Class::read(" 1.4 s").unwrap().to_string(), "1.4S");
/// assert_eq!(Class::read("Class 3").unwrap().to_string(), "3");
/// assert!(Class::read("3D").is_none() && Class::read("10").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    number: u8,
    /// Position in [`GROUPS`], or [`NO_GROUP`]; always [`NO_GROUP`] for what is no explosive.
    group: u8,
}

impl Class {
    /// Reads a class as papers have it; none if there is no such class. White space and capitals do not count, nor the
    /// word "class" or "division" before it.
    #[must_use]
    pub fn read(text: &str) -> Option<Class> {
        let text: String = (text.chars())
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let text = (text.strip_prefix("CLASS"))
            .or_else(|| text.strip_prefix("DIVISION"))
            .unwrap_or(&text);
        let digits = text.trim_end_matches(|c: char| c.is_ascii_uppercase());
        let number = CLASSES.iter().position(|known| *known == digits)? as u8;
        let group = match &text.as_bytes()[digits.len()..] {
            [] => NO_GROUP,
            [letter] if number < EXPLOSIVES => {
                GROUPS.iter().position(|known| known == letter)? as u8
            }
            _ => return None,
        };
        Some(Class { number, group })
    }

    /// Every class, explosives without a group and with each of the thirteen.
    pub fn all() -> impl Iterator<Item = Class> {
        (0..CLASSES.len() as u8).flat_map(|number| {
            let groups = if number < EXPLOSIVES { 0 } else { NO_GROUP };
            (groups..=NO_GROUP).map(move |group| Class { number, group })
        })
    }

    fn explosive(self) -> bool {
        self.number < EXPLOSIVES
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLASSES[usize::from(self.number)])?;
        match GROUPS.get(usize::from(self.group)) {
            Some(&letter) => write!(f, "{}", char::from(letter)),
            None => Ok(()),
        }
    }
}

/// What the tables ask of two classes; symmetric.
#[must_use]
pub fn between(a: Class, b: Class) -> Segregation {
    let row = |class: Class| ROW_OF[usize::from(class.number)];
    match TABLE[row(a)][row(b)] {
        0 => Segregation::None,
        1 => Segregation::Away,
        2 => Segregation::Separated,
        3 => Segregation::Compartment,
        4 => Segregation::Lengthwise,
        _ => mixed(a.group, b.group),
    }
}

/// Explosives of two compatibility groups. Without a group nobody can tell, and they are kept apart.
fn mixed(a: u8, b: u8) -> Segregation {
    let cell = MIXED
        .get(usize::from(a))
        .and_then(|row| row.get(usize::from(b)));
    match cell {
        Some(b'x') => Segregation::None,
        Some(note @ b'1'..=b'6') => Segregation::UnderNote(note - b'0'),
        _ => Segregation::Separated,
    }
}

/// What a lot is by its papers: classes and compatibility groups, as bits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Hazards {
    /// Bit `n` for class number `n`, groups aside.
    others: u32,
    /// By division of class 1: bit `n` for group number `n`.
    explosives: [u16; EXPLOSIVES as usize],
}

impl Hazards {
    /// Adds a class.
    pub fn add(&mut self, class: Class) {
        if class.explosive() {
            self.explosives[usize::from(class.number)] |= 1 << class.group;
        } else {
            self.others |= 1 << class.number;
        }
    }

    /// Whether there is no danger to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Hazards::default()
    }

    /// The classes.
    pub fn classes(&self) -> impl Iterator<Item = Class> + use<> {
        let (others, explosives) = (self.others, self.explosives);
        let explosives = (0..EXPLOSIVES).flat_map(move |number| {
            (0..=NO_GROUP)
                .filter(move |group| explosives[usize::from(number)] >> group & 1 == 1)
                .map(move |group| Class { number, group })
        });
        let others = (EXPLOSIVES..CLASSES.len() as u8)
            .filter(move |number| others >> number & 1 == 1)
            .map(|number| Class {
                number,
                group: NO_GROUP,
            });
        explosives.chain(others)
    }

    /// The strictest of all pairs of classes, one from each; with the pair that asks it.
    #[must_use]
    pub fn strictest(&self, other: &Hazards) -> (Segregation, Option<(Class, Class)>) {
        (self.classes())
            .flat_map(|own| {
                (other.classes()).map(move |theirs| (between(own, theirs), Some((own, theirs))))
            })
            .max_by_key(|(asked, _)| *asked)
            .unwrap_or((Segregation::None, None))
    }

    /// Whether an explosive among them has no compatibility group.
    #[must_use]
    pub fn ungrouped(&self) -> bool {
        (self.explosives.iter()).any(|groups| groups >> NO_GROUP & 1 == 1)
    }
}

impl FromIterator<Class> for Hazards {
    fn from_iter<T: IntoIterator<Item = Class>>(classes: T) -> Self {
        let mut hazards = Hazards::default();
        for class in classes {
            hazards.add(class);
        }
        hazards
    }
}

impl fmt::Display for Hazards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no hazard");
        }
        f.write_str("class ")?;
        for (position, class) in self.classes().enumerate() {
            let and = if position > 0 { " and " } else { "" };
            write!(f, "{and}{class}")?;
        }
        Ok(())
    }
}
