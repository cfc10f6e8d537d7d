//! Commands.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use lazaret_ledger::chain::Record;
use lazaret_ledger::clock::timeless;
use lazaret_ledger::{Command, CommandId, Correction, Decision, Refusal, Warning, decide};
use lazaret_store::SubmitError;
use lazaret_vocabulary::event::Happening;
use lazaret_vocabulary::event::entry::{Entry, PersonName};
use lazaret_vocabulary::strict::{self, Misread};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::commands::{BatchOutcome, BatchRequest, CommandRequest, Receipt, Trial};
use crate::api::common::{Answer, NotDone, Problem, RefusalView};
use crate::app::App;
use crate::guard::Who;
use crate::limits;
use crate::read::protocols::version;
use crate::words::in_words;

/// Says that something happened. The answer comes when it is on disk.
#[utoipa::path(post, path = "/api/commands", tag = "commands", request_body = CommandRequest, responses((status = 200, description = "Done.", body = Receipt), NotDone))]
pub(crate) async fn command(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<Receipt> {
    let body = request(body, &who.person)?;
    check_version(&app, &headers, &body.what).await?;
    let bytes = limits::size(&body)?;
    let command = command_of(&app, &who.person, body)?;
    app.0.limits.says(who.person.as_str(), 1, bytes)?;
    let receipt = app.0.live.submit(command).await?;
    Ok(Json(receipt_view(&app, receipt).await?))
}

/// What a command would do, without doing it.
#[utoipa::path(post, path = "/api/commands/check", tag = "commands", request_body = CommandRequest, responses((status = 200, description = "Done.", body = Trial), NotDone))]
pub(crate) async fn check_command(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<Value>,
) -> Answer<Trial> {
    let body = request(body, &who.person)?;
    limits::size(&body)?;
    let command = command_of(&app, &who.person, body)?;
    let doubt = app.0.live.clock_doubt();
    if let Some(doubt) = doubt.filter(|_| !timeless(&command.what)) {
        return Err(SubmitError::clock(doubt).into());
    }
    let seen = app.0.live.read(|state, now| decide(state, &command, now));
    Ok(Json(trial_of(seen.await?.value)))
}

/// What was decided, as an answer.
fn trial_of(decided: Result<Decision, Refusal>) -> Trial {
    let (events, refusal) = match decided {
        Ok(Decision::Record(events)) => (events, None),
        Ok(Decision::Already { .. }) => (Vec::new(), None),
        Err(refusal) => (Vec::new(), Some(RefusalView::from(&refusal))),
    };
    Trial {
        accepted: refusal.is_none(),
        words: in_words(&events),
        events,
        refusal,
    }
}

/// Several commands, one after the other.
#[utoipa::path(post, path = "/api/commands/batch", tag = "commands", request_body = BatchRequest, responses((status = 200, description = "Done.", body = Vec<BatchOutcome>), NotDone))]
pub(crate) async fn command_batch(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<Batch>,
) -> Answer<Vec<BatchOutcome>> {
    if body.commands.len() > 1000 {
        return Err(Problem::bad_request("at most 1000 commands at a time"));
    }
    let mut outcomes = Vec::with_capacity(body.commands.len());
    let (mut places, mut commands) = (Vec::new(), Vec::new());
    for (place, sent) in body.commands.into_iter().enumerate() {
        let (outcome, command) = taken(&app, &who.person, sent);
        places.extend(command.is_some().then_some(place));
        commands.extend(command.map(|command| (command, None)));
        outcomes.push(outcome);
    }
    let results = app.0.live.submit_all(commands).await;
    for (place, result) in places.into_iter().zip(results) {
        match result {
            Ok(receipt) => outcomes[place].receipt = Some(receipt_view(&app, receipt).await?),
            Err(error) => outcomes[place].problem = Some(error.into()),
        }
    }
    Ok(Json(outcomes))
}

/// One command of several, read and counted against what its sender may record; none if it has a problem.
fn taken(app: &App, person: &PersonName, sent: Value) -> (BatchOutcome, Option<Command>) {
    let id = sent.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = id.to_owned();
    let read = request(sent, person).and_then(|request| {
        let bytes = limits::size(&request)?;
        let command = command_of(app, person, request)?;
        app.0.limits.says(person.as_str(), 1, bytes)?;
        Ok(command)
    });
    let (command, problem) = match read {
        Ok(command) => (Some(command), None),
        Err(problem) => (None, Some(problem)),
    };
    let outcome = BatchOutcome {
        id,
        receipt: None,
        problem,
    };
    (outcome, command)
}

/// [`BatchRequest`] before its commands are read, so that a wrong one does not hide those after it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    commands: Vec<Value>,
}

/// A request with every field known and right; otherwise the problem names the first that is not.
fn request(mut sent: Value, person: &PersonName) -> Result<CommandRequest, Problem> {
    let misread = |misread: Misread| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "misread",
            "the command cannot be read",
            misread.to_string(),
        )
    };
    let mut example = strict::example_for(&sent).map_err(misread)?.clone();
    if let (Value::Object(example), Value::Object(around)) = (&mut example, around()) {
        example.extend(around);
    }
    // A signature is the signer's own; a form need not name them.
    if sent["event"] == "signed" && sent.get("signer").is_none_or(Value::is_null) {
        sent["signer"] = person.as_str().into();
    }
    strict::read(&sent, &example).map_err(misread)
}

