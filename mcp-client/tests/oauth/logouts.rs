//! A log-out ends what has begun before it, and nothing that begins after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mcp_client::oauth::{CredentialKey, ErrorKind, LoginStatus, MemoryStore, RegisteredClient};
use mcp_test_support::Gate;

use crate::hooked_store::{HookedStore, Operation};
use crate::host::{REVOKE, hosted, log_in, revokes};
use crate::world::{Answer, PRM, REDIRECT, SERVER, World, bound};

/// A store in which one operation waits at a gate, once.
struct SlowStore {
    hooked: HookedStore,
    gate: Gate,
    is_slow: Arc<AtomicBool>,
}

impl SlowStore {
    fn new(operation: Operation, waits_before: bool) -> Self {
        let (gate, is_slow) = (Gate::new(), Arc::new(AtomicBool::new(false)));
        let hook = |is_here: bool| {
            let (gate, is_slow) = (gate.clone(), Arc::clone(&is_slow));
            move |now, _: &CredentialKey| {
                let waits = is_here && now == operation && is_slow.swap(false, Ordering::SeqCst);
                let gate = gate.clone();
                async move {
                    if waits {
                        gate.wait().await;
                    }
                    Ok(())
                }
            }
        };
        let hooked = HookedStore::new(&MemoryStore::new(), hook(waits_before));
        let hooked = hooked.after(hook(!waits_before));
        Self { hooked, gate, is_slow }
    }

    /// One whose lock waits.
    fn of_lock() -> Self {
        Self::new(Operation::Lock, true)
    }
}

/// The tokens that were revoked.
fn revoked(world: &World) -> Vec<String> {
    world.sent_to(REVOKE).iter().map(|sent| sent.field("token").unwrap()).collect()
}

#[tokio::test]
async fn an_old_log_in_leaves_the_tokens_of_the_next_one_alone() {
    let world = World::new();
    revokes(&world);
    let store = MemoryStore::new();
    let oauth = || hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let first = oauth();
    let old = first.begin_login().await.unwrap();
    first.logout().await.unwrap();
    log_in(&world, &first).await;
    let error = old.finish(&world.log_in(old.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    // Its token was issued, and is of no use to anyone.
    assert_eq!(revoked(&world), ["refresh-2", "access-2"]);
    assert_eq!(world.call(&first, "a").await.unwrap(), 200);
    // Another process finds the tokens of the new log-in.
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    assert_eq!(world.grants("refresh_token").len(), 0);
}

#[tokio::test]
async fn a_log_in_that_waits_for_the_lock_during_a_log_out_saves_nothing() {
    let world = World::new();
    revokes(&world);
    let slow = SlowStore::of_lock();
    let oauth = hosted(&world).store(slow.hooked.clone()).build_for(SERVER).unwrap();
    let login = oauth.begin_login().await.unwrap();
    let answer = world.log_in(login.url());
    slow.is_slow.store(true, Ordering::SeqCst);
    let (finished, ()) = tokio::join!(login.finish(&answer), async {
        slow.gate.arrived(1).await;
        oauth.logout().await.unwrap();
        slow.gate.open(1);
    });
    assert_eq!(finished.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(revoked(&world), ["refresh-1", "access-1"]);
    let next = hosted(&world).store(slow.hooked.memory).build_for(SERVER).unwrap();
    assert_eq!(next.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test]
async fn a_refresh_that_waits_for_the_lock_during_a_log_out_sends_nothing() {
    // The log-out is that of the same authorizer, or of another process.
    for is_same in [true, false] {
        let world = World::new();
        let slow = SlowStore::of_lock();
        let oauth = hosted(&world).store(slow.hooked.clone()).build_for(SERVER).unwrap();
        let other = hosted(&world).store(slow.hooked.memory.clone()).build_for(SERVER).unwrap();
        log_in(&world, &oauth).await;
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        slow.is_slow.store(true, Ordering::SeqCst);
        let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
            slow.gate.arrived(1).await;
            let logs_out = if is_same { &oauth } else { &other };
            logs_out.logout().await.unwrap();
            slow.gate.open(1);
        });
        let expected = if is_same { ErrorKind::Denied } else { ErrorKind::LoginRequired };
        assert_eq!(called.unwrap_err().kind(), expected);
        assert!(world.grants("refresh_token").is_empty());
        assert_eq!(other.status().await.unwrap(), LoginStatus::LoggedOut);
    }
}

#[tokio::test]
async fn a_user_who_has_logged_out_is_not_asked_by_what_began_before() {
    let world = World::new();
    let slow = SlowStore::of_lock();
    let oauth = world.oauth().store(slow.hooked.clone()).build_for(SERVER).unwrap();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    slow.is_slow.store(true, Ordering::SeqCst);
    let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
        slow.gate.arrived(1).await;
        oauth.logout().await.unwrap();
        slow.gate.open(1);
    });
    assert_eq!(called.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn a_refresh_without_a_lock_removes_its_own_token_alone_after_a_log_out() {
    for waits_before in [true, false] {
        let world = World::new();
        revokes(&world);
        let slow = SlowStore::new(Operation::Save, waits_before);
        let store = slow.hooked.clone().without_locks();
        let other = hosted(&world).store(store.memory.clone()).build_for(SERVER).unwrap();
        let oauth = hosted(&world).store(store).build_for(SERVER).unwrap();
        log_in(&world, &oauth).await;
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        slow.is_slow.store(true, Ordering::SeqCst);
        let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
            slow.gate.arrived(1).await;
            oauth.logout().await.unwrap();
            if !waits_before {
                log_in(&world, &other).await;
            }
            slow.gate.open(1);
        });
        assert_eq!(called.unwrap_err().kind(), ErrorKind::Denied);
        let is_logged_in = other.status().await.unwrap() != LoginStatus::LoggedOut;
        assert_eq!(is_logged_in, !waits_before);
        let expected: &[&str] = match waits_before {
            true => &["refresh-1", "access-1", "refresh-2", "access-2"],
            false => &["refresh-2", "access-2"],
        };
        assert_eq!(revoked(&world), expected);
    }
}

