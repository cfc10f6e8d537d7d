//! Accounts, sessions, links, tokens: every statement on every engine.

use jiff::ToSpan;
use lazaret_store::{Office, Token};

use crate::scene::{at, on_each};

#[test]
fn accounts_sessions_links_and_tokens() {
    on_each(|place| async move {
        let store = place.open().await;
        let office = Office::new(store.clone());
        let now = at("2026-01-05T08:00:00Z");
        let later = now.checked_add(1.hour()).unwrap();
        let long_after = now.checked_add(24.hours()).unwrap();

        assert!(office.make_account("kim", now).await.unwrap());
        assert!(!office.make_account("kim", now).await.unwrap());
        let kim = office.account("kim").await.unwrap().unwrap();
        assert_eq!((kim.version, kim.password, kim.disabled), (1, None, false));
        office.set_password("kim", "hash").await.unwrap();
        assert!(!office.change_account("kim", 1, true).await.unwrap());
        assert!(office.change_account("kim", 2, false).await.unwrap());
        office.saw("kim", later).await.unwrap();
        assert_eq!(office.accounts().await.unwrap()[0].seen, Some(later));

        office
            .open_session(&[1; 32], "kim", now, later)
            .await
            .unwrap();
        office
            .open_session(&[2; 32], "kim", now, later)
            .await
            .unwrap();
        assert_eq!(office.sessions(now).await.unwrap(), [("kim".into(), 2)]);
        let session = office.session(&[1; 32], now).await.unwrap().unwrap();
        assert_eq!((session.person.as_str(), session.until), ("kim", later));
        assert_eq!(office.session(&[3; 32], now).await.unwrap(), None);
        assert_eq!(office.session(&[1; 32], later).await.unwrap(), None);
        office.extend_session(&[1; 32], long_after).await.unwrap();
        assert!(office.session(&[1; 32], later).await.unwrap().is_some());
        office.end_sessions("kim", Some(&[1; 32])).await.unwrap();
        assert_eq!(office.session(&[2; 32], now).await.unwrap(), None);
        // Who is disabled has no session from that moment on.
        assert!(office.change_account("kim", 3, true).await.unwrap());
        assert_eq!(office.session(&[1; 32], now).await.unwrap(), None);
        assert!(office.change_account("kim", 4, false).await.unwrap());
        office.end_session(&[1; 32]).await.unwrap();
        assert_eq!(office.session(&[1; 32], now).await.unwrap(), None);

        office.make_link(&[4; 32], "kim", later).await.unwrap();
        office.make_link(&[5; 32], "kim", later).await.unwrap();
        assert_eq!(
            office.use_link(&[4; 32], now).await.unwrap().as_deref(),
            Some("kim")
        );
        assert_eq!(office.use_link(&[4; 32], now).await.unwrap(), None);
        office.drop_links("kim").await.unwrap();
        assert_eq!(office.use_link(&[5; 32], now).await.unwrap(), None);
        office.make_link(&[6; 32], "kim", later).await.unwrap();
        assert_eq!(office.use_link(&[6; 32], later).await.unwrap(), None);

        let token = Token {
            id: 0,
            person: "kim".into(),
            label: "scale".into(),
            created: now,
            until: later,
            seen: None,
            read_only: true,
        };
        let id = office.make_token(&[7; 32], &token).await.unwrap();
        let found = office.token(&[7; 32], now).await.unwrap().unwrap();
        assert_eq!(found, Token { id, ..token });
        office.saw_token(id, later).await.unwrap();
        assert_eq!(office.tokens("kim").await.unwrap()[0].seen, Some(later));
        assert!(!office.revoke_token("lee", id).await.unwrap());
        assert!(office.revoke_token("kim", id).await.unwrap());
        assert_eq!(office.token(&[7; 32], now).await.unwrap(), None);

        assert_eq!(office.preference("kim").await.unwrap(), None);
        office.set_preference("kim", "{}").await.unwrap();
        office.set_preference("kim", r#"{"a":1}"#).await.unwrap();
        assert_eq!(
            office.preference("kim").await.unwrap().as_deref(),
            Some(r#"{"a":1}"#)
        );

        for path in ["/api/audit/records", "/api/people"] {
            office
                .note_read(now, "kim", path, "127.0.0.1")
                .await
                .unwrap();
        }
        let reads = office.reads(u64::MAX, 10).await.unwrap();
        assert_eq!(reads[0].path, "/api/people");
        assert_eq!(office.reads(reads[0].id, 10).await.unwrap().len(), 1);

        store.set_setting("a", "1").await.unwrap();
        store.set_setting("a", "2").await.unwrap();
        assert_eq!(store.setting("a").await.unwrap().as_deref(), Some("2"));
        assert_eq!(store.setting("b").await.unwrap(), None);
    });
}
