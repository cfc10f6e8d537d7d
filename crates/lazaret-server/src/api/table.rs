//! What every request that brings a table may say of it.

/// What the sender of a table decided by hand, whatever the table is of.
#[derive(Clone, Debug, Default)]
pub struct TableChoices {
    pub(crate) encoding: Option<String>,
    pub(crate) sheet: Option<String>,
    pub(crate) hidden_rows: Option<bool>,
    pub(crate) columns: Option<String>,
    pub(crate) decimal: Option<String>,
    pub(crate) days: Option<String>,
    pub(crate) round: bool,
    pub(crate) fill_merged: bool,
}

/// The query of a request that brings a table: its own fields, and those of every table. A flattened struct would read
/// `round=true` as a text and could not refuse what it does not know.
macro_rules! table_query {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$about:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Only look: report what would be taken and every wrong cell, take nothing.
            #[serde(default)]
            pub check: bool,
            $($(#[$about])* pub $field: $type,)*
            /// The encoding of a text file, such as `gbk` or `euc-kr`; found if it is left out.
            pub encoding: Option<String>,
            /// The sheet of a workbook; asked if several have something in them.
            pub sheet: Option<String>,
            /// Whether rows that the sheet hides are read; asked if there are any.
            pub hidden_rows: Option<bool>,
            /// What headings mean that are not known, as `HEADING:FIELD`, or `HEADING:-` to leave the column out, parted by `|`.
            pub columns: Option<String>,
            /// The decimal mark, `point` or `comma`; asked where the table does not show it.
            pub decimal: Option<String>,
            /// What comes first in `05/12/2026`, `day` or `month`; asked where a date does not show it.
            pub days: Option<String>,
            /// Round masses to whole kilograms.
            #[serde(default)]
            pub round: bool,
            /// A cell that is merged with one above or before it says the same.
            #[serde(default)]
            pub fill_merged: bool,
            /// Warnings that were seen, by name and parted by commas, such as `look_alike`.
            pub acknowledged: Option<String>,
        }

        impl $name {
            /// What does not depend on what the table is of.
            pub(crate) fn choices(&self) -> $crate::api::table::TableChoices {
                let own = self.clone();
                $crate::api::table::TableChoices {
                    encoding: own.encoding,
                    sheet: own.sheet,
                    hidden_rows: own.hidden_rows,
                    columns: own.columns,
                    decimal: own.decimal,
                    days: own.days,
                    round: own.round,
                    fill_merged: own.fill_merged,
                }
            }
        }
    };
}
