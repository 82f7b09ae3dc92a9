//! The authorization endpoint: the request that the user is sent there with, and which answers are
//! accepted.

use std::time::Duration;

use mcp_client::Limits;
use mcp_client::http::Authorizer as _;
use mcp_client::oauth::ErrorKind;
use serde_json::json;

use crate::world::{ISSUER, PRM, REDIRECT, SERVER, Sent, World, answer_of, binding, bound};

#[tokio::test]
async fn a_log_in_requests_a_code_and_redeems_it() {
    let world = World::new();
    let oauth = bound(world.oauth().client_name("Notes"));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);

    let logins = world.logins();
    assert_eq!(logins.len(), 1);
    let asked = |name| logins[0].field(name);
    assert!(logins[0].url.starts_with("https://as.example.com/authorize?"));
    assert_eq!(asked("response_type").as_deref(), Some("code"));
    assert_eq!(asked("client_id").as_deref(), Some("dynamic@as.example.com"));
    assert_eq!(asked("redirect_uri").as_deref(), Some(REDIRECT));
    assert_eq!(asked("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(asked("resource").as_deref(), Some(SERVER));
    assert_eq!(asked("state").unwrap().len(), 43);
    assert_eq!((asked("scope"), asked("prompt")), (None, None));

    let tokens = world.grants("authorization_code");
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].field("redirect_uri").as_deref(), Some(REDIRECT));
    assert_eq!(tokens[0].field("resource").as_deref(), Some(SERVER));
    assert_eq!(tokens[0].field("client_id").as_deref(), Some("dynamic@as.example.com"));
    assert_eq!(tokens[0].headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!tokens[0].headers.contains_key("authorization"));
}

/// The rules of RFC 9207: whether metadata advertises `iss`, what the answer has, whether it is
/// accepted.
#[tokio::test]
async fn iss_is_checked_before_the_code_is_sent() {
    let wrong = [
        "https://evil.example.com",
        "https://as.example.com/",
        "https://AS.example.com",
        "https://as.example.com:443",
        "https://as.example.com/tenant",
        "",
    ];
    let mut table = vec![
        (Some(true), Some(ISSUER), true),
        (Some(true), None, false),
        (Some(false), Some(ISSUER), true),
        (Some(false), None, true),
        (None, Some(ISSUER), true),
        (None, None, true),
    ];
    for iss in wrong {
        table.extend(
            [None, Some(false), Some(true)].map(|advertised| (advertised, Some(iss), false)),
        );
    }
    for (advertised, iss, accepted) in table {
        let case = format!("{advertised:?} {iss:?}");
        // An answer with a code, and one with an error.
        for error in [None, Some(("error", "access_denied"))] {
            let world = World::new();
            if let Some(advertised) = advertised {
                let member = json!({"authorization_response_iss_parameter_supported": advertised});
                world.authorization_server(ISSUER, member);
            }
            world.user(move |asked| {
                let iss = iss.map(|iss| ("iss", iss));
                answer_of(asked, &iss.into_iter().chain(error).collect::<Vec<_>>())
            });
            let result = world.call(&bound(world.oauth()), "a").await;
            match (accepted, error) {
                (true, None) => assert_eq!(result.unwrap(), 200, "{case}"),
                (true, Some(_)) => {
                    assert_eq!(result.unwrap_err().kind(), ErrorKind::Denied, "{case}");
                }
                (false, _) => {
                    let error = result.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Forged, "{case}");
                    assert_eq!(error.code(), None, "{case}: the error is not acted on");
                    assert!(
                        !error.to_string().contains("denied"),
                        "{case}: the error is not shown"
                    );
                }
            }
            let redeemed = accepted && error.is_none();
            assert_eq!(world.grants("authorization_code").len(), usize::from(redeemed), "{case}");
        }
    }
}

#[tokio::test]
async fn answers_to_other_requests_are_refused() {
    type Answer = fn(&Sent) -> String;
    let table: [(&str, Answer); 9] = [
        ("no state", |_| format!("{REDIRECT}?code=CODE")),
        ("empty state", |_| format!("{REDIRECT}?code=CODE&state=")),
        ("another state", |_| format!("{REDIRECT}?code=CODE&state={}", "x".repeat(43))),
        ("half a state", |asked| {
            format!("{REDIRECT}?code=CODE&state={}", &asked.field("state").unwrap()[..20])
        }),
        ("two states", |asked| {
            format!("{REDIRECT}?code=CODE&state=x&state={}", asked.field("state").unwrap())
        }),
        ("state twice", |asked| {
            let state = asked.field("state").unwrap();
            format!("{REDIRECT}?code=CODE&state={state}&state={state}")
        }),
        ("two codes", |asked| {
            format!("{REDIRECT}?code=CODE&code=x&state={}", asked.field("state").unwrap())
        }),
        ("two iss", |asked| answer_of(asked, &[("iss", ISSUER), ("iss", ISSUER)])),
        ("in the fragment", |asked| answer_of(asked, &[]).replace('?', "#")),
    ];
    for (case, answer) in table {
        let world = World::new();
        world.user(answer);
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forged, "{case}");
        assert!(world.grants("authorization_code").is_empty(), "{case}");
    }
}

#[tokio::test]
async fn a_state_is_valid_once() {
    let world = World::new();
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    let old = answer_of(&world.logins()[0], &[]);
    world.user(move |_| old.clone());
    let other = bound(world.oauth());
    assert_eq!(world.call(&other, "a").await.unwrap_err().kind(), ErrorKind::Forged);
    let [one, two] = &world.logins()[..] else { panic!("two log-ins") };
    assert_ne!(one.field("state"), two.field("state"));
    assert_ne!(one.field("code_challenge"), two.field("code_challenge"));
}

