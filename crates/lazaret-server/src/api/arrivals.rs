//! Arrivals board: announced, here, mismatches; and papers coming in.

use lazaret_exchange::Note;
use lazaret_ledger::{Fact, Warning};
use lazaret_vocabulary::event::entry::{ManifestId, ManifestLine};
use lazaret_vocabulary::event::{ConvoyId, SourceName, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{At, CellError};
use super::lots::LotRow;
use super::vehicles::VehicleRow;

/// Where a convoy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalStage {
    /// On papers.
    Announced,
    /// Arrived, with vehicles still here.
    Here,
    /// All its vehicles have left.
    Gone,
    /// The sender took its papers back.
    Withheld,
    /// The gateway refused its papers.
    Refused,
}

/// Which convoys.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ArrivalQuery {
    /// Only those at this stage; announced and here if not given.
    pub stage: Option<ArrivalStage>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// In what papers and world disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// A vehicle came that no papers announced.
    NoPapers,
    /// A vehicle of the papers did not come.
    Missing,
    /// The mark fails its check digit.
    UnverifiedMark,
    /// Another mark was read than announced.
    MarkDiffers,
    /// Seals differ.
    SealsDiffer,
    /// Pieces or mass differ.
    TallyDiffers,
    /// It is due and has not arrived.
    Late,
}

/// One disagreement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mismatch {
    /// In what.
    pub kind: MismatchKind,
    /// The vehicle, lot or convoy.
    pub about: String,
    /// By the papers.
    pub papers: String,
    /// As found.
    pub found: String,
    /// Whether it is settled.
    pub settled: bool,
}

/// One convoy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArrivalRow {
    /// Which.
    pub convoy: ConvoyId,
    /// Where it comes from.
    pub source: Option<SourceName>,
    /// Its papers.
    pub manifest: Option<ManifestId>,
    /// Where it is.
    pub stage: ArrivalStage,
    /// When it is due by the papers.
    pub due: Option<At>,
    /// When its arrival was recorded.
    pub arrived: Option<At>,
    /// Vehicles.
    pub vehicles: u32,
    /// Of them still here.
    pub vehicles_here: u32,
    /// Lots by the papers or as unloaded, whichever are more.
    pub lots: u32,
    /// Lots unloaded.
    pub unloaded: u32,
    /// Gross mass by the papers, kg.
    pub mass_kg: u64,
    /// Whether it is an exercise.
    pub trial: bool,
    /// How often the papers were amended.
    pub amended: u16,
    /// What disagrees.
    pub mismatches: Vec<Mismatch>,
}

/// Everything about a convoy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArrivalCard {
    /// Its row.
    #[serde(flatten)]
    pub row: ArrivalRow,
    /// Lines of its papers.
    pub lines: Vec<ManifestLine>,
    /// Its vehicles, as announced or here.
    pub vehicle_rows: Vec<VehicleRow>,
    /// Its lots.
    pub lot_rows: Vec<LotRow>,
}

table_query! {
    /// How a manifest is taken in.
    pub struct ImportQuery {
        /// The number of the papers, if the file has no column `manifest`.
        pub manifest: Option<String>,
        /// The convoy, if the file has no column `convoy`.
        pub convoy: Option<String>,
        /// The source, if the file has no column `source`.
        pub source: Option<String>,
        /// When it is due, if the file has no column `due`.
        pub due: Option<At>,
    }
}

/// What a file of manifests holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// Rows read, without the header.
    pub rows: u64,
    /// Papers found in it.
    pub manifests: Vec<ImportedManifest>,
    /// Every wrong cell. If there is any, nothing was taken.
    pub errors: Vec<CellError>,
    /// Whether it was taken: announced in the ledger.
    pub taken: bool,
    /// What each column was taken for.
    pub columns: Vec<ImportedColumn>,
    /// What was decided while the file was read: its encoding, its sheet, rows that were left out. English.
    pub notes: Vec<String>,
    /// The same as data, in the same order.
    pub notes_data: Vec<Note>,
    /// Warnings that must be acknowledged by name before it is taken, each with what it says.
    pub warnings: Vec<ImportWarning>,
}

/// A warning about a table, such as a name that can be taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportWarning {
    /// Its name.
    pub warning: String,
    /// What it says, in English.
    pub fact: String,
    /// The same as data.
    pub fact_data: Fact,
}

impl From<(Warning, Fact)> for ImportWarning {
    fn from((warning, fact): (Warning, Fact)) -> Self {
        ImportWarning {
            warning: warning.name().to_owned(),
            fact: fact.to_string(),
            fact_data: fact,
        }
    }
}

/// A column of a file and what it was taken for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportedColumn {
    /// Its heading in the file.
    pub heading: String,
    /// The field; absent for a column that is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether the request said so.
    pub said: bool,
    /// Its first cells that are not empty.
    pub samples: Vec<String>,
}

/// Papers found in a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportedManifest {
    /// Their number.
    pub manifest: ManifestId,
    /// Their convoy.
    pub convoy: ConvoyId,
    /// Vehicles.
    pub vehicles: u32,
    /// Lots.
    pub lots: u32,
    /// Marks that fail their check digit.
    pub unverified: Vec<VehicleId>,
    /// The record, if taken.
    pub seq: Option<u64>,
}
