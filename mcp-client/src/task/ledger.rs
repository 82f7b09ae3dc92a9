//! The questions of one task that were asked, by key.
//!
//! A key is never used for two questions, and never again after an answer (spec: tasks extension).
//! A state may still list a question whose answer is on its way, so the client remembers what it
//! has asked.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use mcp_core::json::canonical;
use mcp_core::text::PeerText;
use mcp_core::types::InputRequest;

#[derive(Debug)]
pub(super) struct Ledger {
    max_keys: usize,
    /// The fingerprint of each question.
    keys: HashMap<String, u64>,
    hasher: RandomState,
}

/// Why a question is not asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The key was used for another question.
    Reused(String),
    /// The task asked too many questions.
    Full(usize),
}

impl Ledger {
    pub(super) fn new(max_keys: usize) -> Self {
        Self { max_keys, keys: HashMap::new(), hasher: RandomState::new() }
    }

    /// Reserves a key for a question that is about to be asked. False if it was asked already. The
    /// key stays reserved when its answer was sent.
    pub(super) fn reserve(&mut self, key: &str, request: &InputRequest) -> Result<bool, Refused> {
        let fingerprint = self.fingerprint(request);
        match self.keys.get(key) {
            Some(known) if *known == fingerprint => Ok(false),
            Some(_) => Err(Refused::Reused(PeerText::with_max(key, 64).to_string())),
            None if self.keys.len() >= self.max_keys => Err(Refused::Full(self.max_keys)),
            None => {
                self.keys.insert(key.to_owned(), fingerprint);
                Ok(true)
            }
        }
    }

    /// The answer was refused: the question may be asked again.
    pub(super) fn release<'a>(&mut self, keys: impl Iterator<Item = &'a str>) {
        for key in keys {
            self.keys.remove(key);
        }
    }

    /// Equal for equal questions, in whichever order their members are.
    fn fingerprint(&self, request: &InputRequest) -> u64 {
        // A question that was read as JSON can be written as JSON.
        let value = serde_json::to_value(request).unwrap_or_default();
        self.hasher.hash_one(canonical(&value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::from_str;

    use super::*;

    fn question(message: &str) -> InputRequest {
        from_str(&format!(
            r#"{{"method":"elicitation/create","params":{{"message":"{message}","requestedSchema":{{"type":"object","properties":{{}}}}}}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_question_is_asked_once_until_its_key_is_released() {
        let mut ledger = Ledger::new(10);
        assert_eq!(ledger.reserve("a", &question("?")), Ok(true));
        assert_eq!(ledger.reserve("a", &question("?")), Ok(false));
        assert_eq!(ledger.reserve("a", &question("!")), Err(Refused::Reused("a".into())));
        ledger.release(["a"].into_iter());
        assert_eq!(ledger.reserve("a", &question("?")), Ok(true));
    }

    #[test]
    fn the_order_of_members_does_not_make_another_question() {
        let mut ledger = Ledger::new(10);
        let one = r#"{"method":"x/y","params":{"a":1,"b":{"c":2,"d":3}}}"#;
        let other = r#"{"params":{"b":{"d":3,"c":2},"a":1},"method":"x/y"}"#;
        assert_eq!(ledger.reserve("a", &from_str(one).unwrap()), Ok(true));
        assert_eq!(ledger.reserve("a", &from_str(other).unwrap()), Ok(false));
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        let mut ledger = Ledger::new(2);
        for key in ["a", "b", "a"] {
            assert!(ledger.reserve(key, &question("?")).is_ok());
        }
        assert_eq!(ledger.reserve("c", &question("?")), Err(Refused::Full(2)));
    }
}
