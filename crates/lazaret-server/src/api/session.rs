//! Who is signed in, and what they may do.

use lazaret_vocabulary::doubt::Doubt;
use lazaret_vocabulary::event::entry::{PersonName, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::At;

/// A screen of the left rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// Today's digest: home of every role.
    Today,
    /// Arrivals board.
    Arrivals,
    /// Site map.
    Site,
    /// Hold list.
    Holds,
    /// Test desk.
    Tests,
    /// Release queue.
    Release,
    /// Dispatch builder.
    Dispatch,
    /// Vehicle return.
    Vehicles,
    /// Crew board.
    People,
    /// Exceptions and contact graph.
    Exceptions,
    /// Protocols and rules.
    Protocols,
    /// Audit.
    Audit,
    /// The watcher's board.
    Board,
    /// Accounts.
    Accounts,
}

/// Name and password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Who.
    pub person: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
    /// What time it is by the device: it bears out the server's clock, or contradicts it.
    #[serde(default)]
    pub clock: Option<At>,
}

/// Why nothing is recorded: the ledger's clock is in doubt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// Why, in English.
    pub why: String,
    /// Why, as data.
    pub doubt: Doubt,
    /// What the server's clock reads.
    pub wall: At,
    /// The statement of the right time that waits for a second person.
    pub statement: Option<TimeStatement>,
}

/// An administrator stated the right time: `time_confirmed` with this record settles it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeStatement {
    /// Its record.
    pub record: u64,
    /// Who stated it.
    pub by: PersonName,
    /// What time it is now by the statement.
    pub time: At,
}

/// Who is signed in, and everything a screen needs to know before it draws.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Who.
    pub person: PersonName,
    /// What they are, by the ledger.
    pub roles: Vec<Role>,
    /// Screens of the left rail, in order.
    pub screens: Vec<Screen>,
    /// Names of the events that they may say (`event` of a command). Others would be refused by rule R1.
    pub may_say: Vec<String>,
    /// When the session ends if it is not used.
    pub expires: At,
    /// The gateway's name.
    pub gateway: String,
    /// Its time zone (IANA).
    pub time_zone: String,
    /// The server's clock now. In a demonstration it can be run on.
    pub now: At,
    /// Whether this is a demonstration: nothing is kept, and the clock can be run on.
    pub demo: bool,
    /// Number of the last record when this was written.
    pub seq: u64,
    /// Set while nothing is recorded because the ledger's clock is in doubt.
    pub clock: Option<ClockView>,
}

/// Whether the gateway still needs its first administrator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SetupView {
    /// True until the administrator was made with the one-time link.
    pub needed: bool,
    /// Accounts of a demonstration, with their passwords; empty otherwise.
    pub demo_accounts: Vec<DemoAccount>,
}

/// An account of a demonstration.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemoAccount {
    /// Who.
    pub person: PersonName,
    /// Their password.
    pub password: String,
    /// What they are.
    pub roles: Vec<Role>,
}

/// Makes the first administrator.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// From the one-time link that the server printed.
    pub token: String,
    /// The administrator's name.
    pub person: String,
    /// Their password, 12 characters or more.
    #[schema(format = Password, min_length = 12)]
    pub password: String,
}

/// Uses a one-time link of an account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// From the link.
    pub token: String,
    /// The new password, 12 characters or more.
    #[schema(format = Password, min_length = 12)]
    pub password: String,
}

/// Changes one's password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present one.
    #[schema(format = Password)]
    pub present: String,
    /// The new one, 12 characters or more.
    #[schema(format = Password, min_length = 12)]
    pub new: String,
}

/// What a person set up for themselves: columns by list, theme, language. The server only keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Free JSON of at most 64 KiB.
    #[schema(value_type = Object)]
    pub values: serde_json::Map<String, serde_json::Value>,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// Who.
    pub person: PersonName,
    /// What they are, by the ledger.
    pub roles: Vec<Role>,
    /// Whether they cannot sign in.
    pub disabled: bool,
    /// Whether they have chosen a password.
    pub joined: bool,
    /// When it was made.
    pub created: At,
    /// When they last did anything.
    pub last_seen: Option<At>,
    /// Sessions that are open.
    pub sessions: u32,
    /// The version: its `ETag`, to be sent as `If-Match` with a change.
    pub version: u64,
}

/// Makes an account. The person's roles are recorded in the ledger.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Who.
    pub person: String,
    /// What they are.
    pub roles: Vec<Role>,
}

/// Changes an account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// What they are from now on.
    pub roles: Option<Vec<Role>>,
    /// Whether they cannot sign in; open sessions end at once.
    pub disabled: Option<bool>,
}

/// A one-time link, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OneTimeLink {
    /// Path of the page with its token, such as `/#/join/…`.
    pub path: String,
    /// Until when it works.
    pub until: At,
}

/// An API token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// Its number.
    pub id: u64,
    /// Whose it is; it may do what they may.
    pub person: PersonName,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: At,
    /// When it stops working.
    pub until: At,
    /// When it was last used.
    pub last_used: Option<At>,
    /// Whether it only reads.
    pub read_only: bool,
}

/// Makes an API token for oneself.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// Days it works: 1 to 366.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u16,
    /// Whether it only reads.
    #[serde(default)]
    pub read_only: bool,
}

/// A new API token, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// Send it as `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
}