#[tokio::test]
async fn a_log_in_that_waits_for_its_user_ends_with_a_log_out() {
    let world = World::new();
    let (gate, user) = (Gate::new(), world.clone());
    let visits = gate.clone();
    let oauth = bound(world.oauth().redirect(REDIRECT, move |url| {
        let (visits, user) = (visits.clone(), user.clone());
        async move {
            visits.wait().await;
            Ok(user.log_in(&url))
        }
    }));
    let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
        gate.arrived(1).await;
        oauth.logout().await.unwrap();
    });
    assert_eq!(called.unwrap_err().kind(), ErrorKind::Denied);
    // The next call does not wait for the old log-in.
    let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
        gate.arrived(2).await;
        gate.open(2);
    });
    assert_eq!(called.unwrap(), 200);
    assert_eq!(world.logins().len(), 1, "the first user did not return");
}

#[tokio::test]
async fn a_log_in_that_waits_for_its_user_ends_with_its_authorizer() {
    let world = World::new();
    let gate = Gate::new();
    let visits = gate.clone();
    let oauth = bound(world.oauth().redirect(REDIRECT, move |_| {
        let visits = visits.clone();
        async move {
            visits.wait().await;
            Err("no gate is opened".into())
        }
    }));
    tokio::select! {
        _ = world.call(&oauth, "a") => panic!("the user does not return"),
        () = gate.arrived(1) => {}
    }
    drop(oauth);
    gate.dropped(1).await;
}

#[tokio::test]
async fn a_log_out_does_what_it_can_without_the_lock() {
    let world = World::new();
    revokes(&world);
    let store = MemoryStore::new();
    log_in(&world, &hosted(&world).store(store.clone()).build_for(SERVER).unwrap()).await;
    let store = HookedStore::failing(&store, Operation::Lock, "locked by another program");
    let oauth = hosted(&world).store(store).build_for(SERVER).unwrap();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(oauth.logout().await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(revoked(&world), ["refresh-1", "access-1"]);
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test]
async fn a_call_during_a_log_out_does_not_take_the_token_back() {
    let world = World::new();
    let slow = SlowStore::of_lock();
    let oauth = hosted(&world).store(slow.hooked.clone()).build_for(SERVER).unwrap();
    log_in(&world, &oauth).await;
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    slow.is_slow.store(true, Ordering::SeqCst);
    let (out, ()) = tokio::join!(oauth.logout(), async {
        slow.gate.arrived(1).await;
        // It finds the token in the store.
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        slow.gate.open(1);
    });
    out.unwrap();
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::LoginRequired);
}

#[tokio::test]
async fn a_log_out_ends_the_log_in_of_another_process_with_another_client_too() {
    let world = World::new();
    revokes(&world);
    let store = MemoryStore::new();
    let oauth = |client| {
        let client = RegisteredClient::new(client);
        hosted(&world).store(store.clone()).client(client).build_for(SERVER).unwrap()
    };
    let (one, two) = (oauth("one"), oauth("two"));
    log_in(&world, &one).await;
    assert_eq!(world.call(&one, "a").await.unwrap(), 200);
    log_in(&world, &two).await;
    one.logout().await.unwrap();
    assert_eq!(revoked(&world), ["refresh-1", "access-1", "refresh-2", "access-2"]);
    for oauth in [two, oauth("two")] {
        assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    }
}

#[tokio::test]
async fn the_tokens_of_a_client_that_is_registered_again_do_not_stay() {
    let world = World::new();
    let registrations = std::sync::atomic::AtomicUsize::new(0);
    world.route("https://as.example.com/register", move |_, sent| {
        let number = registrations.fetch_add(1, Ordering::SeqCst);
        let mut answer = sent.json();
        answer["client_id"] = serde_json::json!(format!("client-{number}"));
        Answer { status: 201, ..Answer::json(answer) }
    });
    let store = MemoryStore::new();
    let oauth = hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let mut entries = Vec::new();
    for _ in 0..3 {
        log_in(&world, &oauth).await;
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        entries.push(format!("{store:?}"));
        oauth.begin_login().await.unwrap().abort().await; // The next one registers again.
    }
    let clients: Vec<_> = world.logins().iter().map(|it| it.field("client_id").unwrap()).collect();
    assert_eq!(clients, ["client-0", "client-1", "client-2"]);
    assert_eq!(entries, vec!["MemoryStore { entries: 4, .. }"; 3]);
}

#[tokio::test(start_paused = true)]
async fn tokens_stay_usable_though_a_user_does_not_return_from_another_log_in() {
    let world = World::new();
    let store = MemoryStore::new();
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    world.resource(|world, token, operation| match token {
        Some(token) if world.is_valid(token) && operation == "a" => (200, None),
        Some(token) if world.is_valid(token) => {
            (403, Some(r#"Bearer error="insufficient_scope", scope="more""#.to_owned()))
        }
        _ => (401, Some(format!(r#"Bearer resource_metadata="{PRM}""#))),
    });
    let never = |_| async { std::future::pending().await };
    let steps_up = bound(world.oauth().store(store.clone()).redirect(REDIRECT, never));
    assert_eq!(world.call(&steps_up, "b").await.unwrap_err().kind(), ErrorKind::TimedOut);
    let next = bound(world.oauth().store(store));
    assert_eq!(world.call(&next, "a").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 1);
}
