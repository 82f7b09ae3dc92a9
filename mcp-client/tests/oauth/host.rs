//! An application with an interface of its own: status, log-in, step-up, log-out.

use std::error::Error as _;

use mcp_client::http::Authorizer as _;
use mcp_client::oauth::{
    AuthorizationCode, Error, ErrorKind, LoginStatus, MemoryStore, OAuth, OAuthBuilder,
    RegisteredClient, Revocation, SavedLogin,
};
use mcp_client::{Client, ErrorKind as CallError};
use serde_json::json;

use crate::client::serve;
use crate::world::{Answer, ISSUER, METADATA, PRM, REDIRECT, SERVER, World, answer_of, bind};

pub(crate) const REVOKE: &str = "https://as.example.com/revoke";

/// An authorizer whose application takes the user to the log-in.
pub(crate) fn hosted(world: &World) -> OAuthBuilder<AuthorizationCode> {
    OAuth::authorization_code().http_stack(world.clone()).host_login(REDIRECT)
}

/// The user logs in by the interface of the application.
pub(crate) async fn log_in(world: &World, oauth: &OAuth) {
    let login = oauth.begin_login().await.unwrap();
    login.finish(&world.log_in(login.url())).await.unwrap();
}

pub(crate) fn revokes(world: &World) {
    world.authorization_server(ISSUER, json!({"revocation_endpoint": REVOKE}));
    world.answer(REVOKE, Answer::status(200));
}

/// The authorizer's error behind that of a call.
fn reason(error: &mcp_client::Error) -> &Error {
    let first = error.source();
    let mut sources = std::iter::successors(first, |error| (*error).source());
    sources.find_map(|error| error.downcast_ref()).unwrap()
}

