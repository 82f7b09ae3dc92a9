//! Records which calls the server executed and how each call ended, and checks them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use mcp_client::{Error, ErrorKind};

use super::TOTAL;

/// What a call requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    /// A tool that answers immediately.
    Echo,
    /// A tool that reports progress.
    Talk,
    /// A tool that elicits a form.
    Confirm,
    /// A resource, which the server may read twice for one call.
    Read,
}

impl CallKind {
    pub(super) fn tool(self) -> Option<&'static str> {
        match self {
            Self::Echo => Some("echo"),
            Self::Talk => Some("talk"),
            Self::Confirm => Some("confirm"),
            Self::Read => None,
        }
    }
}

struct EndedCall {
    nonce: u64,
    kind: CallKind,
    outcome: Result<String, Error>,
    time: Duration,
}

/// The history of a run, which the client and the server write.
#[derive(Default)]
pub(super) struct History {
    /// How often the server executed the call with each nonce.
    executed: Mutex<HashMap<u64, u32>>,
    ended: Mutex<Vec<EndedCall>>,
}

impl History {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, u32>> {
        self.executed.lock().expect("no panic")
    }

    /// Records that the server executed a call.
    pub(super) fn executed(&self, nonce: u64) {
        *self.lock().entry(nonce).or_default() += 1;
    }

    /// Records how a call ended for the client.
    pub(super) fn ended(
        &self,
        nonce: u64,
        kind: CallKind,
        outcome: Result<String, Error>,
        time: Duration,
    ) {
        self.ended.lock().expect("no panic").push(EndedCall { nonce, kind, outcome, time });
    }

    /// Checks that each call ended once, in time and with an outcome that agrees with the number of
    /// its executions.
    pub(super) fn check(&self, calls: u64) -> Result<(), String> {
        let (executed, ended) = (self.lock(), self.ended.lock().expect("no panic"));
        let mut nonces: Vec<_> = ended.iter().map(|call| call.nonce).collect();
        nonces.sort_unstable();
        if nonces != (0..calls).collect::<Vec<_>>() {
            return Err(format!("each call must end once; {} calls ended", nonces.len()));
        }
        for EndedCall { nonce, kind, outcome, time } in &*ended {
            let times = executed.get(nonce).copied().unwrap_or_default();
            let wrong = |what: &str| {
                Err(format!("call {nonce} ({kind:?}) {what}; executed {times} times: {outcome:?}"))
            };
            // The clock advances by whole ticks of the simulation.
            if *time > TOTAL + Duration::from_millis(100) {
                return wrong(&format!("took {time:?}"));
            }
            if times > 1 {
                return wrong("was executed twice");
            }
            let is_tool = kind.tool().is_some();
            match outcome {
                Ok(text) if *text != nonce.to_string() => {
                    return wrong("received the answer to another call");
                }
                Ok(_) if is_tool && times != 1 => {
                    return wrong("was answered without an execution");
                }
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::Timeout => {}
                    ErrorKind::OutcomeUnknown if is_tool => {}
                    // The client reports that nothing happened; or the server does, if it lost the
                    // session of the call twice.
                    ErrorKind::Transport | ErrorKind::Peer if times == 0 => {}
                    _ => return wrong("ended with an outcome that is not allowed"),
                },
            }
        }
        let succeeded = ended.iter().filter(|call| call.outcome.is_ok()).count();
        if succeeded < ended.len() / 4 {
            return Err(format!(
                "only {succeeded} calls succeeded; the faults leave too little time"
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut outcomes: HashMap<String, u32> = HashMap::new();
        for call in self.ended.lock().expect("no panic").iter() {
            let outcome = call
                .outcome
                .as_ref()
                .err()
                .map_or_else(|| "answered".to_owned(), |error| format!("{:?}", error.kind()));
            *outcomes.entry(outcome).or_default() += 1;
        }
        f.debug_map().entries(outcomes).finish()
    }
}
