//! The scripts, and their calls.
//!
//! Redis 7 reads flags in the first line of a script. With them it checks before the script begins
//! whether it may write, so that a full memory or a broken disk cannot stop a script in its middle.

use std::sync::LazyLock;

use bytes::Bytes;
use redis::{Cmd, ToRedisArgs};

use super::keys::Keys;

const COMMON: &str = include_str!("lua/common.lua");

/// Needs more memory.
const GROWS: &str = "#!lua\n";
/// Runs when the memory is full too: it needs hardly any, or frees some.
const ALWAYS: &str = "#!lua flags=allow-oom\n";
const READS: &str = "#!lua flags=no-writes\n";
/// Can be sent to an older server, which does not know flags.
const NO_FLAGS: &str = "";

/// A script, and the digest by which Redis knows it.
pub(super) struct Script {
    pub(super) code: String,
    digest: String,
}

pub(super) static OPEN: LazyLock<Script> =
    LazyLock::new(|| Script::new(NO_FLAGS, include_str!("lua/open.lua")));
pub(super) static CREATE: LazyLock<Script> =
    LazyLock::new(|| Script::new(GROWS, include_str!("lua/create.lua")));
pub(super) static LOAD: LazyLock<Script> =
    LazyLock::new(|| Script::new(READS, include_str!("lua/load.lua")));
pub(super) static UPDATE: LazyLock<Script> =
    LazyLock::new(|| Script::new(GROWS, include_str!("lua/update.lua")));
pub(super) static CLAIM: LazyLock<Script> =
    LazyLock::new(|| Script::new(ALWAYS, include_str!("lua/claim.lua")));
pub(super) static CLAIM_ANY: LazyLock<Script> =
    LazyLock::new(|| Script::new(ALWAYS, include_str!("lua/claim_any.lua")));
pub(super) static RENEW: LazyLock<Script> =
    LazyLock::new(|| Script::new(ALWAYS, include_str!("lua/renew.lua")));
pub(super) static LIST: LazyLock<Script> =
    LazyLock::new(|| Script::new(READS, include_str!("lua/list.lua")));
pub(super) static SWEEP: LazyLock<Script> =
    LazyLock::new(|| Script::new(ALWAYS, include_str!("lua/sweep.lua")));

impl Script {
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
    pub(super) fn new(script: &'static Script, keys: &Keys, more: &[String]) -> Self {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&script.digest).arg(4 + more.len());
        command.arg(&[&keys.meta, &keys.leases, &keys.expiries, &keys.feed]).arg(more);
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
