//! What was asked, what was carried out, and how each call ended: all that the check needs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use mcp_client::{Error, ErrorKind};

use super::TOTAL;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A tool that answers at once.
    Echo,
    /// A tool that reports progress.
    Talk,
    /// A tool that asks the user.
    Confirm,
    /// A resource, which may be read twice.
    Read,
}

impl Asked {
    pub(super) fn tool(self) -> Option<&'static str> {
        match self {
            Self::Echo => Some("echo"),
            Self::Talk => Some("talk"),
            Self::Confirm => Some("confirm"),
            Self::Read => None,
        }
    }
}

struct Ended {
    nonce: u64,
    asked: Asked,
    answer: Result<String, Error>,
    time: Duration,
}

/// Both sides write it.
#[derive(Default)]
pub(super) struct History {
    executed: Mutex<HashMap<u64, u32>>,
    ended: Mutex<Vec<Ended>>,
}

impl History {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, u32>> {
        self.executed.lock().expect("no panic")
    }

    /// The server did it.
    pub(super) fn executed(&self, nonce: u64) {
        *self.lock().entry(nonce).or_default() += 1;
    }

    /// The client has its answer, or knows that there is none.
    pub(super) fn ended(
        &self,
        nonce: u64,
        asked: Asked,
        answer: Result<String, Error>,
        time: Duration,
    ) {
        self.ended.lock().expect("no panic").push(Ended { nonce, asked, answer, time });
    }

    /// Whether all went as it must.
    pub(super) fn check(&self, calls: u64) -> Result<(), String> {
        let (executed, ended) = (self.lock(), self.ended.lock().expect("no panic"));
        let mut nonces: Vec<_> = ended.iter().map(|call| call.nonce).collect();
        nonces.sort_unstable();
        if nonces != (0..calls).collect::<Vec<_>>() {
            return Err(format!("not every call ended once: {} ended", nonces.len()));
        }
        for Ended { nonce, asked, answer, time } in &*ended {
            let times = executed.get(nonce).copied().unwrap_or_default();
            let wrong = |what: &str| {
                Err(format!("{nonce} ({asked:?}): {what}, {times} times done: {answer:?}"))
            };
            // A tick of the simulation is the clock's grain.
            if *time > TOTAL + Duration::from_millis(100) {
                return wrong(&format!("took {time:?}"));
            }
            if times > 1 {
                return wrong("done twice");
            }
            let is_tool = asked.tool().is_some();
            match answer {
                Ok(text) if *text != nonce.to_string() => {
                    return wrong("the answer to another call");
                }
                Ok(_) if is_tool && times != 1 => return wrong("answered and not done"),
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::Timeout => {}
                    ErrorKind::OutcomeUnknown if is_tool => {}
                    // Nothing happened, says the client; or the server, where it forgot the session
                    // of one call twice.
                    ErrorKind::Transport | ErrorKind::Peer if times == 0 => {}
                    _ => return wrong("ended in a way that it must not"),
                },
            }
        }
        let succeeded = ended.iter().filter(|call| call.answer.is_ok()).count();
        if succeeded < ended.len() / 4 {
            return Err(format!("only {succeeded} calls succeeded: the network was no network"));
        }
        Ok(())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut endings: HashMap<String, u32> = HashMap::new();
        for call in self.ended.lock().expect("no panic").iter() {
            let ending = call
                .answer
                .as_ref()
                .err()
                .map_or_else(|| "answered".to_owned(), |error| format!("{:?}", error.kind()));
            *endings.entry(ending).or_default() += 1;
        }
        f.debug_map().entries(endings).finish()
    }
}
