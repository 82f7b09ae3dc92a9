//! `json::to_text` writes what `serde_json` writes, byte for byte, and refuses what it refuses.

use std::collections::BTreeMap;

use mcp_core::json::{RawJson, to_text, write};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[track_caller]
fn same<T: Serialize + ?Sized>(value: &T) {
    assert_eq!(to_text(value).unwrap(), serde_json::to_string(value).unwrap());
}

#[track_caller]
fn same_error<T: Serialize + ?Sized>(value: &T) {
    let expected = serde_json::to_string(value).unwrap_err();
    assert_eq!(to_text(value).unwrap_err().to_string(), expected.to_string());
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Newtype<T>(T);

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Pair(u8, &'static str);

#[derive(Serialize)]
struct Named<T> {
    #[serde(rename = "a\"b")]
    value: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<u8>,
    rest: (),
}

#[derive(Serialize)]
struct Flat {
    first: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
enum Variants {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { a: u8 },
}

fn variants() -> [Variants; 4] {
    [
        Variants::Unit,
        Variants::Newtype(1),
        Variants::Tuple(2, "\n".to_owned()),
        Variants::Struct { a: 3 },
    ]
}

/// Serializes as bytes, not as a sequence.
struct Bytes(&'static [u8]);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[test]
fn numbers_are_written_as_serde_json_writes_them() {
    same(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    same(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
    same(&[0.0, -0.0, 1.0, 1e16, 1e-7, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY]);
    same(&[0.1_f32, f32::MAX, f32::NAN]);
}

#[test]
fn every_kind_of_value_is_written_as_serde_json_writes_it() {
    same(&(true, false, (), 'x', '\n', '🦀', "é\u{7f}", None::<u8>, Some("x")));
    same(&(Unit, Newtype(Newtype("x")), Pair(1, "\\"), Bytes(b"\x00\xff"), Bytes(b"")));
    same(&Named { value: [Some(1), None], absent: None, rest: () });
    same(&Named { value: Vec::<u8>::new(), absent: Some(1), rest: () });
    same(&Flat { first: 1, rest: BTreeMap::from([("\t".to_owned(), json!({ "a": [] }))]) });
    same(&variants());
    same(&std::net::Ipv6Addr::LOCALHOST);
    same(&json!({ "a": [1, -2.5, "\u{0}", {}, [], null], "b\n": { "": true } }));
}

#[test]
fn keys_are_written_as_serde_json_writes_them() {
    same(&BTreeMap::from([("a\n", 1), ("", 2)]));
    same(&BTreeMap::from([(1, 1), (-2, 2)]));
    same(&BTreeMap::from([(u128::MAX, 1)]));
    same(&BTreeMap::from([(true, 1)]));
    same(&BTreeMap::from([('"', 1)]));
    same(&BTreeMap::from([(Newtype("n"), 1)]));
    same(&BTreeMap::from([(Newtype(5), 1)]));
    same(&BTreeMap::from([(Some("s"), 1)]));
    same(&BTreeMap::from([(Variants::Unit, 1)]));
}

#[test]
fn keys_that_are_no_strings_are_the_same_errors() {
    same_error(&BTreeMap::from([((), 1)]));
    same_error(&BTreeMap::from([(None::<u8>, 1)]));
    same_error(&BTreeMap::from([([1, 2], 1)]));
    same_error(&BTreeMap::from([(BTreeMap::from([("a", 1)]), 1)]));
    for variant in variants().into_iter().skip(1) {
        same_error(&BTreeMap::from([(variant, 1)]));
    }
    struct RawKey;
    impl Serialize for RawKey {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let raw = RawValue::from_string("\"a\"".to_owned()).unwrap();
            serializer.collect_map([(raw, 1)])
        }
    }
    same_error(&RawKey);
}

#[test]
fn a_failing_value_is_the_same_error() {
    struct Failing;
    impl Serialize for Failing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("out of order"))
        }
    }
    same_error(&[Failing]);
    same_error(&BTreeMap::from([("a", Failing)]));
}

#[test]
fn raw_json_is_written_as_it_is() {
    let raw = RawValue::from_string(" { \"a\\u0062\" : 1.0e2 } ".to_owned()).unwrap();
    same(&raw);
    same(&Named { value: &raw, absent: None, rest: () });
    let raw: RawJson = serde_json::from_str("[1e3,\"\\/\"]").unwrap();
    same(&vec![Some(raw)]);
}

#[test]
fn a_value_is_appended() {
    let mut out = "x".to_owned();
    write(&mut out, &["y"]).unwrap();
    assert_eq!(out, r#"x["y"]"#);
}