#[tokio::test]
async fn errors_of_the_authorization_endpoint_are_reported() {
    for (code, kind) in [
        ("access_denied", ErrorKind::Denied),
        ("invalid_scope", ErrorKind::Refused),
        ("server_error", ErrorKind::Refused),
    ] {
        let world = World::new();
        world.user(move |asked| {
            let state = asked.field("state").unwrap();
            format!("{REDIRECT}?error={code}&error_description=because%0Aof%1b%5B31m&state={state}")
        });
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert!(error.to_string().contains("because\\nof"), "{error}");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    let world = World::new();
    world.user(|asked| format!("{REDIRECT}?state={}", asked.field("state").unwrap()));
    assert_eq!(
        world.call(&bound(world.oauth()), "a").await.unwrap_err().kind(),
        ErrorKind::Refused
    );
}

#[tokio::test]
async fn without_pkce_there_is_no_log_in() {
    for methods in [json!(null), json!([]), json!(["plain"]), json!(["s256"])] {
        let world = World::new();
        world.authorization_server(ISSUER, json!({"code_challenge_methods_supported": methods}));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{methods}");
        assert!(world.logins().is_empty(), "{methods}");
    }
}

#[tokio::test]
async fn a_missing_member_of_the_metadata_is_named() {
    for member in ["authorization_endpoint", "token_endpoint"] {
        let world = World::new();
        world.authorization_server(ISSUER, json!({member: null}));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
        assert!(error.to_string().contains(member), "{error}");
    }
}

#[tokio::test]
async fn token_responses_are_checked() {
    let changes = [
        json!({"access_token": null}),
        json!({"token_type": null}),
        json!({"token_type": "mac"}),
        json!({"access_token": "a\nb"}),
        json!({"expires_in": "soon"}),
        json!({"access_token": 5}),
    ];
    for change in changes {
        let world = World::new();
        let shown = change.to_string();
        world.route("https://as.example.com/token", move |world, sent| {
            world.issue(sent, change.clone())
        });
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{shown}");
    }
    // Deviations that are tolerated.
    for change in [
        json!({"token_type": "bearer"}),
        json!({"token_type": "BEARER", "expires_in": "3600"}),
        json!({"expires_in": null, "refresh_token": null, "id_token": "x", "scope": ""}),
        json!({"expires_in": 3599.5}),
        json!({"expires_in": 1e30}),
        json!({"expires_in": -5}),
    ] {
        let world = World::new();
        let shown = change.to_string();
        world.route("https://as.example.com/token", move |world, sent| {
            world.issue(sent, change.clone())
        });
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_who_does_not_return_is_waited_for_only_so_long() {
    let world = World::new();
    let never = |_| async { std::future::pending().await };
    let oauth =
        bound(world.oauth().redirect(REDIRECT, never).login_timeout(Duration::from_secs(7)));
    let begun = tokio::time::Instant::now();
    let error = world.call(&oauth, "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_waited_for_only_so_long_whatever_a_log_in_may_take() {
    let world = World::new();
    let never = |_| async { std::future::pending().await };
    let oauth = world.oauth().redirect(REDIRECT, never).login_timeout(Duration::from_secs(100));
    let oauth = oauth.build();
    let mut limits = Limits::new();
    limits.oauth.authorization_timeout = Duration::from_secs(7);
    oauth.bind(&binding(SERVER).with_limits(limits)).unwrap();
    let begun = tokio::time::Instant::now();
    let error = world.call(&oauth, "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("OAuthLimits::authorization_timeout"), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn a_callback_may_fail_or_panic() {
    let world = World::new();
    let oauth = bound(world.oauth().redirect(REDIRECT, |_| async { Err("no window".into()) }));
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Denied);
    let oauth = bound(world.oauth().redirect(REDIRECT, |_| async { panic!("oh") }));
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Configuration);
    // The next call tries again.
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Configuration);
    let oauth = bound(world.oauth().open_browser(|_| Err(std::io::Error::other("no browser"))));
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_log_in_ends_with_its_authorizer() {
    let world = World::new();
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let oauth = bound(world.oauth().redirect(REDIRECT, move |_| {
        // The guard is dropped with the future.
        let asked = asked.clone();
        async move {
            asked.send(()).unwrap();
            let _held = asked;
            std::future::pending().await
        }
    }));
    let call = tokio::spawn({
        let world = world.clone();
        let oauth = std::sync::Arc::new(oauth);
        async move { world.call(&oauth, "a").await }
    });
    is_asked.recv().await.unwrap();
    call.abort();
    // The channel closes when the authorizer and the log-in are gone.
    assert_eq!(is_asked.recv().await, None);
}

#[tokio::test]
async fn of_several_authorization_servers_the_first_or_the_clients_own_is_used() {
    let world = World::new();
    let other = "https://other.example.com";
    world.authorization_server(other, json!({}));
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": [ISSUER, other]}));
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);
    assert!(world.logins()[0].url.starts_with(ISSUER));
    let client = mcp_client::oauth::RegisteredClient::new("mine").issuer(other);
    assert_eq!(world.call(&bound(world.oauth().client(client)), "a").await.unwrap(), 200);
    assert!(world.logins()[1].url.starts_with(other));
}
