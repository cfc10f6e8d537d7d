//! Workbooks of other programs, and such as are meant to take the machine's memory.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads what memory its process took"
)]

use std::process::Command;

use calamine::{Data, Reader as _, Xlsx};
use proptest::prelude::*;

use super::values::STYLES_MAX;
use super::xml::DEPTH_MAX;
use super::*;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A part of a workbook written by hand.
struct Part {
    name: String,
    packed: Vec<u8>,
    method: u16,
    crc: u32,
    size: u64,
}

fn part(name: &str, text: &str) -> Part {
    let crc = text.bytes().fold(!0_u32, |mut crc, byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    });
    Part {
        name: name.into(),
        packed: text.as_bytes().to_vec(),
        method: 0,
        crc: !crc,
        size: text.len() as u64,
    }
}

/// `head` and then `unit` again and again, up to some `size` bytes, in about a hundredth of them. The checksum is left
/// out: whoever compares it has read too much already.
fn bomb(name: &str, head: &str, unit: &str, size: u64) -> Part {
    // DEFLATE (RFC 1951) with its fixed codes: all literally once, then "258 bytes as those so many before".
    let mut bits = Bits::default();
    bits.put(0b011, 3);
    for byte in head.bytes().chain(unit.bytes()) {
        assert!(byte < 144);
        bits.code(0x30 + u32::from(byte), 8);
    }
    let far = unit.len() as u32;
    assert!(
        (17..=24).contains(&far),
        "the distance has a code of its own"
    );
    for _ in 0..size / 258 {
        bits.code(0b1100_0101, 8);
        bits.code(8, 5);
        bits.put(far - 17, 3);
    }
    bits.put(0, 7);
    bits.put(0, 7);
    Part {
        name: name.into(),
        packed: bits.bytes,
        method: 8,
        crc: 0,
        size,
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    hand: u32,
    count: u32,
}

impl Bits {
    /// Numbers begin with their lowest bit.
    fn put(&mut self, bits: u32, count: u32) {
        self.hand |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.hand as u8);
            self.hand >>= 8;
            self.count -= 8;
        }
    }

    /// Codes begin with their highest.
    fn code(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }
}

