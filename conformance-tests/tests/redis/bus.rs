//! Messages between instances, whose server or connection breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::BoxStream;
use mcp_server::store::{BusEvent, MessageBus as _, RedisStore};

use crate::proxy::{Mode, Proxy};
use crate::server::{Connect as _, RedisServer};
use crate::session::{message, next, publish};

const END: &str = "end";

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn all_readers_of_a_store_share_one_connection_which_opens_with_the_first() {
    let server = RedisServer::start();
    let clients = || server.command("CLIENT LIST TYPE normal").matches("id=").count();
    let store = server.store().await;
    assert_eq!(clients(), 3);
    publish(&store, "before").await;
    assert_eq!(clients(), 3);
    let mut readers = [store.messages(), store.messages(), store.clone().messages()];
    publish(&store, "after").await;
    for reader in &mut readers {
        assert_eq!(next(reader).await, message("before"));
        assert_eq!(next(reader).await, message("after"));
    }
    // One that begins while the connection is there.
    let mut late = store.messages();
    publish(&store, "late").await;
    assert_eq!(next(&mut late).await, message("late"));
    assert_eq!(clients(), 4);
    drop(store);
    while clients() > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(futures::future::poll_immediate(futures::StreamExt::next(&mut late)).await.is_none());
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_instance_that_was_disconnected_catches_up() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let reader = RedisStore::connect(&proxy.url()).await.expect("a store");
    let writer = server.store().await;
    let mut messages = reader.messages();
    publish(&writer, "first").await;
    assert_eq!(next(&mut messages).await, message("first"));
    proxy.set(Mode::Cut);
    for number in 0..500 {
        publish(&writer, &number.to_string()).await;
    }
    proxy.set(Mode::Pass);
    for number in 0..500 {
        assert_eq!(next(&mut messages).await, message(&number.to_string()));
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_instance_that_was_disconnected_for_too_long_learns_that_it_missed_messages() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let connect = async |url: &str| {
        RedisStore::builder(url).max_bus_entries(100).connect().await.expect("a store")
    };
    let (reader, writer) = (connect(&proxy.url()).await, connect(&server.url()).await);
    let mut messages = reader.messages();
    publish(&writer, "first").await;
    assert_eq!(next(&mut messages).await, message("first"));
    proxy.set(Mode::Cut);
    for number in 0..1_000 {
        publish(&writer, &number.to_string()).await;
    }
    proxy.set(Mode::Pass);
    assert_eq!(next(&mut messages).await, BusEvent::Missed);
    // Redis removes whole nodes of 100 entries.
    let length = server.command("XLEN {mcp}:bus");
    let length: usize = length.trim_matches([':', '\r', '\n']).parse().expect("a number");
    assert!((100..=200).contains(&length), "{length}");
    for number in 1_000 - length..1_000 {
        assert_eq!(next(&mut messages).await, message(&number.to_string()));
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_reader_that_begins_late_has_what_was_sent_since_the_store_was_opened_or_missed_it() {
    let server = RedisServer::start();
    let builder = RedisStore::builder(&server.url()).max_bus_entries(100);
    let (late, writer) = (builder.connect().await.expect("a store"), server.store().await);
    for number in 0..50 {
        publish(&writer, &number.to_string()).await;
    }
    let mut messages = late.messages();
    for number in 0..50 {
        assert_eq!(next(&mut messages).await, message(&number.to_string()));
    }
    let trimming = server.store().await;
    for number in 0..500 {
        publish(&late, &number.to_string()).await;
    }
    let mut messages = trimming.messages();
    assert_eq!(next(&mut messages).await, BusEvent::Missed);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn after_the_keys_were_deleted_messages_are_missed_once() {
    let server = RedisServer::start();
    let store = server.store().await;
    let mut messages = store.messages();
    publish(&store, "a").await;
    assert_eq!(next(&mut messages).await, message("a"));
    assert_eq!(server.command("FLUSHALL"), "+OK\r\n");
    publish(&store, "b").await;
    publish(&store, "c").await;
    for expected in [BusEvent::Missed, message("b"), message("c")] {
        assert_eq!(next(&mut messages).await, expected);
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_entry_that_cannot_be_read_is_missed_and_the_next_ones_are_read() {
    let server = RedisServer::start();
    let store = server.store().await;
    let mut messages = store.messages();
    publish(&store, "a").await;
    assert_eq!(next(&mut messages).await, message("a"));
    let epoch = server.command("HGET {mcp}:meta bus_epoch");
    let epoch = epoch.lines().nth(1).expect("an epoch");
    server.command(&format!("XADD {{mcp}}:bus {epoch}-* message b kind later"));
    publish(&store, "c").await;
    assert_eq!(next(&mut messages).await, BusEvent::Missed);
    assert_eq!(next(&mut messages).await, message("c"));
}

/// Reads until the last message.
async fn read(mut messages: BoxStream<'static, BusEvent>) -> Vec<BusEvent> {
    let mut read = Vec::new();
    loop {
        match next(&mut messages).await {
            event if event == message(END) => return read,
            event => read.push(event),
        }
    }
}

/// Sends numbers until it is stopped. Returns those that were acknowledged.
async fn send(
    store: RedisStore,
    stop: Arc<AtomicBool>,
    sent: tokio::sync::watch::Sender<u64>,
) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        match store.publish(number.to_string().into()).await {
            Ok(()) => {
                acknowledged.push(number);
                sent.send_modify(|count| *count += 1);
            }
            Err(_) => tokio::task::yield_now().await,
        }
    }
    acknowledged
}

/// Kills the server several times while an instance sends, and checks what others receive.
async fn kill_and_check(settings: &[(&str, &str)]) {
    let mut server = RedisServer::with_settings(settings);
    let sender = server.store().await;
    let receiver = server.store().await;
    let readers: Vec<_> = [receiver.messages(), receiver.messages(), sender.messages()]
        .into_iter()
        .map(|messages| tokio::spawn(read(messages)))
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let (count, mut counted) = tokio::sync::watch::channel(0);
    let sending = tokio::spawn(send(sender.clone(), Arc::clone(&stop), count));
    for round in 0..4 {
        let enough = *counted.borrow() + 100;
        counted.wait_for(|sent| *sent >= enough).await.expect("messages are sent");
        if round < 3 {
            tokio::task::block_in_place(|| {
                server.kill();
                server.start_again();
            });
        }
    }
    stop.store(true, Ordering::Relaxed);
    let acknowledged = sending.await.expect("the sender does not panic");
    // Readers may still have to connect. What they do not see then, they have missed.
    let end = async {
        loop {
            publish(&sender, END).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let readers = futures::future::join_all(readers);
    let readers = tokio::select! {
        readers = readers => readers,
        () = end => unreachable!("it does not end"),
    };
    for events in readers {
        let events = events.expect("the reader does not panic");
        // The server may be killed again before a reader connects.
        assert!(events.contains(&BusEvent::Missed), "a restart is not noticed");
        let mut is_first = true;
        for run in events.split(|event| *event == BusEvent::Missed) {
            let numbers: Vec<u64> = run
                .iter()
                .map(|event| match event {
                    BusEvent::Message(text) => {
                        std::str::from_utf8(text).expect("text").parse().expect("a number")
                    }
                    BusEvent::Missed => unreachable!("excluded"),
                })
                .collect();
            if std::mem::take(&mut is_first) {
                assert_eq!(numbers.first(), Some(&0), "the first messages");
            }
            let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { continue };
            // A message may arrive twice, but not after a later one.
            assert!(numbers.is_sorted(), "another order: {numbers:?}");
            for number in acknowledged.iter().filter(|number| (first..=last).contains(number)) {
                assert!(numbers.binary_search(number).is_ok(), "{number} is missing: {numbers:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn when_a_durable_server_is_killed_readers_lose_nothing_silently() {
    kill_and_check(&[("appendonly", "yes"), ("appendfsync", "always")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn when_a_server_without_persistence_is_killed_readers_lose_nothing_silently() {
    kill_and_check(&[]).await;
}
