//! What log-out and import leave in the store, and when servers or the store fail.

use std::time::{Duration, SystemTime};

use mcp_client::oauth::{
    ErrorKind, ImportedToken, LoginStatus, MemoryStore, RegisteredClient, Revocation,
};

use crate::hooked_store::{HookedStore, Operation};
use crate::host::{REVOKE, hosted, log_in, revokes};
use crate::world::{Answer, ISSUER, METADATA, PRM, SERVER, World};

#[tokio::test]
async fn a_log_out_forgets_the_tokens_though_the_server_cannot_be_reached() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = || hosted(&world).store(store.clone()).build_for(SERVER).unwrap();

    // The server has no such endpoint.
    log_in(&world, &oauth()).await;
    let out = oauth().logout().await.unwrap();
    assert!(matches!(out.revocation, Revocation::NotSupported), "{out:?}");
    assert_eq!(oauth().status().await.unwrap(), LoginStatus::LoggedOut);
    let out = oauth().logout().await.unwrap();
    assert!(matches!(out.revocation, Revocation::NothingToRevoke), "{out:?}");

    // It cannot be reached, or refuses. Another process logs out than the one that logged in.
    revokes(&world);
    let unreachable = Answer::status(0);
    for (url, answer, kind) in [
        (METADATA, unreachable.clone(), ErrorKind::Unreachable),
        (REVOKE, unreachable, ErrorKind::Unreachable),
        (REVOKE, Answer::status(503), ErrorKind::Unreachable),
        (REVOKE, Answer::error("invalid_client"), ErrorKind::Refused),
    ] {
        revokes(&world);
        log_in(&world, &oauth()).await;
        world.answer(url, answer);
        let out = oauth().logout().await.unwrap();
        let Revocation::Failed(error) = &out.revocation else { panic!("{out:?}") };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(oauth().status().await.unwrap(), LoginStatus::LoggedOut);
        revokes(&world);
        assert_eq!(world.call(&oauth(), "a").await.unwrap_err().kind(), ErrorKind::LoginRequired);
    }

    // Some servers revoke refresh tokens alone.
    revokes(&world);
    world.route(REVOKE, |_, sent| match sent.field("token_type_hint").as_deref() {
        Some("refresh_token") => Answer::status(200),
        _ => Answer::error("unsupported_token_type"),
    });
    log_in(&world, &oauth()).await;
    let out = oauth().logout().await.unwrap();
    assert!(matches!(out.revocation, Revocation::Revoked), "{out:?}");
    assert_eq!(
        world.sent_to(REVOKE).last().unwrap().field("client_id").unwrap(),
        "dynamic@as.example.com"
    );
}

#[tokio::test]
async fn a_log_out_ends_a_log_in_and_a_refresh_that_are_under_way() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let pending = oauth.begin_login().await.unwrap();
    oauth.logout().await.unwrap();
    let error = pending.finish(&world.log_in(pending.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);

    log_in(&world, &oauth).await;
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let refreshing = async {
        let error = world.call(&oauth, "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    };
    let logging_out = async {
        while world.grants("refresh_token").is_empty() {
            tokio::task::yield_now().await;
        }
        // It waits for the lock that the refresh holds, and so finds its token.
        let (out, ()) = tokio::join!(oauth.logout(), async { drop(permits) });
        out.unwrap();
    };
    tokio::join!(refreshing, logging_out);
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    let again = hosted(&world).store(store).build_for(SERVER).unwrap();
    assert_eq!(again.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test]
async fn a_log_out_says_that_the_store_did_not_forget() {
    let world = World::new();
    revokes(&world);
    let store = HookedStore::new(&MemoryStore::new(), |operation, key| {
        assert!(matches!(key.user(), None | Some("alice")), "{key:?}");
        let forgets = operation != Operation::Remove;
        std::future::ready(if forgets { Ok(()) } else { Err("read-only".into()) })
    });
    let oauth = hosted(&world).store(store).principal("alice").build_for(SERVER).unwrap();
    log_in(&world, &oauth).await;
    let error = oauth.logout().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(world.sent_to(REVOKE).len(), 2, "the tokens are revoked all the same");
}

fn imported() -> ImportedToken {
    ImportedToken::new("CANARY-access").refresh_token("CANARY-refresh").scopes(["a", "b"])
}

#[tokio::test]
async fn tokens_of_another_program_are_used_and_refreshed() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = || hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let expires_at = SystemTime::now() + Duration::from_secs(3_600);
    let token = imported().client_id("other").issuer(ISSUER).expires_at(expires_at);
    assert!(!format!("{token:?}").contains("CANARY"), "{token:?}");
    let login = oauth().import(token).await.unwrap();
    assert_eq!(
        (login.scopes, login.client_id),
        (vec!["a".to_owned(), "b".to_owned()], "other".to_owned())
    );
    assert_eq!(world.urls(), [PRM, METADATA]);

    // The next process uses it; the server refuses the access token, which is refreshed.
    let next = oauth();
    assert!(matches!(next.status().await.unwrap(), LoginStatus::LoggedIn(_)));
    assert_eq!(world.call(&next, "a").await.unwrap(), 200);
    let refreshes = world.grants("refresh_token");
    assert_eq!(refreshes.len(), 1);
    assert_eq!(refreshes[0].field("refresh_token").as_deref(), Some("CANARY-refresh"));
    assert_eq!(refreshes[0].field("client_id").as_deref(), Some("other"));
    assert!(world.logins().is_empty());

    // A log-in registers a client of its own: no redirect URI of the other one is known.
    log_in(&world, &next).await;
    assert_eq!(world.logins()[0].field("client_id").as_deref(), Some("dynamic@as.example.com"));
    assert_eq!(world.logins()[0].field("scope").as_deref(), Some("a b"));
}

#[tokio::test]
async fn an_expired_token_of_another_program_is_replaced_before_it_is_used() {
    let world = World::new();
    let oauth = hosted(&world).client(RegisteredClient::new("desktop")).build_for(SERVER).unwrap();
    let expired = ImportedToken::new("old").expires_at(SystemTime::UNIX_EPOCH);
    oauth.import(expired.clone()).await.unwrap();
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut, "it is of no use");
    oauth.import(expired.refresh_token("next")).await.unwrap();
    assert!(matches!(oauth.status().await.unwrap(), LoginStatus::LoggedIn(_)));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.grants("refresh_token")[0].field("client_id").as_deref(), Some("desktop"));
}

#[tokio::test]
async fn a_token_of_another_server_or_client_is_not_imported() {
    let world = World::new();
    let own = || hosted(&world).client(RegisteredClient::new("desktop")).build_for(SERVER).unwrap();
    let none = hosted(&world).build_for(SERVER).unwrap();
    for (oauth, token) in [
        (&none, imported()),
        (&none, imported().client_id("x").issuer("https://evil.example.com")),
        (&own(), imported().client_id("x")),
    ] {
        let error = oauth.import(token).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    }
    let error = none.import(ImportedToken::new("a\nb").client_id("x")).await.unwrap_err();
    assert!(!error.to_string().contains("a\nb"), "{error}");
}