/// A ZIP archive of parts.
fn archive(parts: &[Part]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for part in parts {
        let at = out.len() as u32;
        let mut common = Vec::new();
        for two in [20, 0, part.method, 0, 0x21] {
            common.extend_from_slice(&two.to_le_bytes());
        }
        for four in [part.crc, part.packed.len() as u32, part.size as u32] {
            common.extend_from_slice(&four.to_le_bytes());
        }
        common.extend_from_slice(&(part.name.len() as u16).to_le_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(part.name.as_bytes());
        out.extend_from_slice(&part.packed);
        list.extend_from_slice(b"PK\x01\x02\x14\x00");
        list.extend_from_slice(&common);
        list.extend_from_slice(&[0; 12]);
        list.extend_from_slice(&at.to_le_bytes());
        list.extend_from_slice(part.name.as_bytes());
    }
    let (at, size) = (out.len() as u32, list.len() as u32);
    out.extend_from_slice(&list);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for two in [parts.len() as u16; 2] {
        out.extend_from_slice(&two.to_le_bytes());
    }
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// What every workbook has, but for sheet, strings and styles.
fn frame(properties: &str) -> Vec<Part> {
    vec![
        part(
            "_rels/.rels",
            &format!(
                r#"<Relationships><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="/xl/workbook.xml"/></Relationships>"#
            ),
        ),
        part(
            "xl/workbook.xml",
            &format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets><sheet name="A" sheetId="1" r:id="r1"/><sheet name="B" sheetId="2" r:id="r9"/></sheets></workbook>"#
            ),
        ),
        part(
            "xl/_rels/workbook.xml.rels",
            &format!(
                r#"<Relationships><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/../worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="{OFFICE}/styles" Target="/xl/styles.xml"/></Relationships>"#
            ),
        ),
    ]
}

fn sheet(rows: &str) -> Part {
    let text = format!(
        r#"<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#
    );
    part("xl/worksheets/sheet1.xml", &text)
}

fn first(bytes: &[u8]) -> Result<Cells, TableError> {
    super::read(bytes, &Choices::default()).map(|table| table.cells)
}

fn rows(cells: &Cells) -> Vec<Vec<&str>> {
    cells.iter().map(|row| row.iter().collect()).collect()
}

#[test]
fn what_other_programs_write_is_read() {
    let mut parts = frame("");
    parts.push(part(
        "xl/SharedStrings.xml",
        r#"<sst uniqueCount="99999999999999"><si><t>plain &amp; &#x4e2d;</t></si><si><r><rPr><b/></rPr><t>rich</t></r><r><t xml:space="preserve"> text</t></r><rPh sb="0" eb="1"><t>not said</t></rPh></si><si/><si><t><![CDATA[<raw>]]></t></si></sst>"#,
    ));
    parts.push(part(
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[Red]0.00&quot; days&quot;"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"#,
    ));
    parts.push(sheet(
        r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="s"><v>2</v></c><c r="E1" t="s"><v>3</v></c></row>
        <x:row r="3"><x:c t="inlineStr"><x:is><x:t>in place_x000D_
now</x:t></x:is></x:c><c><v>12</v></c><c s="2"><v>0.5</v></c><c s="3"><v>44612.715277777781</v></c><c s="1"><v>59.5</v></c></x:row>
        <row><c t="str"><f>A1&amp;"x"</f><v>made &lt;here&gt;</v></c><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>2022-02-20T17:10</v></c><c/><c><v>1.5E2</v></c></row>"#,
    ));
    let cells = first(&archive(&parts)).unwrap();
    assert_eq!(
        rows(&cells),
        [
            vec!["plain & 中", "rich text", "", "", "<raw>"],
            vec![],
            vec![
                "in place\r\nnow",
                "12",
                "0.5",
                "2022-02-20T17:10:00",
                "1900-02-28T12:00:00"
            ],
            vec!["made <here>", "true", "#N/A", "2022-02-20T17:10", "", "150"],
        ]
    );
    let mut parts = frame(r#"<workbookPr date1904="1"/>"#);
    parts.push(part(
        "xl/styles.xml",
        r#"<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>"#,
    ));
    parts.push(sheet(r#"<row><c s="0"><v>1</v></c></row>"#));
    let cells = first(&archive(&parts)).unwrap();
    assert_eq!(rows(&cells), [["1904-01-02T00:00:00"]]);
}

#[test]
fn what_is_no_workbook_is_told() {
    let told = |parts: &[Part]| first(&archive(parts)).unwrap_err().detail;
    let with = |rows: &str| {
        let mut parts = frame("");
        parts.push(sheet(rows));
        told(&parts)
    };
    assert!(told(&[]).contains("xl/workbook.xml"), "{}", told(&[]));
    assert!(told(&frame("")).contains("worksheets/sheet1.xml"));
    let text = told(&frame("<!DOCTYPE a>"));
    assert!(text.starts_with("part xl/workbook.xml: "), "{text}");
    assert!(text.contains("document type"), "{text}");
    let mut parts = frame("");
    parts.push(part(
        "xl/sharedStrings.xml",
        "<sst><si><t>&nbsp;</t></si></sst>",
    ));
    let text = told(&parts);
    assert!(text.starts_with("part xl/sharedStrings.xml: "), "{text}");
    assert!(text.contains("no entity \"nbsp\""), "{text}");
    let text = with(r#"<row><c r="B7" t="s"><v>3</v></c></row>"#);
    assert!(text.contains("no text 3 (row 7, column 2)"), "{text}");
    assert!(with(r#"<row><c r="B"/></row>"#).contains("no cell \"B\" (row 1)"));
    assert!(with(r#"<row><c r="A1048577777777"/></row>"#).contains("no cell"));
    assert!(
        with("<row><c><v>ten</v></c></row>").contains("\"ten\" is not a number (row 1, column 1)")
    );
    let text = with(r#"<row r="2"><c><v>1</v></c></row><row r="1"><c><v>1</v></c></row>"#);
    assert!(text.contains("out of order at row 1, column 1"), "{text}");
    assert!(with("<row><c><v>1</v></row>").contains("part xl/worksheets/sheet1.xml"));
    let old = first(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1]).unwrap_err();
    assert!(old.detail.contains("password"), "{}", old.detail);
}

#[test]
fn what_a_table_may_have_ends_where_it_is_said() {
    let read = |rows: &str| {
        let mut parts = frame("");
        parts.push(sheet(rows));
        first(&archive(&parts))
    };
    let long = |count| {
        let text = "中".repeat(count);
        read(&format!(
            r#"<row r="3"><c r="B3" t="inlineStr"><is><t>{text}</t></is></c></row>"#
        ))
    };
    assert!(long(32_767).is_ok());
    let problem = long(32_768).unwrap_err();
    assert_eq!(problem.fault, crate::Fault::WrongCells);
    let wrong = &problem.cells[0];
    assert_eq!((wrong.row, wrong.column.as_str()), (3, "column 2"));
    // The headings and as many rows as are taken at once.
    let last = |row| read(&format!(r#"<row><c r="A{row}"><v>1</v></c></row>"#));
    assert_eq!(last(ROWS_MAX + 1).unwrap().len(), ROWS_MAX + 1);
    let problem = last(ROWS_MAX + 2).unwrap_err();
    assert_eq!(problem.fault, crate::Fault::TooLarge);
    let mut parts = frame("");
    parts.push(sheet(""));
    parts.extend((parts.len()..=PARTS_MAX).map(|n| part(&n.to_string(), "")));
    let problem = first(&archive(&parts)).unwrap_err();
    assert!(problem.detail.contains("10000 parts"), "{}", problem.detail);
    parts.pop();
    assert!(first(&archive(&parts)).is_ok());
}

/// Small files, none of which comes near what may be unpacked: the limit under test is the one that refuses.
#[test]
fn each_limit_holds_by_itself() {
    let told = |name: &str, text: String, limits: Limits| {
        let mut parts = frame("");
        parts.push(sheet("<row><c><v>1</v></c></row>"));
        parts.retain(|known| known.name != name);
        parts.push(part(name, &text));
        let bytes = archive(&parts);
        let read = Book::new(&bytes, limits).and_then(|book| book.table(&Choices::default()));
        read.map_or_else(|problem| problem.detail, |_| "read".to_owned())
    };
    let strings = |text: String, limits| told("xl/sharedStrings.xml", text, limits);

    // `sst` is open, and `si` in it; what is put in there opens the rest.
    let deep = |more: u32| {
        let (open, close) = ("<a>".repeat(more as usize), "</a>".repeat(more as usize));
        strings(format!("<sst><si>{open}{close}</si></sst>"), LIMITS)
    };
    assert_eq!(deep(DEPTH_MAX - 2), "read");
    let text = deep(DEPTH_MAX - 1);
    assert!(text.contains("more than 64 elements are open"), "{text}");

    let styles = |count: usize| {
        let each = "<xf numFmtId=\"14\"/>".repeat(count);
        let text = format!("<styleSheet><cellXfs>{each}</cellXfs></styleSheet>");
        told("xl/styles.xml", text, LIMITS)
    };
    assert_eq!(styles(STYLES_MAX), "read");
    let text = styles(STYLES_MAX + 1);
    assert!(text.contains("too many styles"), "{text}");

    // In pieces, none of which is long: only their sum is.
    let piece = "a".repeat(1 << 16);
    let pieces = |count: usize| {
        let each = format!("<r><t>{piece}</t></r>").repeat(count);
        strings(format!("<sst><si>{each}</si></sst>"), LIMITS)
    };
    assert_eq!(pieces(15), "read");
    let text = pieces(17);
    assert!(text.contains("longer than a spreadsheet allows"), "{text}");

    let few = Limits {
        strings: 3,
        text: 10,
        ..LIMITS
    };
    let of = |strings: &[&str]| {
        let each = strings.iter().map(|s| format!("<si><t>{s}</t></si>"));
        format!("<sst>{}</sst>", each.collect::<String>())
    };
    assert_eq!(strings(of(&["abc", "abc", "abcd"]), few), "read");
    let text = strings(of(&["a", "b", "c", "d"]), few);
    assert!(text.starts_with("part xl/sharedStrings.xml: "), "{text}");
    let text = strings(of(&["abc", "abc", "abcde"]), few);
    assert!(text.starts_with("part xl/sharedStrings.xml: "), "{text}");

    let narrow = |unpacked, event| Limits {
        unpacked,
        event,
        ..LIMITS
    };
    let comment = format!("<sst><!--{}--></sst>", " ".repeat(20_000));
    assert_eq!(strings(comment.clone(), narrow(100_000, 64_000)), "read");
    assert_ne!(strings(comment.clone(), narrow(100_000, 16_000)), "read");
    assert_ne!(strings(comment, narrow(16_000, 64_000)), "read");
}

/// Each kind of bomb, with its name, ready to be unpacked.
fn bombs(size: u64) -> Vec<(&'static str, Vec<u8>)> {
    let strings = |unit| bomb("xl/sharedStrings.xml", "<sst>", unit, size);
    let inside = |head: &str, unit| {
        let head = format!("<worksheet><sheetData><row>{head}");
        bomb("xl/worksheets/sheet1.xml", &head, unit, size)
    };
    let small = || sheet("<row><c><v>1</v></c></row>");
    let styles = |head, unit| bomb("xl/styles.xml", head, unit, size);
    let relationships = bomb(
        "xl/_rels/workbook.xml.rels",
        "<Relationships>",
        "<Relationship Id=\"a\" />",
        size,
    );
    let made: Vec<(&'static str, Vec<Part>)> = vec![
        (
            "one shared string",
            vec![
                bomb(
                    "xl/sharedStrings.xml",
                    "<sst><si><t>",
                    "aaaaaaaaaaaaaaaaaa",
                    size,
                ),
                small(),
            ],
        ),
        (
            "many short strings",
            vec![strings("<si><t>a</t></si> "), small()],
        ),
        (
            "empty strings",
            vec![strings("<si/><si/><si/><si/>"), small()],
        ),
        (
            "one string in pieces",
            vec![
                bomb(
                    "xl/sharedStrings.xml",
                    "<sst><si>",
                    "<r><t>abcdef</t></r>",
                    size,
                ),
                small(),
            ],
        ),
        (
            "elements in elements",
            vec![strings("<a><a><a><a><a><a><a>"), small()],
        ),
        (
            "one comment",
            vec![
                bomb("xl/sharedStrings.xml", "<!--", "<a> </a> <a> </a> ", size),
                small(),
            ],
        ),
        (
            "one tag",
            vec![
                bomb(
                    "xl/sharedStrings.xml",
                    "<sst x='",
                    "aaaaaaaaaaaaaaaaaa",
                    size,
                ),
                small(),
            ],
        ),
        (
            "styles",
            vec![styles("<a><cellXfs>", "<xf numFmtId=\"14\" />"), small()],
        ),
        (
            "formats",
            vec![styles("<a><numFmts>", "<numFmt numFmtId='1'/>"), small()],
        ),
        ("relationships", vec![relationships]),
        ("a cell", vec![inside("<c><v>", "111111111111111111")]),
        (
            "a cell in pieces",
            vec![inside("<c><v>", "1<!-- 1 1 1 1 -->1")],
        ),
        ("cells", vec![inside("", "<c><v>1111111</v></c>")]),
        ("rows", vec![inside("</row>", "<row><c></c></row>")]),
        (
            "nothing",
            vec![bomb(
                "xl/worksheets/sheet1.xml",
                "<worksheet>",
                "<!-- --> <!-- --> ",
                size,
            )],
        ),
    ];
    made.into_iter()
        .map(|(name, parts)| {
            let mut all = frame("");
            let replaced = |known: &Part| parts.iter().all(|part| part.name != known.name);
            all.retain(replaced);
            all.extend(parts);
            (name, archive(&all))
        })
        .collect()
}

/// Bytes that this process ever had in memory at once.
fn peak() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM:"));
    let kb = line.unwrap().split_whitespace().nth(1).unwrap();
    kb.parse::<usize>().unwrap() << 10
}

/// Not a test of its own: the process whose memory is looked at.
#[test]
#[ignore = "run by the test below as a child process"]
fn bombs_in_a_process_of_their_own() {
    let limits = Limits {
        unpacked: 4 << 20,
        strings: 50_000,
        text: 2 << 20,
        ..LIMITS
    };
    for (name, bytes) in bombs(32 << 20) {
        let before = peak();
        let book = Book::new(&bytes, limits).unwrap();
        // What the sheet itself may hold has limits that no small bomb reaches.
        match book.table(&Choices::default()) {
            Err(problem) => {
                let (fault, detail) = (problem.fault, problem.detail);
                assert_eq!(fault, crate::Fault::TooLarge, "{name}: {detail}");
                assert!(detail.starts_with("part xl/"), "{name}: {detail}");
            }
            Ok(_) => panic!("{name} was read"),
        }
        let took = (peak() - before) >> 20;
        assert!(took <= 12, "{name} took {took} MB");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_workbook_takes_the_memory() {
    let sizes: Vec<usize> = bombs(32 << 20)
        .iter()
        .map(|(_, bytes)| bytes.len())
        .collect();
    assert!(sizes.iter().all(|size| *size < 300 << 10), "{sizes:?}");
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 1000000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1"])
        .arg("table::workbook::tests::bombs_in_a_process_of_their_own")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// The cell as the reader before this one gave it.
fn by_calamine(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let (down, right) = range.end().unwrap_or((0, 0));
    let cell = |row, column| match range.get_value((row, column)) {
        None | Some(Data::Empty) => String::new(),
        Some(Data::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{}", *number as i64)
        }
        Some(Data::DateTime(at)) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        }
        Some(other) => other.to_string().trim().to_owned(),
    };
    (0..=down)
        .map(|row| (0..=right).map(|column| cell(row, column)).collect())
        .collect()
}

#[derive(Clone, Debug)]
enum Value {
    Nothing,
    Text(String),
    Number(f64),
    Whole(i64),
    Truth(bool),
    Time(i64),
    Formula(f64),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nothing),
        "[ -~中é]{0,20}".prop_map(Value::Text),
        (-1e9..1e9_f64).prop_map(Value::Number),
        (-1_000_000_000..1_000_000_000_i64).prop_map(Value::Whole),
        any::<bool>().prop_map(Value::Truth),
        // Minutes from 1900-03-01, where every calendar agrees, to 2079.
        (61 * 1440..65_000 * 1440_i64).prop_map(Value::Time),
        (0..1000_i32).prop_map(|n| Value::Formula(f64::from(n) / 8.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn another_reader_sees_the_same(table in proptest::collection::vec(proptest::collection::vec(value(), 0..8), 0..12)) {
        let mut book = rust_xlsxwriter::Workbook::new();
        let dated = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let sheet = book.add_worksheet();
        for (row, cells) in (0..).zip(&table) {
            for (column, cell) in (0..).zip(cells) {
                match cell {
                    Value::Nothing => continue,
                    Value::Text(text) => sheet.write_string(row, column, text),
                    Value::Number(number) => sheet.write_number(row, column, *number),
                    Value::Whole(number) => sheet.write_number(row, column, *number as f64),
                    Value::Truth(truth) => sheet.write_boolean(row, column, *truth),
                    Value::Time(minutes) => sheet.write_number_with_format(row, column, *minutes as f64 / 1440.0, &dated),
                    Value::Formula(number) => {
                        let formula = rust_xlsxwriter::Formula::new("=A1").set_result(number.to_string());
                        sheet.write_formula(row, column, formula)
                    }
                }
                .unwrap();
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        let ours = first(&bytes).unwrap();
        let theirs = by_calamine(&bytes);
        let get = |row: usize, column: usize| ours.row(row).and_then(|row| row.get(column)).unwrap_or("");
        for (row, cells) in theirs.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                prop_assert_eq!(get(row, column), cell, "row {} column {}", row, column);
            }
        }
    }
}