/// What may stand around the event of a command, with values that are right.
fn around() -> Value {
    json!({
        "id": "tablet-7-00042",
        "issued_at": "2026-01-05T08:10:00Z",
        "at": "2026-01-05T08:10:00Z",
        "device": "tablet-7",
        "site": "north",
        "crew": ["cleo"],
        "acknowledged": ["near"],
        "corrects": { "record": 1, "because": "a wrong scan" },
    })
}

/// Two people must not adopt rules or protocols over each other: such a command names the version it was made from.
async fn check_version(app: &App, headers: &HeaderMap, what: &Happening) -> Result<(), Problem> {
    let adopts = matches!(
        what,
        Happening::Entry(Entry::ProtocolAdopted { .. } | Entry::RulesAdopted { .. })
    );
    if !adopts {
        return Ok(());
    }
    let (known, _) = app.look(None, |state, _| version(state)).await?;
    is_current(headers, known)
}

/// That a change was made from the rules and protocols as they are.
pub(crate) fn is_current(headers: &HeaderMap, version: u64) -> Result<(), Problem> {
    match if_match(headers)? {
        Some(sent) if sent == version => Ok(()),
        Some(sent) => Err(Problem::changed(format!(
            "rules and protocols are at version {version}, but your change is based on {sent}; read them again"
        ))),
        None => Err(Problem::needs_match()),
    }
}

/// The version in `If-Match`, if there is one.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(axum::http::header::IF_MATCH) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .map(|text| text.trim().trim_start_matches("W/").trim_matches('"'))
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| Problem::bad_request("If-Match is the ETag as it was read, such as \"7\""))
}

/// A request as a command of `person`.
pub(crate) fn command_of(
    app: &App,
    person: &PersonName,
    mut request: CommandRequest,
) -> Result<Command, Problem> {
    let now = app.0.live.now();
    let id = CommandId::new(request.id.as_str())
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    if id.as_str().starts_with('~') {
        return Err(Problem::bad_request(
            "keys that begin with ~ are reserved for the server",
        ));
    }
    let acknowledged = request
        .acknowledged
        .iter()
        .map(|name| {
            serde_json::from_value::<Warning>(serde_json::Value::String(name.clone()))
                .map_err(|_| Problem::bad_request(format!("there is no warning `{name}`")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    // A signature is the signer's own, whatever the form says.
    if let Happening::Entry(Entry::Signed {
        signer, pin, also, ..
    }) = &mut request.what
    {
        *signer = person.clone();
        *pin = None;
        also.clear();
    }
    // Before the clock fills in what the sender left out: a repetition comes at another time.
    request.acknowledged = Vec::new();
    let body = lazaret_ledger::canonical::to_vec(&request)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let body = Some(lazaret_ledger::Digest::of(&body));
    let at = request.at.map_or(now, |at| at.0);
    Ok(Command {
        id,
        by: person.clone(),
        device: request.device,
        site: request.site,
        issued_at: request.issued_at.map_or(now, |at| at.0),
        at,
        crew: request.crew,
        acknowledged,
        corrects: request.corrects.map(|correction| Correction {
            record: correction.record,
            because: correction.because,
        }),
        body,
        what: request.what,
    })
}

/// Says something on behalf of `person`, under a key of the server's own.
pub(crate) async fn say(
    app: &App,
    person: &PersonName,
    what: impl Into<Happening>,
) -> Result<lazaret_store::Receipt, Problem> {
    let (text, _) = crate::secrets::Secret::new()?;
    let now = app.0.live.now();
    let command = Command {
        id: CommandId::new(format!("server-{}", &text[..32]))
            .map_err(|error| Problem::internal(error.to_string()))?,
        by: person.clone(),
        device: None,
        site: None,
        issued_at: now,
        at: now,
        crew: Vec::new(),
        acknowledged: Vec::new(),
        corrects: None,
        body: None,
        what: what.into(),
    };
    Ok(app.0.live.submit(command).await?)
}

async fn receipt_view(app: &App, receipt: lazaret_store::Receipt) -> Result<Receipt, Problem> {
    let already = receipt.sealed.is_none();
    let (record, digest): (Record, String) = match receipt.sealed {
        Some(sealed) => (sealed.record.clone(), sealed.digest.to_string()),
        None => {
            let stored = app
                .0
                .live
                .store()
                .record(receipt.seq)
                .await?
                .ok_or(SubmitError::Unknown)?;
            let digest = stored.digest().unwrap_or_default().to_string();
            (stored.record()?, digest)
        }
    };
    Ok(Receipt {
        seq: record.seq,
        already,
        recorded_at: record.recorded_at.into(),
        digest,
        words: in_words(&record.events),
        events: record.events,
    })
}