fn scopes(status: LoginStatus) -> Vec<String> {
    match status {
        LoginStatus::LoggedIn(login) => login.scopes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_host_logs_in_is_refused_steps_up_and_logs_out_without_a_browser_of_ours() {
    let world = World::new();
    serve(&world);
    revokes(&world);
    let oauth = hosted(&world).build_for(SERVER).unwrap();
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    assert!(world.urls().is_empty(), "the store alone was asked");

    // A connection does not log in by itself.
    let connect = || {
        let builder = Client::builder().http_stack(world.clone()).authorizer(oauth.clone());
        builder.connect_http(SERVER)
    };
    let error = connect().await.unwrap_err();
    assert_eq!(error.kind(), CallError::Unauthorized);
    assert_eq!(reason(&error).kind(), ErrorKind::LoginRequired);
    assert_eq!(reason(&error).scope(), Some("read"));
    assert!(world.logins().is_empty());

    // The application does, with the scope that was asked for.
    let login = oauth.begin_login().await.unwrap();
    assert_eq!(login.scopes().collect::<Vec<_>>(), ["read"]);
    assert!(login.url().as_str().contains(&format!("state={}", login.state())));
    let done = login.finish(&world.log_in(login.url())).await.unwrap();
    assert_eq!((done.issuer.as_str(), done.scopes.as_slice()), (ISSUER, &["read".to_owned()][..]));
    let client = connect().await.unwrap();
    assert_eq!(client.call_tool("read", &json!({})).await.unwrap().text(), "done");

    // A call that needs more says what, and the open connection uses the new token.
    let error = client.call_tool("write", &json!({})).await.unwrap_err();
    assert_eq!(reason(&error).kind(), ErrorKind::LoginRequired);
    assert_eq!(reason(&error).scope(), Some("read write"));
    assert_eq!(client.call_tool("read", &json!({})).await.unwrap().text(), "done");
    log_in(&world, &oauth).await;
    assert_eq!(client.call_tool("write", &json!({})).await.unwrap().text(), "done");
    assert_eq!(scopes(oauth.status().await.unwrap()), ["read", "write"]);

    let out = oauth.logout().await.unwrap();
    assert!(matches!(out.revocation, Revocation::Revoked), "{out:?}");
    let revoked: Vec<_> = world
        .sent_to(REVOKE)
        .iter()
        .map(|sent| (sent.field("token").unwrap(), sent.field("token_type_hint").unwrap()))
        .collect();
    let expected = [("refresh-2", "refresh_token"), ("access-2", "access_token")];
    assert_eq!(revoked, expected.map(|(token, kind)| (token.to_owned(), kind.to_owned())));
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    // What one call needed is not what the next log-in begins with.
    let next = oauth.begin_login().await.unwrap();
    assert_eq!(next.scopes().collect::<Vec<_>>(), ["read"]);
    let error = client.call_tool("read", &json!({})).await.unwrap_err();
    assert_eq!(reason(&error).kind(), ErrorKind::LoginRequired);
    client.close().await;
}

#[tokio::test]
async fn a_discovery_tells_whether_the_user_can_log_in() {
    let world = World::new();
    let status = async |world: &World| {
        let oauth = hosted(world).build_for(SERVER).unwrap();
        oauth.discover_status().await.unwrap()
    };
    let issuer = ISSUER.to_owned();
    let can = LoginStatus::CanLogIn { issuer: issuer.clone(), scopes: Vec::new() };
    assert_eq!(status(&world).await, can);
    assert_eq!(world.urls(), [PRM, METADATA], "one discovery, and nothing of the server");

    world.document(
        PRM,
        json!({"resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": ["a"]}),
    );
    let can = LoginStatus::CanLogIn { issuer: issuer.clone(), scopes: vec!["a".to_owned()] };
    assert_eq!(status(&world).await, can);

    world.authorization_server(ISSUER, json!({"registration_endpoint": null}));
    assert_eq!(status(&world).await, LoginStatus::NeedsRegistration { issuer });
    let by_hand = hosted(&world).client(RegisteredClient::new("desktop")).build_for(SERVER);
    assert_eq!(by_hand.unwrap().discover_status().await.unwrap(), can);

    world.remove(PRM);
    assert_eq!(status(&world).await, LoginStatus::NotNeeded);

    // A server that has refused a request needs authorization, whatever it publishes.
    let oauth = hosted(&world).build_for(SERVER).unwrap();
    world.resource(|_, _, _| (401, None));
    assert!(world.call(&oauth, "a").await.is_err());
    let error = oauth.discover_status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
}

#[tokio::test]
async fn an_answer_of_another_log_in_does_not_end_this_one() {
    let world = World::new();
    let oauth = hosted(&world).build_for(SERVER).unwrap();
    let (one, two) = (oauth.begin_login().await.unwrap(), oauth.begin_login().await.unwrap());
    assert_ne!(one.state(), two.state());
    let (answer, other) = (world.log_in(one.url()), world.log_in(two.url()));
    for forged in [other.as_str(), "http://localhost:3000/callback", "", "?state=x&code=y"] {
        let error = one.finish(forged).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forged, "{forged}");
        assert!(!error.to_string().contains("code="), "{error}");
    }
    one.finish(&answer).await.unwrap();
    assert_eq!(one.finish(&answer).await.unwrap_err().kind(), ErrorKind::Denied, "once");
    assert_eq!(world.grants("authorization_code").len(), 1);
    assert!(!format!("{two:?}").contains(two.state()), "{two:?}");
}

#[tokio::test(start_paused = true)]
async fn a_saved_log_in_ends_in_another_process() {
    let world = World::new();
    let store = MemoryStore::new();
    let process = || hosted(&world).store(store.clone()).principal("ann");
    let oauth = || process().build_for(SERVER).unwrap();
    let begun = oauth().begin_login().await.unwrap();
    let answer = world.log_in(begun.url());
    let saved = begun.save();
    let text = serde_json::to_string(&saved).unwrap();
    let restored = || serde_json::from_str::<SavedLogin>(&text).unwrap();
    assert_eq!(saved.state(), begun.state());
    assert_eq!(restored().expires_at(), begun.expires_at());
    assert!(!format!("{saved:?}").contains(saved.state()), "{saved:?}");
    let urls = (begun.url().clone(), world.urls().len());
    drop(begun);

    // It is the same log-in, for the same user, client and server alone.
    let elsewhere = "https://other.example.com/mcp";
    let mut other_version: serde_json::Value = serde_json::from_str(&text).unwrap();
    other_version["version"] = json!(2);
    for (oauth, saved, named) in [
        (process().principal("bob").build_for(SERVER), restored(), "server or user"),
        (process().build_for(elsewhere), restored(), "server or user"),
        (process().store(MemoryStore::new()).build_for(SERVER), restored(), "its client"),
        (
            process().client(RegisteredClient::new("own")).build_for(SERVER),
            restored(),
            "its client",
        ),
        (process().build_for(SERVER), serde_json::from_value(other_version).unwrap(), "version"),
    ] {
        let error = oauth.unwrap().resume_login(saved).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let mut other_url: serde_json::Value = serde_json::from_str(&text).unwrap();
    other_url["request"]["url"] = json!("file:///etc/passwd");
    let changed = serde_json::from_value(other_url).unwrap();
    let error = oauth().resume_login(changed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForbiddenUrl);
    let oauth = oauth();
    let resumed = oauth.resume_login(restored()).await.unwrap();
    assert_eq!(resumed.url(), &urls.0);
    assert_eq!(world.urls().len(), urls.1, "no server was asked");
    let error = resumed.finish("http://localhost:3000/callback?state=x&code=y").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forged);
    let login = resumed.finish(&answer).await.unwrap();
    assert_eq!(login.issuer, ISSUER);
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    let verifier = world.grants("authorization_code")[0].field("code_verifier").unwrap();
    assert!(text.contains(&verifier) && !format!("{saved:?}").contains(&verifier));

    // It expires when it would have expired before.
    let late = oauth.resume_login(restored()).await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    assert_eq!(late.finish(&answer).await.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_user_who_declines_stays_logged_out() {
    let world = World::new();
    world.user(|asked| {
        answer_of(asked, &[]).replace("code=CODE", "error=access_denied&error_description=no")
    });
    let oauth = hosted(&world).build_for(SERVER).unwrap();
    let login = oauth.begin_login().await.unwrap();
    let error = login.finish(&world.log_in(login.url())).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, Some("access_denied")));
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test(start_paused = true)]
async fn a_log_in_expires_and_can_be_aborted() {
    let world = World::new();
    let oauth = hosted(&world).build_for(SERVER).unwrap();
    let register = "https://as.example.com/register";
    let login = oauth.begin_login().await.unwrap();
    let left = login.expires_at().duration_since(std::time::SystemTime::now()).unwrap();
    assert!(left.as_secs() > 290 && left.as_secs() <= 300, "{left:?}");
    let answer = world.log_in(login.url());
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    let error = login.finish(&answer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("OAuthBuilder::login_timeout"), "{error}");
    assert!(world.grants("authorization_code").is_empty(), "the code went nowhere");

    oauth.begin_login().await.unwrap();
    assert_eq!(world.sent_to(register).len(), 1, "one registration serves all log-ins");
    oauth.begin_login().await.unwrap().abort().await;
    oauth.begin_login().await.unwrap();
    assert_eq!(world.sent_to(register).len(), 2, "the next one registers again");
}

#[tokio::test]
async fn a_log_in_needs_a_redirect_uri_and_a_user() {
    let world = World::new();
    let loopback = OAuth::authorization_code().http_stack(world.clone()).build_for(SERVER).unwrap();
    let error = loopback.begin_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("OAuthBuilder::host_login"), "{error}");

    let plain = OAuth::authorization_code().http_stack(world.clone());
    let plain = plain.host_login("http://notes.example/callback").build_for(SERVER).unwrap();
    assert_eq!(plain.begin_login().await.unwrap_err().kind(), ErrorKind::Configuration);

    let client = RegisteredClient::new("robot").secret("s").issuer(ISSUER);
    let robot = OAuth::client_credentials(client).http_stack(world).build_for(SERVER).unwrap();
    assert_eq!(robot.begin_login().await.unwrap_err().kind(), ErrorKind::Configuration);

    for bad in ["mcp.example.com", "http://mcp.example.com/mcp"] {
        let error = OAuth::authorization_code().build_for(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{bad}");
    }
    // A server that is refused leaves the authorizer to another one.
    let free = OAuth::authorization_code().build();
    assert!(free.bind(&crate::world::binding("http://mcp.example.com/mcp")).is_err());
    free.bind(&crate::world::binding(SERVER)).unwrap();

    let unbound = OAuth::authorization_code().build();
    assert!(unbound.status().await.unwrap_err().to_string().contains("OAuthBuilder::build_for"));
}

#[tokio::test]
async fn the_application_asks_for_further_scopes() {
    let world = World::new();
    let oauth = hosted(&world).scopes(["a"]).build_for(SERVER).unwrap();
    let login = oauth.begin_login_for(["b", "a"]).await.unwrap();
    assert_eq!(login.scopes().collect::<Vec<_>>(), ["a", "b"]);
    login.finish(&world.log_in(login.url())).await.unwrap();
    // What was granted before is asked for again.
    let login = oauth.begin_login_for(["c"]).await.unwrap();
    assert_eq!(login.scopes().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_host_chooses_the_resource_that_tokens_are_requested_for() {
    let world = World::new();
    let oauth = hosted(&world).resource_parameter("api://notes").build_for(SERVER).unwrap();
    let login = oauth.begin_login().await.unwrap();
    let done = login.finish(&world.log_in(login.url())).await.unwrap();
    assert_eq!(done.resource, "api://notes");
    let sent = |sent: &[crate::world::Sent]| sent[0].field("resource");
    assert_eq!(sent(&world.logins()).as_deref(), Some("api://notes"));
    assert_eq!(sent(&world.grants("authorization_code")).as_deref(), Some("api://notes"));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    // The metadata must be that of the server all the same.
    world.document(PRM, json!({"resource": "api://notes", "authorization_servers": [ISSUER]}));
    assert_eq!(oauth.begin_login().await.unwrap_err().kind(), ErrorKind::InvalidMetadata);
}

#[tokio::test]
async fn a_new_authorizer_of_another_process_finds_the_log_in() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth =
        |user: &str| hosted(&world).store(store.clone()).principal(user).build_for(SERVER).unwrap();
    log_in(&world, &oauth("alice")).await;
    world.forget_sent();
    let LoginStatus::LoggedIn(login) = oauth("alice").status().await.unwrap() else { panic!() };
    assert!(login.has_refresh_token && login.expires_at.is_some(), "{login:?}");
    assert_eq!(login.client_id, "dynamic@as.example.com");
    assert_eq!(oauth("bob").status().await.unwrap(), LoginStatus::LoggedOut);
    assert!(world.urls().is_empty());
    let alice = oauth("alice");
    assert_eq!(world.call(&alice, "a").await.unwrap(), 200);
    assert!(world.logins().is_empty());
    // It also notices that another one has logged out.
    oauth("alice").logout().await.unwrap();
    assert_eq!(alice.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test]
async fn limits_of_the_authorizer_replace_those_of_the_client() {
    let world = World::new();
    let mut limits = mcp_client::oauth::OAuthLimits::new();
    limits.max_scopes = 1;
    let oauth = bind(hosted(&world).limits(limits).scopes(["a", "b"]).build());
    let login = oauth.begin_login().await.unwrap();
    assert_eq!(login.scopes().collect::<Vec<_>>(), ["a"]);
    assert!(oauth.bind(&crate::world::binding("https://other.example/mcp")).is_err());
}
