//! Tables as clerks make them: taken rightly, or refused with the reason; never taken wrongly.

use proptest::prelude::*;

use super::*;
use crate::Fault;
use crate::table::Choices;

const GOOD: &str = "manifest,convoy,source,due,vehicle,lot,goods,pieces,mass_kg,hazards,seals\n\
    M-1,K-1,dandong,2022-02-20T17:10,W-1,W-1-1,medicine,40,800,3;8,S1;S2\n\
    M-1,K-1,dandong,2022-02-20T17:10,W-2,W-2-1,general,12,400,,\n\
    M-2,K-2,dandong,,W-3,W-3-1,general,1,4,,\n";

fn is_hazard(text: &str) -> bool {
    ["1.4S", "2.1", "3", "8", "9"].contains(&text)
}

fn with_place<T>(then: impl FnOnce(Place<'_>) -> T) -> T {
    let zone = TimeZone::get("Asia/Pyongyang").unwrap();
    then(Place {
        sources: &["dandong"],
        goods: &["medicine", "dairy", "general"],
        zone: &zone,
        is_hazard,
    })
}

fn try_read(bytes: &[u8], choices: &Choices, said: &Said) -> Result<Read, TableError> {
    let table = Table::read(bytes, "text/csv", choices)?;
    with_place(|place| read(&table, said, place))
}

fn read_text(text: &str) -> Read {
    try_read(text.as_bytes(), &Choices::default(), &Said::default()).unwrap()
}

/// The lines of all papers.
fn lines(read: &Read) -> Vec<ManifestLine> {
    assert_eq!(read.errors, []);
    (read.found.iter())
        .flat_map(|found| match &found.entry {
            Entry::ManifestAnnounced { lines, .. } => lines.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Each wrong cell: its row, its column, and a part of what is said.
#[track_caller]
fn wrong(read: &Read, expected: &[(u64, &str, &str)]) {
    let told: Vec<_> = read
        .errors
        .iter()
        .map(|e| (e.row, e.column.as_str(), e.wrong.to_string()))
        .collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((row, column, part), (row_told, column_told, message)) in expected.iter().zip(&told) {
        assert_eq!((row, column), (row_told, column_told), "{told:#?}");
        assert!(message.contains(part), "{message}");
    }
}

const HEAD: &str = "manifest,convoy,source,vehicle,lot,goods,pieces,mass_kg,sender\n";

fn one(vehicle: &str, lot: &str, pieces: &str, mass: &str) -> Read {
    read_text(&format!(
        "{HEAD}M-1,K-1,dandong,{vehicle},{lot},general,{pieces},{mass},x\n"
    ))
}

#[test]
fn a_right_table_is_read_in_every_separator_and_encoding() {
    let expected = lines(&read_text(GOOD));
    assert_eq!(expected.len(), 3);
    let seals = |text: &str, mark: char| {
        text.replace("3;8", "3|8")
            .replace("S1;S2", "S1|S2")
            .replace(',', &mark.to_string())
    };
    for mark in [';', '\t', '|'] {
        let text = if mark == '|' {
            GOOD.replace(',', "|")
        } else {
            seals(GOOD, mark)
        };
        assert_eq!(lines(&read_text(&text)), expected, "{mark:?}");
        let said = format!("sep={mark}\r\n{text}");
        let read = read_text(&said);
        assert_eq!(
            read.found[0].row, 3,
            "rows keep the numbers that a spreadsheet shows"
        );
        assert_eq!(lines(&read), expected, "sep={mark:?}");
    }
    for bytes in [
        [b"\xef\xbb\xbf", GOOD.as_bytes()].concat(),
        GOOD.replace('\n', "\r\n").into_bytes(),
        GOOD.replace('\n', "\r").into_bytes(),
        [
            &[0xff, 0xfe],
            &GOOD
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()[..],
        ]
        .concat(),
    ] {
        let read = try_read(&bytes, &Choices::default(), &Said::default()).unwrap();
        assert_eq!(lines(&read), expected);
    }
}

#[test]
fn a_list_of_an_office_of_the_neighbour_is_read() {
    let text = "manifest;convoy;source;due;vehicle;lot;goods;pieces;mass_kg;hazards;seals;sender;receiver\r\n\
        M-2;T-901;dandong;2022-03-05 17:10;50123456;L-901-1;general;1200;24000;;S1,S2;丹东贸易有限公司;의주 창고\r\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    let read = try_read(&bytes, &Choices::default(), &Said::default()).unwrap();
    assert_eq!(lines(&read)[0].sender.as_deref(), Some("丹东贸易有限公司"));
    assert!(
        read.notes
            .iter()
            .any(|note| note.to_string().contains("gb18030")),
        "{:?}",
        read.notes
    );
    // Said by hand, another encoding counts; where the bytes are no text in it, it is refused.
    let choices = Choices {
        encoding: Some("utf-8".into()),
        ..Choices::default()
    };
    assert_eq!(
        try_read(&bytes, &choices, &Said::default())
            .unwrap_err()
            .fault,
        Fault::Unreadable
    );
}

#[test]
fn usual_headings_titles_and_totals_are_known() {
    let text = "Papers of train T-901;;;;;;;;;;;;\r\n;;;;;;;;;;;;\r\n\
        Manifest No.;Train;Origin;ETA;Wagon;Lot;Cargo;Pcs;Gross mass (kg);Dangerous goods;Seals;Shipper;Consignee\r\n\
        M-2;T-901;dandong;2022-03-05 17:10;50123456;L-901-1;general;1200;24000;;S1,S2;Müller & Söhne;x\r\n\
        M-2;T-901;dandong;05.03.2022 17:10;50123457;L-901-2;medicine;40;1200;;S1;x;x\r\n\
        Total;;;;;;;1240;25200;;;;\r\n";
    let read = read_text(text);
    let lines = lines(&read);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].tally,
        Tally {
            pieces: 1200,
            mass_kg: 24000
        }
    );
    assert_eq!(lines[0].seals, ["S1", "S2"]);
    assert_eq!(read.found[0].row, 4);
    assert!(
        read.notes
            .iter()
            .any(|n| n.to_string().contains("headings are in row 3")
                && n.to_string().contains("Papers of train")),
        "{:?}",
        read.notes
    );
    assert!(
        read.notes
            .iter()
            .any(|n| n.to_string().contains("row 6 is a total")),
        "{:?}",
        read.notes
    );
    wrong(
        &read_text(&text.replace("1240;25200", "1240;25300")),
        &[(6, "Gross mass (kg)", "25200")],
    );
    let korean = "화물목록번호,열차번호,출발지,화차번호,로트번호,품목,수량,총중량(kg),송하인\nM-1,K-1,dandong,W-1,L-1,general,10,100.5,평양\n합계,,,,,,10,100.5,\n";
    let said = Said {
        round: true,
        ..Said::default()
    };
    let read = try_read(korean.as_bytes(), &Choices::default(), &said).unwrap();
    assert_eq!(
        self::lines(&read)[0].tally,
        Tally {
            pieces: 10,
            mass_kg: 101
        }
    );
    assert!(
        read.notes
            .iter()
            .any(|n| n.to_string().contains("1 masses were rounded")),
        "{:?}",
        read.notes
    );
}

#[test]
fn a_column_that_is_not_known_is_asked_about() {
    let text = GOOD.replacen("seals", "remarks", 1);
    let read = read_text(&text);
    wrong(&read, &[(1, "remarks", "columns=remarks:FIELD")]);
    assert_eq!(read.found, []);
    let mapped = |field| Said {
        columns: vec![("remarks".into(), field)],
        ..Said::default()
    };
    let left_out = try_read(text.as_bytes(), &Choices::default(), &mapped(None)).unwrap();
    assert_eq!(lines(&left_out)[0].seals, Vec::<String>::new());
    let as_seals = try_read(
        text.as_bytes(),
        &Choices::default(),
        &mapped(Some(Field::Seals)),
    )
    .unwrap();
    assert_eq!(lines(&as_seals)[0].seals, ["S1", "S2"]);
    // Misspelt, it is not left out in silence: it would make dangerous goods harmless.
    let misspelt = read_text(&GOOD.replacen("hazards", "hazzards", 1));
    wrong(&misspelt, &[(1, "hazzards", "it may be hazards")]);
    wrong(
        &read_text(&GOOD.replacen("manifest,", "lot,", 1)),
        &[(1, "lot", "already"), (1, "manifest", "missing")],
    );
}

#[test]
fn what_a_spreadsheet_has_spoilt_is_refused() {
    wrong(
        &one("2.18125E+11", "1.06141E+17", "10", "100"),
        &[(2, "vehicle", "scientific"), (2, "lot", "scientific")],
    );
    wrong(
        &one("#N/A", "#REF!", "10", "100"),
        &[(2, "vehicle", "error"), (2, "lot", "error")],
    );
    wrong(
        &one("W-1", "L-1", "1.2E+3", "100"),
        &[(2, "pieces", "scientific")],
    );
    let long = format!("{HEAD}M-1,K-1,dandong,W-1,L-1,general,10,100,Smith, John\n");
    wrong(&read_text(&long), &[(2, "column 10", "more cells")]);
    let open = format!(
        "{HEAD}M-1,K-1,dandong,W-1,L-1,general,10,100,\"unbalanced\nM-1,K-1,dandong,W-1,L-2,general,10,100,x\n"
    );
    let refused = try_read(open.as_bytes(), &Choices::default(), &Said::default()).unwrap_err();
    assert!(
        refused.detail.starts_with("row 2: a quote is never closed"),
        "{refused:?}"
    );
    let inch = format!(
        "{HEAD}M-1,K-1,dandong,W-1,L-1,general,10,100,5\" pipe works\nM-1,K-1,dandong,W-1,L-2,general,10,100,\"Foo \"\"Bar\"\" Ltd\"\n"
    );
    let senders: Vec<_> = lines(&read_text(&inch))
        .into_iter()
        .map(|l| l.sender.unwrap())
        .collect();
    assert_eq!(senders, ["5\" pipe works", "Foo \"Bar\" Ltd"]);
}

#[test]
fn numbers_are_those_of_the_table_or_are_asked_about() {
    let with = |pieces: &str, mass: &str| {
        read_text(
            &format!("{HEAD}M-1,K-1,dandong,W-1,L-1,general,\"{pieces}\",\"{mass}\",x\n")
                .replace('\u{a0}', " "),
        )
    };
    assert_eq!(
        lines(&with("1 200", "24 000"))[0].tally,
        Tally {
            pieces: 1200,
            mass_kg: 24000
        }
    );
    assert_eq!(
        lines(&with("10.0", "1,234,567"))[0].tally,
        Tally {
            pieces: 10,
            mass_kg: 1_234_567
        }
    );
    wrong(
        &with("1,200", "24,000"),
        &[
            (2, "pieces", "decimal=point"),
            (2, "mass_kg", "decimal=point"),
        ],
    );
    wrong(&with("12", "24000.5"), &[(2, "mass_kg", "round=true")]);
    wrong(
        &with("-3", "0"),
        &[(2, "pieces", "whole number"), (2, "mass_kg", "above 0")],
    );
    wrong(
        &with("10.5", "10 kg"),
        &[
            (2, "pieces", "whole number"),
            (2, "mass_kg", "without a unit"),
        ],
    );
    // One number of the table shows how the others are meant.
    let german = "manifest;convoy;source;vehicle;lot;goods;pieces;mass_kg\nM-1;K-1;dandong;W-1;L-1;general;1.200;24.000,50\nM-1;K-1;dandong;W-1;L-2;general;;1.500\n";
    let said = Said {
        round: true,
        ..Said::default()
    };
    let read = try_read(german.as_bytes(), &Choices::default(), &said).unwrap();
    let tallies: Vec<Tally> = lines(&read).into_iter().map(|l| l.tally).collect();
    assert_eq!(
        tallies,
        [
            Tally {
                pieces: 1200,
                mass_kg: 24001
            },
            Tally {
                pieces: 0,
                mass_kg: 1500
            }
        ]
    );
    assert!(
        read.notes.iter().any(|n| n.to_string().contains("in bulk")),
        "{:?}",
        read.notes
    );
    let tonnes = "manifest,convoy,source,vehicle,lot,goods,pieces,Gross mass (t)\nM-1,K-1,dandong,W-1,L-1,general,,24.5\n";
    assert_eq!(
        lines(&read_text(tonnes))[0].tally,
        Tally {
            pieces: 0,
            mass_kg: 24500
        }
    );
}

/// A workbook whose cells are as `write` makes them.
fn book(write: impl FnOnce(&mut rust_xlsxwriter::Workbook)) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    write(&mut book);
    book.save_to_buffer().unwrap()
}

fn fill(sheet: &mut rust_xlsxwriter::Worksheet, text: &str) {
    for (row, line) in text.lines().enumerate() {
        for (column, cell) in line.split(',').enumerate() {
            let (row, column) = (row as u32, column as u16);
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
}

#[test]
fn a_workbook_is_read_like_a_text_and_says_what_it_has_spoilt() {
    let whole = book(|b| fill(b.add_worksheet(), GOOD));
    let read = try_read(&whole, &Choices::default(), &Said::default()).unwrap();
    assert_eq!(lines(&read), lines(&read_text(GOOD)));
    let long = book(|b| {
        let sheet = b.add_worksheet();
        fill(sheet, GOOD);
        sheet.write_number(1, 5, 106_141_412_345_678_908.0).unwrap();
        sheet.write_boolean(2, 4, true).unwrap();
        let time = rust_xlsxwriter::Format::new().set_num_format("hh:mm");
        sheet.write_number_with_format(3, 3, 0.7, &time).unwrap();
    });
    let read = try_read(&long, &Choices::default(), &Said::default()).unwrap();
    wrong(
        &read,
        &[
            (2, "lot", "fifteen digits"),
            (3, "vehicle", "true or false"),
            (4, "due", "without a date"),
        ],
    );
    let zeros = book(|b| {
        let sheet = b.add_worksheet();
        fill(sheet, GOOD);
        let format = rust_xlsxwriter::Format::new().set_num_format("000000000000");
        sheet
            .write_number_with_format(1, 4, 18_124_712_178.0, &format)
            .unwrap();
    });
    let read = try_read(&zeros, &Choices::default(), &Said::default()).unwrap();
    assert_eq!(lines(&read)[0].vehicle.as_str(), "018124712178");
}

#[test]
fn sheets_rows_and_cells_that_hide_are_asked_about() {
    let old = GOOD.replace("M-1", "OLD");
    let two = |hide: bool| {
        book(|b| {
            let first = b.add_worksheet().set_name("old").unwrap();
            fill(first, &old);
            first.set_hidden(hide);
            let second = b.add_worksheet().set_name("new").unwrap();
            fill(second, GOOD);
            if hide {
                second.set_active(true);
            }
        })
    };
    let read = try_read(&two(true), &Choices::default(), &Said::default()).unwrap();
    assert_eq!(read.found[0].manifest.as_str(), "M-1");
    assert!(
        read.notes
            .iter()
            .any(|n| n.to_string().contains("hidden sheets were skipped: old")),
        "{:?}",
        read.notes
    );
    let asked = try_read(&two(false), &Choices::default(), &Said::default()).unwrap_err();
    assert!(
        asked.detail.contains("several sheets") && asked.detail.contains("old"),
        "{asked:?}"
    );
    let choose = |name: &str| Choices {
        sheet: Some(name.into()),
        ..Choices::default()
    };
    let read = try_read(&two(false), &choose("old"), &Said::default()).unwrap();
    assert_eq!(read.found[0].manifest.as_str(), "M-2");
    assert!(try_read(&two(false), &choose("none"), &Said::default()).is_err());
    let rows = book(|b| {
        let sheet = b.add_worksheet();
        fill(sheet, GOOD);
        sheet.set_row_hidden(2).unwrap();
    });
    let asked = try_read(&rows, &Choices::default(), &Said::default()).unwrap_err();
    assert!(asked.detail.contains("rows 3 are hidden"), "{asked:?}");
    for (take, count) in [(true, 3), (false, 2)] {
        let choices = Choices {
            hidden_rows: Some(take),
            ..Choices::default()
        };
        let read = try_read(&rows, &choices, &Said::default()).unwrap();
        assert_eq!(lines(&read).len(), count);
    }
    let merged = book(|b| {
        let sheet = b.add_worksheet();
        fill(sheet, GOOD);
        let plain = rust_xlsxwriter::Format::new();
        sheet.merge_range(1, 0, 2, 0, "M-1", &plain).unwrap();
    });
    let read = try_read(&merged, &Choices::default(), &Said::default()).unwrap();
    wrong(&read, &[(3, "manifest", "merged with that of row 2")]);
    let said = Said {
        fill_merged: true,
        ..Said::default()
    };
    let read = try_read(&merged, &Choices::default(), &said).unwrap();
    assert_eq!(lines(&read), lines(&read_text(GOOD)));
}

#[test]
fn a_row_has_the_number_that_a_spreadsheet_shows() {
    let text = GOOD
        .replacen("\nM-1", "\r\n\r\n\r\nM-1", 1)
        .replace("S1;S2", "\"S1\n\nS2\"")
        .replace(",general,1,4", ",general,none,4");
    wrong(&read_text(&text), &[(6, "pieces", "number")]);
}

#[test]
fn papers_that_disagree_with_themselves_are_told() {
    let text = GOOD.replacen(
        "M-1,K-1,dandong,2022-02-20T17:10,W-2",
        "M-1,K-1,dandong,,W-2",
        1,
    );
    wrong(&read_text(&text), &[(3, "due", "row 2 says")]);
    let text = GOOD.replacen("W-2-1", "W-1-1", 1);
    wrong(
        &read_text(&text),
        &[(3, "lot", "row 2 has this lot already")],
    );
}

#[test]
fn the_template_is_a_table_that_is_taken() {
    assert_eq!(lines(&read_text(&template())).len(), 1);
}

#[test]
fn a_heading_without_end_is_told_by_its_beginning() {
    let long = "manifest and convoy and ".repeat(20);
    let text = GOOD.replacen("manifest,", &format!("{long},"), 1);
    let told = read_text(&text);
    let told = told
        .errors
        .iter()
        .find(|error| error.column.len() > 8 && long.starts_with(&error.column));
    assert_eq!(told.unwrap().column.chars().count(), 200);
}

#[test]
fn a_sheet_that_ends_in_its_last_cell_costs_no_memory() {
    let far = book(|b| {
        let sheet = b.add_worksheet();
        sheet.write_string(0, 0, "manifest").unwrap();
        sheet.write_string(1_048_575, 16_383, "far").unwrap();
    });
    // What is in columns that nobody reads is not a row either.
    let table = Table::read(&far, "", &Choices::default()).unwrap();
    assert_eq!(table.cells.len(), 1);
    let deep = book(|b| {
        b.add_worksheet().write_string(1_048_575, 0, "far").unwrap();
    });
    assert_eq!(
        Table::read(&deep, "", &Choices::default())
            .unwrap_err()
            .fault,
        Fault::TooLarge
    );
}

/// Whatever comes: either it cannot be read, or every complaint has a place and a reason, or everything is in order and
/// every row that says something is a line of some papers or a total.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(table) = Table::read(bytes, "text/csv", &Choices::default()) else {
        return Ok(());
    };
    let Ok(read) = with_place(|place| read(&table, &Said::default(), place)) else {
        return Ok(());
    };
    for error in &read.errors {
        prop_assert!(
            (1..=table.cells.len() as u64).contains(&error.row),
            "{error:?}"
        );
        prop_assert!(
            !error.wrong.to_string().is_empty() && !error.column.is_empty(),
            "{error:?}"
        );
        prop_assert!(error.column.chars().count() <= 200 && error.value.chars().count() <= 200);
    }
    if read.errors.is_empty() {
        let lines: u32 = read.found.iter().map(|papers| papers.lots).sum();
        prop_assert_eq!(u64::from(lines), read.rows);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_breaks_the_reader(
        cuts in proptest::collection::vec((0_usize..400, 0_usize..30, ".{0,12}"), 0..6),
        separator in prop_oneof![Just(','), Just(';'), Just('\t')],
    ) {
        let mut text: Vec<char> = GOOD.replace(',', &separator.to_string()).chars().collect();
        for (at, length, put) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        holds(text.as_bytes())?;
    }

    #[test]
    fn no_bytes_break_the_reader(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = book(|b| fill(b.add_worksheet(), GOOD));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        holds(&bytes)?;
        holds(&[b"manifest,".as_slice(), &bytes].concat())?;
    }
}
