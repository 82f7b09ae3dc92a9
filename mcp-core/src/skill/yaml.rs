//! YAML read as JSON. What JSON cannot express is refused: tags, references, infinite numbers.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Number, Value};

use crate::json::JsonObject;
use crate::text::PeerText;

/// Maximum nesting of a front matter, in levels. Fixed: real ones have three or four.
const MAX_DEPTH: usize = 32;

/// Parses front matter. Its first line is the second one of its file.
pub(super) fn parse(yaml: &str) -> Result<JsonObject, String> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(yaml) {
        let (event, at) = event.map_err(|error| {
            let (line, info) = (error.marker().line() + 1, PeerText::new(error.info()));
            format!("line {line} is not YAML: {info}")
        })?;
        tree.take(event).map_err(|reason| format!("line {} {reason}", at.start.line() + 1))?;
    }
    match tree.root {
        Some(Value::Object(members)) => Ok(members),
        _ => Err("the front matter is not a mapping".into()),
    }
}

/// The values that are not complete yet, outermost first.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<Value>,
}

enum Open {
    List(Vec<Value>),
    Members { members: JsonObject, key: Option<String> },
}

impl Tree {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_none() => Ok(()),
            Event::DocumentStart(_) => Err("begins a second document".into()),
            Event::Alias(_) => Err("has a reference (*), which is not supported".into()),
            Event::SequenceStart(_, None) => self.open(Open::List(Vec::new())),
            Event::MappingStart(_, None) => {
                self.open(Open::Members { members: JsonObject::new(), key: None })
            }
            Event::SequenceStart(_, Some(tag)) | Event::MappingStart(_, Some(tag)) => {
                Err(unknown(&tag))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(list)) => self.put(Value::Array(list)),
                Some(Open::Members { members, .. }) => self.put(Value::Object(members)),
                None => Err("ends a collection that did not begin".into()),
            },
            Event::Scalar(text, style, _, tag) => {
                let is_text = match tag {
                    Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
                    Some(tag) => return Err(unknown(&tag)),
                    None => style != ScalarStyle::Plain,
                };
                if let Some(Open::Members { key: key @ None, .. }) = self.open.last_mut() {
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                let value = if is_text { Value::String(text.into_owned()) } else { plain(text)? };
                self.put(value)
            }
        }
    }

    fn open(&mut self, value: Open) -> Result<(), String> {
        if let Some(Open::Members { key: None, .. }) = self.open.last() {
            return Err("has a key that is not text".into());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        self.open.push(value);
        Ok(())
    }

    fn put(&mut self, value: Value) -> Result<(), String> {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Members { members, key }) => {
                let Some(key) = key.take() else { return Err("has a value without a key".into()) };
                if members.contains_key(&key) {
                    let key = PeerText::with_max(&key, 64);
                    return Err(format!("has the key \"{key}\" twice"));
                }
                members.insert(key, value);
            }
        }
        Ok(())
    }
}

fn unknown(tag: &Tag) -> String {
    let tag = format!("{}{}", tag.handle, tag.suffix);
    format!("has the tag \"{}\", which is not supported", PeerText::with_max(&tag, 64))
}

/// A plain value, by the core schema of YAML 1.2 (10.3.2).
fn plain(text: Cow<'_, str>) -> Result<Value, String> {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if let Some(number) = number(&text)? {
        return Ok(Value::Number(number));
    }
    Ok(Value::String(text.into_owned()))
}

fn number(text: &str) -> Result<Option<Number>, String> {
    let too_large = || {
        let text = PeerText::with_max(text, 64);
        format!("has the number \"{text}\", which JSON cannot express")
    };
    let all = |digits: &str, radix| {
        !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
    };
    for (mark, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(mark).filter(|digits| all(digits, radix)) {
            return u64::from_str_radix(digits, radix)
                .map(|number| Some(number.into()))
                .map_err(|_| too_large());
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(too_large());
    }
    if all(unsigned, 10) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = digits.parse::<i64>() {
            return Ok(Some(number.into()));
        }
        if let Ok(number) = digits.parse::<u64>() {
            return Ok(Some(number.into()));
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
        }
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_decimal = (all(whole, 10) && (fraction.is_empty() || all(fraction, 10)))
        || (whole.is_empty() && all(fraction, 10));
    if !is_decimal || exponent.is_some_and(|exponent| !all(exponent, 10)) {
        return Ok(None);
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64).ok_or_else(too_large)?;
    Ok(Some(number))
}
