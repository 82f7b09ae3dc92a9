//! Messages between instances through Redis.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use redis::{Cmd, Value};

use super::opening::StreamName;
use super::reader::StreamItem;
use super::reply;
use super::script::{Script, ScriptCall};
use super::store::{RedisStore, millis, unknown_effect};
use crate::store::bus::{BusEvent, MessageBus, check_length};
use crate::store::error::StoreError;

static PUBLISH: LazyLock<Script> =
    LazyLock::new(|| Script::growing(include_str!("lua/bus_publish.lua")));

impl StreamItem for BusEvent {
    const NAME: StreamName = StreamName::Bus;

    fn parse(fields: Value) -> Result<Self, StoreError> {
        let [_name, message] = reply::array::<2>(fields)?;
        Ok(Self::Message(reply::bytes(message)?))
    }
}

/// Returns the command that sets a key for a time, or deletes it if there is none.
fn set(key: String, value: &[u8], ttl: Duration) -> Cmd {
    let millis = millis(ttl);
    if millis == 0 {
        let mut command = redis::cmd("UNLINK");
        command.arg(key);
        return command;
    }
    let mut command = redis::cmd("SET");
    command.arg(key).arg(value).arg("PX").arg(millis);
    command
}

#[async_trait]
impl MessageBus for RedisStore {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        check_length(&message)?;
        let keys = &self.shared.keys;
        let script = ScriptCall::new(&PUBLISH, keys, &[&keys.bus])
            .arg(&message[..])
            .arg(self.shared.max_bus_entries);
        self.shared.link.call(&script).await?;
        Ok(())
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        self.shared.bus.items()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        let command = set(self.shared.keys.value(key), &value, ttl);
        self.shared.link.command(&command).await?;
        Ok(())
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.shared.keys.value(key));
        let answer = self.shared.link.command(&command).await?;
        match answer.value {
            // The first attempt may have taken it.
            Value::Nil if answer.is_repeated => Err(unknown_effect()),
            Value::Nil => Ok(None),
            value => reply::bytes(value).map(Some),
        }
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        let command = set(self.shared.keys.alive(instance), b"1", ttl);
        self.shared.link.command(&command).await?;
        Ok(())
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EXISTS");
        command.arg(self.shared.keys.alive(instance));
        Ok(reply::number(self.shared.link.read(&command).await?)? == 1)
    }
}
