//! How often somebody is asked to log in for one operation. Spec: basic/authorization, "Step-Up Authorization Flow".

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::error::{Error, ErrorKind};

/// Most authorizations for one operation within [`PERIOD`].
const MOST: u32 = 3;
/// After how long an operation is forgotten.
const PERIOD: Duration = Duration::from_secs(600);
/// Most operations that are remembered.
const MOST_OPERATIONS: usize = 256;

/// Counts authorizations by operation: the method, and the tool, prompt or resource that it is about.
#[derive(Debug, Default)]
pub(crate) struct Attempts(VecDeque<Attempt>);

#[derive(Debug)]
struct Attempt {
    operation: Operation,
    count: u32,
    since: Instant,
}

/// What was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) method: Option<String>,
    pub(crate) name: Option<String>,
}

impl Attempts {
    /// Counts one more authorization for an operation.
    pub(crate) fn count(&mut self, operation: &Operation) -> Result<(), Error> {
        self.0.retain(|attempt| attempt.since.elapsed() < PERIOD);
        if let Some(attempt) = self.0.iter_mut().find(|attempt| attempt.operation == *operation) {
            if attempt.count == MOST {
                let what = operation.method.as_deref().unwrap_or("the stream");
                let message =
                    format!("the server refuses {what} after {MOST} authorizations in a row");
                return Err(Error::new(ErrorKind::InsufficientScope, message));
            }
            attempt.count += 1;
            return Ok(());
        }
        if self.0.len() == MOST_OPERATIONS {
            self.0.pop_front();
        }
        self.0.push_back(Attempt { operation: operation.clone(), count: 1, since: Instant::now() });
        Ok(())
    }

    /// Forgets an operation: a token for it has worked, or nobody was asked.
    pub(crate) fn forget(&mut self, operation: &Operation) {
        self.0.retain(|attempt| attempt.operation != *operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str) -> Operation {
        Operation { method: Some("tools/call".to_owned()), name: Some(name.to_owned()) }
    }

    #[tokio::test(start_paused = true)]
    async fn three_times_within_ten_minutes() {
        let mut attempts = Attempts::default();
        let (one, other) = (operation("one"), operation("other"));
        for _ in 0..MOST {
            attempts.count(&one).unwrap();
        }
        assert_eq!(attempts.count(&one).unwrap_err().kind(), ErrorKind::InsufficientScope);
        attempts.count(&other).unwrap();
        tokio::time::advance(PERIOD).await;
        attempts.count(&one).unwrap();
        attempts.forget(&one);
        for _ in 0..MOST {
            attempts.count(&one).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn operations_have_a_bound() {
        let mut attempts = Attempts::default();
        for index in 0..2 * MOST_OPERATIONS {
            attempts.count(&operation(&index.to_string())).unwrap();
        }
        assert_eq!(attempts.0.len(), MOST_OPERATIONS);
    }
}
