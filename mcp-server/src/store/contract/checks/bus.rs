//! Messages between instances, values for one of them, and which are alive.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::support::{LONG, RACERS, SHORT, handle, open_two, poll, race, soon};
use crate::store::bus::{BusEvent, MAX_BUS_MESSAGE_BYTES, MessageBus};
use crate::store::contract::fixture::StoreFixture;

/// The message that ends what a check reads.
const END: &str = "end of the check";

/// Number of messages of each racer, when a reader is slow.
const FLOOD: u64 = 50;

async fn publish(bus: &impl MessageBus, message: impl Into<Bytes>) {
    bus.publish(message.into()).await.expect("the message is sent");
}

/// Returns the messages before [`END`], each once. `None` if the reader has missed some.
async fn until_end(mut messages: BoxStream<'static, BusEvent>) -> Option<Vec<Bytes>> {
    let (mut read, mut known) = (Vec::new(), HashSet::new());
    let mut has_missed = false;
    loop {
        let event = soon("a message arrives", messages.next()).await;
        match event.expect("the messages do not end") {
            BusEvent::Missed => has_missed = true,
            BusEvent::Message(message) if message == END => {
                return (!has_missed).then_some(read);
            }
            BusEvent::Message(message) => {
                if known.insert(message.clone()) {
                    read.push(message);
                }
            }
        }
    }
}

/// All readers of all handles receive the messages of all handles, also those of their own, in the
/// same order.
pub async fn every_reader_receives_every_message_in_one_order<F>(fixture: &F)
where
    F: StoreFixture<Store: MessageBus>,
{
    let handles = open_two(fixture).await;
    publish(&*handles[0], "before").await;
    let readers: Vec<_> =
        (0..4).map(|number| tokio::spawn(until_end(handle(&handles, number).messages()))).collect();
    race(|number| {
        let bus = handle(&handles, number);
        async move {
            for message in 0..8 {
                publish(&*bus, format!("{number} {message}")).await;
            }
        }
    })
    .await;
    publish(&*handles[1], END).await;
    let mut orders = Vec::new();
    for reader in readers {
        let read = reader.await.expect("the reader does not panic");
        let mut read = read.expect("a reader that reads misses nothing");
        // It may receive messages that were sent before it asked.
        read.retain(|message| message != "before");
        orders.push(read);
    }
    for order in &orders {
        let mut next = [0; RACERS as usize];
        for message in order {
            let text = std::str::from_utf8(message).expect("text");
            let (number, index) = text.split_once(' ').expect("two numbers");
            let number: usize = number.parse().expect("a number");
            assert_eq!(index, next[number].to_string(), "the order of the messages of {number}");
            next[number] += 1;
        }
        assert_eq!(next, [8; RACERS as usize], "messages are missing");
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "the orders differ");
}

/// A message whose sending completed comes before one that is sent afterwards by another handle.
pub async fn messages_of_two_handles_keep_their_order<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    let readers = [handles[0].messages(), handles[1].messages(), handles[1].messages()];
    for number in 0..200 {
        publish(&*handle(&handles, number), number.to_string()).await;
    }
    publish(&*handles[0], END).await;
    for reader in readers {
        let read = until_end(reader).await.expect("a reader that reads misses nothing");
        assert!(read.into_iter().eq((0..200).map(|number| number.to_string())), "another order");
    }
}

/// Messages may be empty, any bytes, and of the greatest length.
pub async fn messages_of_any_kind_arrive<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let [bus, second] = open_two(fixture).await;
    let reader = second.messages();
    let all: Bytes = (0..=255).collect();
    let longest = Bytes::from(vec![7; MAX_BUS_MESSAGE_BYTES]);
    let kinds = [Bytes::new(), all, longest, Bytes::from_static(b"\r\n*1\r\n")];
    for message in &kinds {
        publish(&*bus, message.clone()).await;
    }
    publish(&*bus, END).await;
    let read = until_end(reader).await.expect("a reader that reads misses nothing");
    assert!(read == kinds, "other messages arrive");
}

