//! How often a user is asked to log in for one operation. Spec: basic/authorization, "Step-Up
//! Authorization Flow".

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::limits::OAuthLimits;

/// Counts authorizations by operation.
#[derive(Debug, Default)]
pub(super) struct Attempts(VecDeque<Attempt>);

#[derive(Debug)]
struct Attempt {
    operation: Operation,
    count: u32,
    since: Instant,
}

/// What was refused: the method, and the tool, prompt or resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) method: Option<String>,
    pub(super) name: Option<String>,
}

impl Attempts {
    /// Counts one more authorization for an operation.
    pub(super) fn count(
        &mut self,
        operation: &Operation,
        limits: &OAuthLimits,
    ) -> Result<(), Error> {
        self.0.retain(|attempt| attempt.since.elapsed() < limits.authorization_period);
        if let Some(attempt) = self.0.iter_mut().find(|attempt| attempt.operation == *operation) {
            if attempt.count >= limits.max_authorizations {
                let message = format!(
                    "the server refuses {} after {} authorizations within {:?} \
                     (`OAuthLimits::max_authorizations`)",
                    operation.method.as_deref().unwrap_or("the stream of the session"),
                    attempt.count,
                    limits.authorization_period
                );
                return Err(Error::new(ErrorKind::InsufficientScope, message));
            }
            attempt.count += 1;
            return Ok(());
        }
        while self.0.len() >= limits.max_counted_operations.max(1) {
            self.0.pop_front();
        }
        self.0.push_back(Attempt { operation: operation.clone(), count: 1, since: Instant::now() });
        Ok(())
    }

    /// Forgets an operation: a token for it has worked, or no user was asked.
    pub(super) fn forget(&mut self, operation: &Operation) {
        self.0.retain(|attempt| attempt.operation != *operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OAuthLimits = OAuthLimits::new();

    fn operation(name: &str) -> Operation {
        Operation { method: Some("method".to_owned()), name: Some(name.to_owned()) }
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_has_so_many_attempts_within_a_period() {
        let mut attempts = Attempts::default();
        let (one, other) = (operation("one"), operation("other"));
        for _ in 0..LIMITS.max_authorizations {
            attempts.count(&one, &LIMITS).unwrap();
        }
        let error = attempts.count(&one, &LIMITS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InsufficientScope);
        attempts.count(&other, &LIMITS).unwrap();
        tokio::time::advance(LIMITS.authorization_period).await;
        attempts.count(&one, &LIMITS).unwrap();
        attempts.forget(&one);
        for _ in 0..LIMITS.max_authorizations {
            attempts.count(&one, &LIMITS).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_counted_operations_is_bounded() {
        let mut attempts = Attempts::default();
        for index in 0..2 * LIMITS.max_counted_operations {
            attempts.count(&operation(&index.to_string()), &LIMITS).unwrap();
        }
        assert_eq!(attempts.0.len(), LIMITS.max_counted_operations);
    }
}
