//! Accounts: who can sign in. What they are is recorded in the ledger.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use lazaret_ledger::spelling::{Kind, key};
use lazaret_store::Account;
use lazaret_vocabulary::event::entry::{Entry, PersonName};

use super::commands::{if_match, say};
use super::session::{person_name, token_view};
use crate::api::common::{Answer, Problem};
use crate::api::session::{AccountView, ChangeAccount, NewAccount, OneTimeLink, TokenView};
use crate::app::App;
use crate::guard::Who;
use crate::secrets::Secret;

/// How long a one-time link of an account works.
const LINK: SignedDuration = SignedDuration::from_hours(72);

/// All accounts.
#[utoipa::path(get, path = "/api/accounts", tag = "session", responses((status = 200, description = "Done.", body = Vec<AccountView>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn accounts(State(app): State<App>) -> Answer<Vec<AccountView>> {
    let accounts = app.0.office.accounts().await?;
    let mut views = Vec::with_capacity(accounts.len());
    let sessions = app.0.office.sessions(Timestamp::now()).await?;
    for account in accounts {
        views.push(view(&app, account, &sessions).await?);
    }
    Ok(Json(views))
}

/// Makes an account; the answer is a one-time link with which the person chooses a password.
#[utoipa::path(post, path = "/api/accounts", tag = "session", request_body = NewAccount, responses((status = 201, description = "Done.", body = OneTimeLink), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn make_account(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<NewAccount>,
) -> Result<(StatusCode, Json<OneTimeLink>), Problem> {
    let typed = person_name(&body.person)?;
    let (person, _) = app.look(None, |state, _| state.spelling_of(&typed)).await?;
    // One person, one account: another spelling of the name is no other person.
    let shared = key(Kind::Plain, person.as_str());
    let accounts = app.0.office.accounts().await?;
    if accounts
        .iter()
        .any(|account| key(Kind::Plain, &account.person) == shared)
    {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "taken",
            "there is an account of that name",
            format!("{person} has an account; choose another name, or change theirs"),
        ));
    }
    say(
        &app,
        &who.person,
        Entry::PersonAppointed {
            person: person.clone(),
            roles: body.roles,
        },
    )
    .await?;
    app.0
        .office
        .make_account(person.as_str(), Timestamp::now())
        .await?;
    Ok((StatusCode::CREATED, Json(link(&app, &person).await?)))
}

/// One account, with its `ETag`.
#[utoipa::path(get, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = AccountView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn account(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Result<Response, Problem> {
    one(&app, &person).await
}

/// Changes roles or disables; needs `If-Match`.
#[utoipa::path(put, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), request_body = ChangeAccount, responses((status = 200, description = "Done.", body = AccountView), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change_account(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(person): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ChangeAccount>,
) -> Result<Response, Problem> {
    let account = known(&app, &person).await?;
    let version = if_match(&headers)?.ok_or_else(Problem::needs_match)?;
    let disabled = body.disabled.unwrap_or(account.disabled);
    if disabled && person == who.person.as_str() {
        return Err(Problem::bad_request(
            "you cannot disable yourself; another administrator can",
        ));
    }
    // The version is taken first: of two who change at once only one goes on.
    if !app
        .0
        .office
        .change_account(&person, version, disabled)
        .await?
    {
        return Err(Problem::changed(format!(
            "the account of {person} is not at version {version} any more; read it again"
        )));
    }
    if disabled {
        app.0.office.end_all(&person, None).await?;
    }
    if let Some(roles) = body.roles {
        say(
            &app,
            &who.person,
            Entry::PersonAppointed {
                person: PersonName::new(person.as_str()),
                roles,
            },
        )
        .await?;
    }
    one(&app, &person).await
}

/// A new one-time link for a password; the old password stops working when it is used.
#[utoipa::path(post, path = "/api/accounts/{person}/link", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 201, description = "Done.", body = OneTimeLink), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn account_link(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Result<(StatusCode, Json<OneTimeLink>), Problem> {
    known(&app, &person).await?;
    app.0.office.drop_links(&person).await?;
    let link = link(&app, &PersonName::new(person)).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// Ends every session of a person, their API tokens and their one-time links: what a lost tablet holds.
#[utoipa::path(delete, path = "/api/accounts/{person}/sessions", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Result<StatusCode, Problem> {
    known(&app, &person).await?;
    app.0.office.end_all(&person, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person's API tokens.
#[utoipa::path(get, path = "/api/accounts/{person}/tokens", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = Vec<TokenView>), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn account_tokens(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Answer<Vec<TokenView>> {
    known(&app, &person).await?;
    let tokens = app.0.office.tokens(&person).await?;
    Ok(Json(tokens.into_iter().map(token_view).collect()))
}

/// Revokes an API token of a person.
#[utoipa::path(delete, path = "/api/accounts/{person}/tokens/{id}", tag = "session", params(("person" = String, Path, description = "Who."), ("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done."), (status = "default", description = "Not done.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn revoke_account_token(
    State(app): State<App>,
    Path((person, id)): Path<(String, u64)>,
) -> Result<StatusCode, Problem> {
    known(&app, &person).await?;
    if app.0.office.revoke_token(&person, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("{person} has no token {id}")))
    }
}

async fn known(app: &App, person: &str) -> Result<Account, Problem> {
    app.0
        .office
        .account(person)
        .await?
        .ok_or_else(|| Problem::not_found(format!("{person} has no account")))
}

async fn link(app: &App, person: &PersonName) -> Result<OneTimeLink, Problem> {
    let (text, secret) = Secret::new()?;
    let until = Timestamp::now() + LINK;
    app.0
        .office
        .make_link(&secret.0, person.as_str(), until)
        .await?;
    Ok(OneTimeLink {
        path: format!("/#/join/{text}"),
        until: until.into(),
    })
}

async fn one(app: &App, person: &str) -> Result<Response, Problem> {
    let account = known(app, person).await?;
    let sessions = app.0.office.sessions(Timestamp::now()).await?;
    let view = view(app, account, &sessions).await?;
    let tag = HeaderValue::try_from(format!("\"{}\"", view.version))
        .map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = Json(view).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

async fn view(
    app: &App,
    account: Account,
    sessions: &[(String, u32)],
) -> Result<AccountView, Problem> {
    let person = PersonName::new(account.person.as_str());
    let (roles, _) = app.look(None, |state, _| state.roles_of(&person)).await?;
    Ok(AccountView {
        roles,
        disabled: account.disabled,
        joined: account.password.is_some(),
        created: account.created.into(),
        last_seen: account.seen.map(Into::into),
        sessions: sessions
            .iter()
            .find(|(name, _)| *name == account.person)
            .map_or(0, |(_, open)| *open),
        version: account.version,
        person,
    })
}
