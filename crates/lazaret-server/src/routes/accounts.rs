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
use crate::api::common::{Answer, NotDone, Problem};
use crate::api::session::{AccountView, ChangeAccount, NewAccount, OneTimeLink, TokenView};
use crate::app::App;
use crate::guard::Who;
use crate::secrets::Secret;

/// How long a one-time link of an account works.
const LINK: SignedDuration = SignedDuration::from_hours(72);

/// All accounts.
#[utoipa::path(get, path = "/api/accounts", tag = "session", responses((status = 200, description = "Done.", body = Vec<AccountView>), NotDone))]
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
#[utoipa::path(post, path = "/api/accounts", tag = "session", request_body = NewAccount, responses((status = 201, description = "Done.", body = OneTimeLink), NotDone))]
pub(crate) async fn make_account(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Json(body): Json<NewAccount>,
) -> Result<(StatusCode, Json<OneTimeLink>), Problem> {
    let typed = person_name(&body.person)?;
    let (person, _) = app.look(None, |state, _| state.spelling_of(&typed)).await?;
    is_free(&app, &person).await?;
    let appointed = Entry::PersonAppointed {
        person: person.clone(),
        roles: body.roles,
    };
    say(&app, &who.person, appointed).await?;
    let now = Timestamp::now();
    app.0.office.make_account(person.as_str(), now).await?;
    Ok((StatusCode::CREATED, Json(link(&app, &person).await?)))
}

/// One person, one account: another spelling of a name is no other person.
async fn is_free(app: &App, person: &PersonName) -> Result<(), Problem> {
    let shared = key(Kind::Plain, person.as_str());
    let accounts = app.0.office.accounts().await?;
    let taken = accounts
        .iter()
        .any(|account| key(Kind::Plain, &account.person) == shared);
    if taken {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "taken",
            "an account of that name exists",
            format!("{person} already has an account; choose another name, or change that account"),
        ));
    }
    Ok(())
}

/// One account, with its `ETag`.
#[utoipa::path(get, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = AccountView), NotDone))]
pub(crate) async fn account(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Result<Response, Problem> {
    one(&app, &person).await
}

/// Changes roles or disables; needs `If-Match`.
#[utoipa::path(put, path = "/api/accounts/{person}", tag = "session", params(("person" = String, Path, description = "Who.")), request_body = ChangeAccount, responses((status = 200, description = "Done.", body = AccountView), NotDone))]
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
    change(&app, &person, version, disabled).await?;
    if let Some(roles) = body.roles {
        let person = PersonName::new(person.as_str());
        let appointed = Entry::PersonAppointed { person, roles };
        say(&app, &who.person, appointed).await?;
    }
    one(&app, &person).await
}

/// The version is taken before anything else: of two who change at once only one goes on.
async fn change(app: &App, person: &str, version: u64, disabled: bool) -> Result<(), Problem> {
    let office = &app.0.office;
    if !office.change_account(person, version, disabled).await? {
        return Err(Problem::changed(format!(
            "the account of {person} is no longer at version {version}; read it again"
        )));
    }
    if disabled {
        office.end_all(person, None).await?;
    }
    Ok(())
}

/// A new one-time link for a password; the old password stops working when it is used.
#[utoipa::path(post, path = "/api/accounts/{person}/link", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 201, description = "Done.", body = OneTimeLink), NotDone))]
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
#[utoipa::path(delete, path = "/api/accounts/{person}/sessions", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 204, description = "Done."), NotDone))]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Result<StatusCode, Problem> {
    known(&app, &person).await?;
    app.0.office.end_all(&person, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A person's API tokens.
#[utoipa::path(get, path = "/api/accounts/{person}/tokens", tag = "session", params(("person" = String, Path, description = "Who.")), responses((status = 200, description = "Done.", body = Vec<TokenView>), NotDone))]
pub(crate) async fn account_tokens(
    State(app): State<App>,
    Path(person): Path<String>,
) -> Answer<Vec<TokenView>> {
    known(&app, &person).await?;
    let tokens = app.0.office.tokens(&person).await?;
    Ok(Json(tokens.into_iter().map(token_view).collect()))
}

/// Revokes an API token of a person.
#[utoipa::path(delete, path = "/api/accounts/{person}/tokens/{id}", tag = "session", params(("person" = String, Path, description = "Who."), ("id" = u64, Path, description = "Its number.")), responses((status = 204, description = "Done."), NotDone))]
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
