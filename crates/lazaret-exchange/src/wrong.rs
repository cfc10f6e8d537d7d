//! What can be wrong with a cell, as data: screens say it in their own language.

use lazaret_vocabulary::event::Example;
use lazaret_vocabulary::told;
use serde::{Deserialize, Serialize};

/// What a cell should have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A name.
    Name,
    /// A number.
    Number,
    /// A time.
    Time,
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Wanted::Name => "name",
            Wanted::Number => "number",
            Wanted::Time => "time",
        })
    }
}

impl Example for Wanted {
    fn example() -> Self {
        Wanted::Time
    }
}

told! {
    /// What is wrong with a cell, and what is expected.
    pub enum Wrong {
        // Columns.
        NoHeading = ("this column has no heading; give it one, or empty it");
        UnknownColumn { heading: String, near: Option<String>, fields: Vec<String> } = ("unknown column{}. Say what it is, or that it is to be left out (columns={heading}:FIELD or columns={heading}:-); fields are {}", near.as_ref().map_or_else(String::new, |near| format!("; it may be {near}")), fields.join(", "));
        ColumnTwice { first: String } = ("{first} is already this column; there can be only one");
        ColumnMissing = ("this column is missing");
        ColumnUnsaid = ("this column is missing, and the request does not supply it either");
        HeadingNotFound = ("the request maps this heading, but the table does not have it");
        MoreCells = ("this row has more cells than there are headings; put texts that contain a separator into quotes");
        CellTooLong { most: usize } = ("a cell has at most {most} characters");

        // Names.
        NameExpected = ("a name is expected here");
        MergedCell { row: usize } = ("this cell is merged with that of row {row}; split the cells, or say that merged cells say the same (fill_merged=true)");
        NameTooLong { most: usize } = ("a name has at most {most} characters and no control characters");
        FormulaError { wanted: Wanted } = ("this is the error of a formula, not a {wanted}");
        TextOfFormulaError = ("this is the error of a formula");
        TruthForName = ("this is true or false, not a name; format the column as text");
        DateForName = ("the spreadsheet has turned this name into a date; format the column as text and type it again");
        DigitsLost = ("a spreadsheet keeps fifteen digits, so the last ones of this number are lost; format the column as text and type it again");
        ScientificName = ("this is a number in scientific notation, and its last digits are lost; format the column as text and save it again");
        NoSuchSource { known: Vec<String> } = ("there is no such source; sources are {}", known.join(", "));
        NoSuchClass { known: Vec<String> } = ("there is no such class; classes are {}", known.join(", "));
        UnknownHazard = ("unknown hazard class; write one such as 3, 2.1 or, with its compatibility group, 1.4S");
        TooManyListed { most: usize } = ("a table has at most {most} seals and classes of danger; split the file");

        // Numbers.
        TruthValue { wanted: Wanted } = ("this is true or false, not a {wanted}");
        DateForNumber = ("the spreadsheet has turned this number into a date");
        TooManyDigits = ("this number has more digits than a spreadsheet keeps");
        AmbiguousNumber = ("this number is ambiguous; say whether the decimal mark is a point or a comma (decimal=point or decimal=comma)");
        ScientificNumber = ("this is a number in scientific notation; write it out");
        NumberExpected = ("a number without a unit is expected here");
        PiecesExpected = ("a whole number of pieces is expected here, or nothing for goods in bulk");
        UnitExpected = ("the number of a unit is expected here, from 1 on");
        MassExpected = ("a mass is expected here");
        MassAboveZero = ("a mass above 0 is expected here");
        FinerThanMilligram = ("this has more decimals than milligrams");
        NotWholeKilograms = ("the ledger stores whole kilograms; allow rounding (round=true)");

        // Times.
        TimeWithoutDate = ("this is a time without a date");
        NumberForTime = ("this is a number; format the cell as a date and a time");
        DateExpected = ("a date and time is expected here, such as 2026-01-05T17:10 (local) or 2026-01-05T08:10:00Z");
        TimeNeeded = ("a date and time is needed here");
        DayOrMonth = ("day and month are ambiguous here; say which comes first (days=day or days=month), or write 2026-12-05");
        TimeSkipped { local: String } = ("the clocks go forward then, so {local} does not exist; write another time");
        TimeTwice { local: String, before: String, after: String } = ("the clocks go back then, so {local} occurs twice; add the offset, {before} or {after}");
        OutsideCalendar { local: String } = ("{local} is outside the calendar");

        // Rows together.
        LooksLikeTotal { sum: String } = ("this row looks like a total, and the rows above it sum to {sum}");
        LotTwice { row: u64 } = ("row {row} has this lot already");
        OtherInLot { row: u64, value: String } = ("row {row} says {value} for the same lot; leave this cell empty, or write the same");
        OtherInPapers { row: u64, value: String } = ("row {row} says {value} for the same papers");
    }
}
