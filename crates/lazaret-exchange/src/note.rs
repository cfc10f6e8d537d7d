//! What was decided while a table was read, as data: screens say it in their own language.

use lazaret_vocabulary::told;

/// Rows by number.
pub(crate) fn rows(rows: &[usize], more: bool) -> String {
    let named: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let more = if more { " and more" } else { "" };
    format!("rows {}{more}", named.join(", "))
}

told! {
    /// Something that was decided, or left out. Rows are counted as a spreadsheet counts them.
    pub enum Note {
        EncodingGuessed { encoding: String } = ("the file does not state its encoding and was read as {encoding}; if letters look wrong, choose another");
        EncodingRead { encoding: String } = ("the file was read as {encoding}");
        QuotedLines { row: u64 } = ("row {row}: a quoted cell spans several lines and contains separators; check whether a quote is missing");
        HiddenSheets { sheets: Vec<String> } = ("hidden sheets were skipped: {}", sheets.join(", "));
        SheetRead { sheet: String } = ("the sheet {sheet} was read");
        HiddenRowsRead { named: Vec<usize>, more: bool } = ("{} are hidden and were read", rows(named, *more));
        HiddenRowsSkipped { named: Vec<usize>, more: bool } = ("{} are hidden and were skipped", rows(named, *more));
        HeadingsBelow { row: usize, above: String } = ("the headings are in row {row}; the rows above them were skipped: {above}");
        TotalSkipped { row: u64 } = ("row {row} is a total; it agrees with the rows above it and was skipped");
        MassesConverted { unit: String } = ("masses are in {unit} and were converted to kilograms");
        MassesRounded { masses: u64 } = ("{masses} masses were rounded to whole kilograms");
        InBulk { lots: u64 } = ("{lots} lots have no pieces and were read as goods in bulk");
    }
}
