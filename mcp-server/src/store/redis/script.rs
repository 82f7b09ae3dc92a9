//! The scripts, and their calls.
//!
//! Redis 7 reads flags in the first line of a script. With them it checks before the script begins
//! whether it may write, so that a full memory or a broken disk cannot stop a script in its middle.

use bytes::Bytes;
use redis::{Cmd, ToRedisArgs};

use super::keys::Keys;

const COMMON: &str = include_str!("lua/common.lua");

/// A script, and the digest by which Redis knows it.
pub(super) struct Script {
    pub(super) code: String,
    digest: String,
}

impl Script {
    /// A script that needs more memory.
    pub(super) fn growing(body: &str) -> Self {
        Self::new("#!lua\n", body)
    }

    /// A script that runs when the memory is full too: it needs hardly any, or frees some.
    pub(super) fn always(body: &str) -> Self {
        Self::new("#!lua flags=allow-oom\n", body)
    }

    pub(super) fn reading(body: &str) -> Self {
        Self::new("#!lua flags=no-writes\n", body)
    }

    /// A script that can be sent to an older server, which does not know flags.
    pub(super) fn without_flags(body: &str) -> Self {
        Self::new("", body)
    }

    fn new(flags: &str, body: &str) -> Self {
        let code = format!("{flags}{COMMON}\n{body}");
        let digest = redis::Script::new(&code).get_hash().to_owned();
        Self { code, digest }
    }
}

/// A call of a script, which can be sent again.
pub(super) struct ScriptCall {
    pub(super) script: &'static Script,
    pub(super) command: Cmd,
}

impl ScriptCall {
    /// Creates a call with the keys that every script receives, and `more` keys.
    pub(super) fn new<K: AsRef<[u8]>>(script: &'static Script, keys: &Keys, more: &[K]) -> Self {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&script.digest).arg(keys.of_every_script().len() + more.len());
        command.arg(&keys.of_every_script());
        for key in more {
            command.arg(key.as_ref());
        }
        Self { script, command }
    }

    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds an optional number; an empty string if there is none.
    pub(super) fn arg_or_empty(self, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.arg(number),
            None => self.arg(""),
        }
    }

    /// Adds optional bytes: whether there are any, and the bytes.
    pub(super) fn arg_if_some(self, bytes: Option<&[u8]>) -> Self {
        self.arg(u8::from(bytes.is_some())).arg(bytes.unwrap_or_default())
    }

    /// Adds several strings of bytes.
    pub(super) fn arg_all(mut self, all: &[Bytes]) -> Self {
        for bytes in all {
            self.command.arg(&bytes[..]);
        }
        self
    }
}
