//! What dangerous goods ask of their neighbours: the tables of segregation, transcribed for the auditor by itself and as
//! they are printed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// IMDG Code, Amendment 42-24, 7.2.4: all 17 × 17 cells.
const PRINTED: &str = "
          1.1  1.3  1.4  2.1  2.2  2.3  3    4.1  4.2  4.3  5.1  5.2  6.1  6.2  7    8    9
    1.1   *    *    *    4    2    2    4    4    4    4    4    4    2    4    2    4    X
    1.3   *    *    *    4    2    2    4    3    3    4    4    4    2    4    2    2    X
    1.4   *    *    *    2    1    1    2    2    2    2    2    2    X    4    2    2    X
    2.1   4    4    2    X    X    X    2    1    2    2    2    2    X    4    2    1    X
    2.2   2    2    1    X    X    X    1    X    1    X    X    1    X    2    1    X    X
    2.3   2    2    1    X    X    X    2    X    2    X    X    2    X    2    1    X    X
    3     4    4    2    2    1    2    X    X    2    2    2    2    X    3    2    X    X
    4.1   4    3    2    1    X    X    X    X    1    X    1    2    X    3    2    1    X
    4.2   4    3    2    2    1    2    2    1    X    1    2    2    1    3    2    1    X
    4.3   4    4    2    2    X    X    2    X    1    X    2    2    X    2    2    1    X
    5.1   4    4    2    2    X    X    2    1    2    2    X    2    1    3    1    2    X
    5.2   4    4    2    2    1    2    2    2    2    2    2    X    1    3    2    2    X
    6.1   2    2    X    X    X    X    X    X    1    X    1    1    X    1    X    X    X
    6.2   4    4    4    4    2    2    3    3    3    2    3    3    1    X    3    3    X
    7     2    2    2    2    1    1    2    2    2    2    1    2    X    3    X    2    X
    8     4    2    2    1    X    X    X    1    1    1    2    2    X    3    2    X    X
    9     X    X    X    X    X    X    X    X    X    X    X    X    X    X    X    X    X";

/// 49 CFR 176.144(a), as of 30 September 2024, which has what IMDG 7.2.7.1.4 has: `X` means not together here, a blank
/// (here `-`) together, a digit together under that note.
const GROUPS: &str = "
        A  B  C  D  E  F  G  H  J  K  L  N  S
    A   -  X  X  X  X  X  X  X  X  X  X  X  X
    B   X  -  X  X  X  X  X  X  X  X  X  X  -
    C   X  X  -  6  6  X  1  X  X  X  X  4  -
    D   X  X  6  -  6  X  1  X  X  X  X  4  -
    E   X  X  6  6  -  X  1  X  X  X  X  4  -
    F   X  X  X  X  X  -  X  X  X  X  X  X  -
    G   X  X  1  1  1  X  -  X  X  X  X  X  -
    H   X  X  X  X  X  X  X  -  X  X  X  X  -
    J   X  X  X  X  X  X  X  X  -  X  X  X  -
    K   X  X  X  X  X  X  X  X  X  -  X  X  -
    L   X  X  X  X  X  X  X  X  X  X  2  X  X
    N   X  X  4  4  4  X  X  X  X  X  X  3  5
    S   X  -  -  -  -  -  -  -  -  -  X  5  -";

/// A printed table, by row and column.
type Cells = BTreeMap<(String, String), char>;

static CELLS: LazyLock<Cells> = LazyLock::new(|| cells(PRINTED));
static GROUP_CELLS: LazyLock<Cells> = LazyLock::new(|| cells(GROUPS));

fn cells(table: &str) -> Cells {
    let mut lines = table.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
    let mut cells = Cells::new();
    for line in lines {
        let mut marks = line.split_whitespace();
        let row = marks.next().unwrap_or("");
        for (column, mark) in head.iter().zip(marks) {
            let mark = mark.chars().next().unwrap_or('4');
            cells.insert((row.to_owned(), (*column).to_owned()), mark);
        }
    }
    cells
}

/// A class as papers write it: the row of the table, and the compatibility group of an explosive or nothing.
fn class(text: &str) -> Option<(String, String)> {
    let plain: String = text.to_uppercase().split_whitespace().collect();
    let plain = (plain.strip_prefix("CLASS"))
        .or_else(|| plain.strip_prefix("DIVISION"))
        .unwrap_or(&plain);
    let row = plain.trim_end_matches(|c: char| c.is_ascii_uppercase());
    let group = &plain[row.len()..];
    let row = match row {
        "1.2" | "1.5" => "1.1",
        "1.6" => "1.3",
        other => other,
    };
    let known = |table: &Cells, name: &str| table.contains_key(&(name.to_owned(), name.to_owned()));
    let grouped = group.is_empty() || row.starts_with("1.") && known(&GROUP_CELLS, group);
    (known(&CELLS, row) && grouped).then(|| (row.to_owned(), group.to_owned()))
}

/// What two classes ask: 0 nothing, 1 a warning, 2 to 4 as in the table; none if one of them is not a class. The letter in
/// `1.1D` is the compatibility group.
#[must_use]
pub fn pair(a: &str, b: &str) -> Option<u8> {
    let ((row, group), (column, other)) = (class(a)?, class(b)?);
    Some(match *CELLS.get(&(row, column))? {
        '*' if group.is_empty() || other.is_empty() => 2,
        '*' => match *GROUP_CELLS.get(&(group, other))? {
            '-' => 0,
            'X' => 2,
            _ => 1,
        },
        'X' => 0,
        digit => digit.to_digit(10)? as u8,
    })
}

/// Whether a class is one of the table.
pub(crate) fn known(class_name: &str) -> bool {
    class(class_name).is_some()
}

/// What the dangers of two lots ask of each other. Of what is not a class nothing is known: it asks the most.
pub(crate) fn asked(a: &[String], b: &[String]) -> u8 {
    (a.iter()
        .flat_map(|a| b.iter().map(move |b| pair(a, b).unwrap_or(4))))
    .max()
    .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_printed_tables_are_whole_and_symmetric() {
        for (table, size) in [(&*CELLS, 17), (&*GROUP_CELLS, 13)] {
            assert_eq!(table.len(), size * size);
            for ((a, b), mark) in table {
                assert_eq!(table[&(b.clone(), a.clone())], *mark, "{a} and {b}");
            }
        }
    }

    #[test]
    fn what_is_not_a_class_is_told_from_one() {
        for text in ["3", " 1.1 d", "class 6.1", "Division 1.3 g"] {
            assert!(known(text), "{text}");
        }
        for text in ["", "1", "3D", "1.1I", "banana", "class", "1.1DD", "1.1é"] {
            assert!(!known(text), "{text}");
        }
    }
}
