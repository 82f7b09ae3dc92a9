//! The first call of a connection: whether the server can be used, and where a stream ends.

use std::sync::LazyLock;

use redis::aio::ConnectionLike;

use super::keys::Keys;
use super::link::failure;
use super::reply;
use super::script::Script;
use crate::store::task::StoreError;

/// The version of the layout of keys and fields, as in `lua/common.lua`.
const FORMAT: &str = "1";

static OPEN: LazyLock<Script> =
    LazyLock::new(|| Script::without_flags(include_str!("lua/open.lua")));

/// A stream that a store reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamName {
    /// The changes of tasks.
    Feed,
    /// The messages between instances.
    #[cfg(feature = "http")]
    Bus,
}

impl StreamName {
    pub(super) const fn key(self, keys: &Keys) -> &String {
        match self {
            Self::Feed => &keys.feed,
            #[cfg(feature = "http")]
            Self::Bus => &keys.bus,
        }
    }

    /// The field of `meta` with the first half of its ids.
    const fn epoch_field(self) -> &'static str {
        match self {
            Self::Feed => "epoch",
            #[cfg(feature = "http")]
            Self::Bus => "bus_epoch",
        }
    }
}

/// A position in a stream. All ids of a stream have the same epoch, and consecutive numbers from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamPosition {
    pub(super) epoch: u64,
    pub(super) number: u64,
}

impl StreamPosition {
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let position = text.split_once('-').and_then(|(epoch, number)| {
            Some(Self { epoch: epoch.parse().ok()?, number: number.parse().ok()? })
        });
        position.ok_or_else(|| {
            StoreError::invalid(format_args!("`{text}` is not the id of an entry of a stream"))
        })
    }

    pub(super) const fn next(self) -> Self {
        Self { epoch: self.epoch, number: self.number + 1 }
    }
}

/// What a connection must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    /// Identifies the run of the server. It changes with a restart and with a failover, which may
    /// both lose changes.
    pub(super) run: String,
    /// Where the stream ends.
    pub(super) end: StreamPosition,
    /// What the server removes when its memory is full.
    pub(super) eviction: String,
}

impl Opening {
    /// Asks the server. Fails if it cannot be used.
    pub(super) async fn ask(
        connection: &mut impl ConnectionLike,
        keys: &Keys,
        stream: StreamName,
    ) -> Result<Self, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(&OPEN.code).arg(keys.of_every_script().len() + 1);
        command.arg(&keys.of_every_script()).arg(stream.key(keys)).arg(stream.epoch_field());
        let answer = command.query_async(connection).await;
        let values = reply::array::<6>(answer.map_err(|error| failure(&error))?)?;
        let [version, run, role, eviction, format, end] = values;

        let role = reply::text(role)?;
        if role.is_empty() {
            return Err(StoreError::unavailable(format_args!(
                "the server is Redis {}; version 7 or later is required",
                reply::text(version)?
            )));
        }
        if &*role != "master" {
            return Err(StoreError::unavailable(format_args!(
                "the server is a replica (role `{role}`); connect to the primary"
            )));
        }
        let format = reply::text(format)?;
        if &*format != FORMAT {
            return Err(StoreError::invalid(format_args!(
                "the keys `{}*` have format {format}, and this version of the SDK reads format \
                 {FORMAT}; update it, or use another key prefix",
                keys.base
            )));
        }
        Ok(Self {
            run: reply::text(run)?.to_string(),
            end: StreamPosition::parse(&reply::text(end)?)?,
            eviction: reply::text(eviction)?.to_string(),
        })
    }
}