/// A message that is longer is refused, and does not arrive.
pub async fn a_message_that_is_too_long_is_refused<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let [bus, second] = open_two(fixture).await;
    let reader = second.messages();
    let refused = bus.publish(vec![7; MAX_BUS_MESSAGE_BYTES + 1].into()).await;
    let error = refused.expect_err("the message is too long").to_string();
    assert!(error.contains("MAX_BUS_MESSAGE_BYTES"), "the error does not name the limit: {error}");
    publish(&*bus, END).await;
    assert_eq!(until_end(reader).await, Some(vec![]));
}

/// A reader that does not read holds up neither the senders nor other readers. When it reads, it
/// has every message, or learns that it has missed some, and continues.
pub async fn a_slow_reader_learns_that_it_missed_messages<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    let slow = handles[0].messages();
    let mut next = handles[0].messages();
    race(|number| {
        let bus = handle(&handles, number);
        async move {
            for message in 0..FLOOD {
                publish(&*bus, format!("{number} {message}")).await;
            }
        }
    })
    .await;
    publish(&*handles[0], END).await;
    if let Some(read) = until_end(slow).await {
        assert_eq!(read.len() as u64, RACERS * FLOOD, "messages are missing, without `Missed`");
    }
    publish(&*handles[1], "next").await;
    let continues = async {
        while next.next().await.expect("the messages do not end")
            != BusEvent::Message(Bytes::from_static(b"next"))
        {}
    };
    soon("the messages continue", continues).await;
}

async fn put(bus: &impl MessageBus, key: &str, value: impl Into<Bytes>, ttl: Duration) {
    bus.put(key, value.into(), ttl).await.expect("the value is left");
}

async fn take(bus: &impl MessageBus, key: &str) -> Option<Bytes> {
    bus.take(key).await.expect("the value is taken")
}

/// A value is taken once, by any handle. A later value replaces it.
pub async fn a_value_is_taken_once<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let [bus, second] = open_two(fixture).await;
    assert_eq!(take(&*bus, "key").await, None);
    for round in 0..10 {
        put(&*bus, "key", format!("value {round}"), LONG).await;
        assert_eq!(take(&*second, "key").await, Some(format!("value {round}").into()));
        for bus in [&bus, &second] {
            assert_eq!(take(&**bus, "key").await, None);
        }
    }
    put(&*bus, "key", "first", LONG).await;
    put(&*second, "key", "second", LONG).await;
    put(&*second, "another", "third", LONG).await;
    assert_eq!(take(&*bus, "key").await, Some("second".into()));
    assert_eq!(take(&*bus, "key").await, None);
    assert_eq!(take(&*bus, "another").await, Some("third".into()));
}

/// Racing takers of one value: one receives it.
pub async fn of_64_takers_of_one_value_one_receives_it<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    for round in 0..5 {
        put(&*handles[0], "key", format!("value {round}"), LONG).await;
        let taken = race(|number| {
            let bus = handle(&handles, number);
            async move { take(&*bus, "key").await }
        });
        let taken: Vec<_> = taken.await.into_iter().flatten().collect();
        assert_eq!(taken, [format!("value {round}")]);
    }
}

/// Keys are any text, and values any bytes, also long ones.
pub async fn values_and_their_keys_may_be_anything<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let [bus, second] = open_two(fixture).await;
    let keys = ["", "a", "A", "a:b", "{a}", "}{", "*", "é\u{0}\n"];
    let all: Bytes = (0..=255).collect();
    let values = [Bytes::new(), all, Bytes::from(vec![9; 2 << 20]), Bytes::from_static(b"1")];
    let values = values.iter().cycle();
    for (key, value) in keys.into_iter().zip(values.clone()) {
        put(&*bus, key, value.clone(), LONG).await;
    }
    for (key, value) in keys.into_iter().zip(values) {
        assert!(take(&*second, key).await.as_ref() == Some(value), "another value of {key:?}");
    }
}

