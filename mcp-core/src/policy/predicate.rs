//! Predicates of arguments.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::glob::Glob;
use crate::json::canonical;

/// A predicate of the arguments of a call.
#[derive(Debug, Clone)]
pub(super) struct Predicate {
    /// The pointer of RFC 6901.
    pub(super) pointer: String,
    pub(super) test: Test,
    pub(super) is_inverted: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    /// The canonical text of the value.
    Equals(Vec<u8>),
    Prefix(String),
    Glob(Glob),
    Range {
        min: Option<Number>,
        max: Option<Number>,
    },
    Exists(bool),
}

impl Predicate {
    pub(super) fn holds(&self, arguments: &Value) -> bool {
        let value = arguments.pointer(&self.pointer);
        let holds = match (&self.test, value) {
            (Test::Exists(exists), value) => value.is_some() == *exists,
            (_, None) => false,
            (Test::Equals(expected), Some(value)) => canonical(value) == *expected,
            (Test::Prefix(prefix), Some(Value::String(text))) => text.starts_with(prefix),
            (Test::Glob(glob), Some(Value::String(text))) => glob.matches(text),
            (Test::Range { min, max }, Some(Value::Number(number))) => {
                let is_at_least = min.as_ref().is_none_or(|min| compare(number, min).is_ge());
                is_at_least && max.as_ref().is_none_or(|max| compare(number, max).is_le())
            }
            _ => false,
        };
        holds != self.is_inverted
    }
}

/// Compares numbers: integers exactly, others as floats.
fn compare(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (left.as_i128(), right.as_i128()) {
        return left.cmp(&right);
    }
    let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
    float(left).total_cmp(&float(right))
}

/// Checks a JSON pointer.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_pointer(pointer: &str) -> Result<(), String> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(format!("`{}` does not begin with `/`", pointer.escape_debug()));
    }
    let mut escapes = pointer.split('~').skip(1);
    if escapes.all(|rest| rest.starts_with(['0', '1'])) {
        return Ok(());
    }
    Err(format!("`{}`: write `~` as `~0` and `/` in a name as `~1`", pointer.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(pointer: &str, test: Test, arguments: &Value) -> bool {
        let predicate = |is_inverted| Predicate {
            pointer: pointer.to_owned(),
            test: test.clone(),
            is_inverted,
        };
        let holds = predicate(false).holds(arguments);
        assert_eq!(predicate(true).holds(arguments), !holds);
        holds
    }

    #[test]
    fn each_test_holds_for_its_values_only() {
        let arguments = json!({
            "a": { "b": [1, 2.5] }, "path": "/etc/x", "n": 5, "big": u64::MAX, "s/l": 1, "null": null,
        });
        let equals = |value: Value| Test::Equals(canonical(&value));
        let range = |min: Option<i64>, max: Option<i64>| Test::Range {
            min: min.map(Into::into),
            max: max.map(Into::into),
        };
        for (pointer, test) in [
            ("/a/b/0", equals(json!(1.0))),
            ("/a", equals(json!({"b": [1, 2.5]}))),
            ("/null", equals(Value::Null)),
            ("/s~1l", equals(json!(1))),
            ("", Test::Exists(true)),
            ("/x", Test::Exists(false)),
            ("/null", Test::Exists(true)),
            ("/path", Test::Prefix("/etc/".into())),
            ("/path", Test::Glob(Glob::parse("*x").unwrap())),
            ("/n", range(Some(5), Some(5))),
            ("/a/b/1", range(Some(2), Some(3))),
            ("/big", range(Some(i64::MAX), None)),
        ] {
            assert!(holds(pointer, test.clone(), &arguments), "{pointer} {test:?}");
        }
        for (pointer, test) in [
            ("/a/b/0", equals(json!("1"))),
            ("/x", equals(Value::Null)),
            ("/x", Test::Exists(true)),
            ("/n", Test::Prefix("5".into())),
            ("/path", Test::Prefix("etc".into())),
            ("/n", Test::Glob(Glob::parse("*").unwrap())),
            ("/n", range(Some(6), None)),
            ("/n", range(None, Some(4))),
            ("/path", range(None, None)),
        ] {
            assert!(!holds(pointer, test.clone(), &arguments), "{pointer} {test:?}");
        }
    }

    #[test]
    fn pointers_are_checked() {
        for good in ["", "/", "/a/0", "/a~0b~1c"] {
            check_pointer(good).unwrap();
        }
        for bad in ["a", "/a~", "/a~2"] {
            check_pointer(bad).unwrap_err();
        }
    }
}