async fn announce(bus: &impl MessageBus, instance: &str, ttl: Duration) {
    bus.announce(instance, ttl).await.expect("the announcement is answered");
}

async fn is_alive(bus: &impl MessageBus, instance: &str) -> bool {
    bus.is_alive(instance).await.expect("an answer")
}

/// Waits until what was left with a time of [`SHORT`] before has expired, by the clock of the bus.
async fn outlast(bus: &impl MessageBus) {
    announce(bus, "clock", SHORT).await;
    poll("the time passes", || async { (!is_alive(bus, "clock").await).then_some(()) }).await;
}

/// A value can be taken within its time, and not afterwards.
pub async fn a_value_is_deleted_after_its_time<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let [bus, second] = open_two(fixture).await;
    put(&*bus, "long", "kept", LONG).await;
    put(&*bus, "short", "deleted", SHORT).await;
    put(&*bus, "shorter", "replaced", LONG).await;
    put(&*bus, "shorter", "deleted", SHORT).await;
    put(&*bus, "longer", "replaced", SHORT).await;
    put(&*bus, "longer", "kept", LONG).await;
    put(&*bus, "none", "replaced", LONG).await;
    put(&*bus, "none", "deleted", Duration::ZERO).await;
    assert_eq!(take(&*second, "none").await, None);
    let begin = Instant::now();
    put(&*bus, "early", "kept", SHORT).await;
    let early = take(&*second, "early").await;
    assert!(early.is_some() || begin.elapsed() >= SHORT, "deleted early");
    outlast(&*bus).await;
    for (key, value) in [("long", true), ("longer", true), ("short", false), ("shorter", false)] {
        let expected = value.then(|| Bytes::from_static(b"kept"));
        assert_eq!(take(&*second, key).await, expected, "{key}");
    }
}

/// An instance is alive until the time of its last announcement has passed.
pub async fn an_instance_is_alive_until_its_time_has_passed<F: StoreFixture<Store: MessageBus>>(
    fixture: &F,
) {
    let [bus, second] = open_two(fixture).await;
    assert!(!is_alive(&*second, "one").await);
    announce(&*bus, "one", LONG).await;
    assert!(is_alive(&*second, "one").await);
    assert!(!is_alive(&*second, "two").await);
    announce(&*bus, "two", SHORT).await;
    announce(&*bus, "two", LONG).await;
    let begin = Instant::now();
    announce(&*bus, "one", SHORT).await;
    poll("the time passes", || async { (!is_alive(&*second, "one").await).then_some(()) }).await;
    assert!(begin.elapsed() >= SHORT, "it ended after {:?}", begin.elapsed());
    assert!(is_alive(&*second, "two").await, "a later announcement counts");
    announce(&*second, "one", LONG).await;
    assert!(is_alive(&*bus, "one").await);
}

/// An instance that announces no time is not alive.
pub async fn an_instance_that_stops_is_not_alive<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let [bus, second] = open_two(fixture).await;
    announce(&*bus, "one", LONG).await;
    announce(&*bus, "two", LONG).await;
    announce(&*bus, "one", Duration::ZERO).await;
    assert!(!is_alive(&*second, "one").await);
    assert!(is_alive(&*second, "two").await);
    announce(&*bus, "one", Duration::ZERO).await;
    assert!(!is_alive(&*bus, "one").await);
}

/// A time may be longer than the clock of the bus can represent.
pub async fn a_time_of_any_length_is_accepted<F: StoreFixture<Store: MessageBus>>(fixture: &F) {
    let [bus, second] = open_two(fixture).await;
    for ttl in [Duration::MAX, LONG + Duration::from_nanos(1)] {
        announce(&*bus, "one", ttl).await;
        assert!(is_alive(&*second, "one").await);
        put(&*bus, "key", "value", ttl).await;
        assert!(take(&*second, "key").await.is_some());
    }
    // The shortest one, which has passed when it is answered.
    announce(&*bus, "one", Duration::from_nanos(1)).await;
    put(&*bus, "key", "value", Duration::from_nanos(1)).await;
    take(&*second, "key").await;
}
