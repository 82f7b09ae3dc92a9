//! The front matter of a `SKILL.md`: YAML between two lines of `---`, read as JSON to be compared
//! with what the server listed. Plain values are those of the core schema of YAML 1.2; what JSON
//! does not have (tags, references, infinite numbers) is refused. Spec: skills, "Frontmatter
//! Verification".

use std::borrow::Cow;

use mcp_core::json::{JsonObject, canonical};
use mcp_core::text::PeerText;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Number, Value};

/// Deepest nesting.
const DEEPEST: usize = 32;

/// A `SKILL.md` in its two parts.
#[derive(Debug)]
pub(super) struct SkillFile<'a> {
    pub(super) front_matter: JsonObject,
    pub(super) instructions: &'a str,
}

/// Reads the front matter and finds what is below it.
pub(super) fn split(text: &str, max_bytes: usize) -> Result<SkillFile<'_>, String> {
    let mut lines = text.split_inclusive('\n');
    let is_mark = |line: &str| line.trim_end() == "---";
    let first =
        lines.next().filter(|line| is_mark(line)).ok_or("it does not begin with a line \"---\"")?;
    let mut length = 0;
    for line in lines {
        if is_mark(line) {
            let yaml = &text[first.len()..first.len() + length];
            let instructions = &text[first.len() + length + line.len()..];
            return read(yaml).map(|front_matter| SkillFile { front_matter, instructions });
        }
        length += line.len();
        if length > max_bytes {
            return Err(format!(
                "its front matter has more than {max_bytes} bytes \
                 (Limits::skills.max_front_matter_bytes)"
            ));
        }
    }
    Err("its front matter has no line \"---\" at its end".into())
}

fn read(yaml: &str) -> Result<JsonObject, String> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(yaml) {
        let (event, at) = event.map_err(|error| format!("its front matter is no YAML: {error}"))?;
        tree.take(event).map_err(|reason| {
            // The mark is the first line of the file.
            format!("its line {} {reason}", at.start.line() + 1)
        })?;
    }
    match tree.root {
        Some(Value::Object(members)) => Ok(members),
        _ => Err("its front matter is no mapping".into()),
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
            Event::Alias(_) => Err("has a reference (*), which is not read".into()),
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
                None => Err("ends what did not begin".into()),
            },
            Event::Scalar(text, style, _, tag) => {
                if let Some(Open::Members { key: key @ None, .. }) = self.open.last_mut() {
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                let value = match tag {
                    Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
                        Value::String(text.into_owned())
                    }
                    Some(tag) => return Err(unknown(&tag)),
                    None if style == ScalarStyle::Plain => plain(text)?,
                    None => Value::String(text.into_owned()),
                };
                self.put(value)
            }
        }
    }

    fn open(&mut self, value: Open) -> Result<(), String> {
        if let Some(Open::Members { key: None, .. }) = self.open.last() {
            return Err("has a key that is no text".into());
        }
        if self.open.len() >= DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
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
                    return Err(format!("has the key \"{key}\" for the second time"));
                }
                members.insert(key, value);
            }
        }
        Ok(())
    }
}

fn unknown(tag: &Tag) -> String {
    let tag = format!("{}{}", tag.handle, tag.suffix);
    format!("has the tag \"{}\", which is not read", PeerText::with_max(&tag, 64))
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
        format!("has the number \"{text}\", which JSON does not have")
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

/// Where two objects differ first; nothing when they are the same.
pub(super) fn difference(listed: &JsonObject, read: &JsonObject) -> Option<String> {
    let member =
        listed.keys().chain(read.keys()).find(|key| match (listed.get(*key), read.get(*key)) {
            (Some(listed), Some(read)) => canonical(listed) != canonical(read),
            _ => true,
        })?;
    let shown = PeerText::with_max(member, 64);
    Some(match (listed.get(member), read.get(member)) {
        (Some(_), None) => format!("the server lists \"{shown}\", and the file does not have it"),
        (None, _) => format!("the file has \"{shown}\", and the server does not list it"),
        _ => format!("\"{shown}\" has another value in the file than the server lists"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 256 << 10;
    use serde_json::json;

    fn members(yaml: &str) -> Value {
        Value::Object(split(&format!("---\n{yaml}\n---\nbody\n"), MAX).unwrap().front_matter)
    }

    #[test]
    fn values_are_those_of_the_core_schema() {
        let yaml = "a: 1\nb: 1.50\nc: yes\nd: 'true'\ne: true\nf: ~\ng:\nh: 2024-01-01\ni: 1.2.3\nj: \"x\\ny\"\nk: !!str 7\n\
            l: 0x1F\nm: -3e2\nn: +7\no: 18446744073709551615\np: .5\nq: 1e\nr: -1x\ns: 007";
        assert_eq!(
            members(yaml),
            json!({
                "a": 1, "b": 1.5, "c": "yes", "d": "true", "e": true, "f": null, "g": null, "h": "2024-01-01",
                "i": "1.2.3", "j": "x\ny", "k": "7", "l": 31, "m": -300.0, "n": 7, "o": u64::MAX, "p": 0.5,
                "q": "1e", "r": "-1x", "s": 7,
            })
        );
        let nested = "metadata:\n  tags: [a, 'b', {c: d}]\n  text: |\n    one\n    two\n  folded: >-\n    one\n    two\n1: x";
        assert_eq!(
            members(nested),
            json!({
                "metadata": {"tags": ["a", "b", {"c": "d"}], "text": "one\ntwo\n", "folded": "one two"},
                "1": "x",
            })
        );
    }

    #[test]
    fn a_file_is_split_at_its_marks() {
        let file = split("---\r\nname: x\r\n---\r\n# Do\n---\nmore", MAX).unwrap();
        assert_eq!(
            (file.front_matter["name"].as_str(), file.instructions),
            (Some("x"), "# Do\n---\nmore")
        );
        assert_eq!(split("---\nname: x\n---", MAX).unwrap().instructions, "");
    }

    #[test]
    fn what_json_does_not_have_is_refused_with_its_line() {
        let deep = format!("a: {}{}", "[".repeat(40), "]".repeat(40));
        let long = format!("a: {}", "x".repeat(MAX));
        for (text, named) in [
            ("name: x\n", "begin"),
            ("---\nname: x\n", "end"),
            ("---\n- a\n---\n", "mapping"),
            ("---\n---\n", "mapping"),
            ("---\na: 1\na: 2\n---\n", "line 3"),
            ("---\na: &x 1\nb: *x\n---\n", "reference"),
            ("---\na: !!binary aGk=\n---\n", "tag"),
            ("---\na: .inf\n---\n", "number"),
            ("---\na: 1e999\n---\n", "number"),
            ("---\n? [a]\n: b\n---\n", "key"),
            ("---\na: [\n---\n", "YAML"),
            (&format!("---\n{deep}\n---\n"), "deeper"),
            (&format!("---\n{long}\n---\n"), "more than"),
        ] {
            let error = split(text, MAX).unwrap_err();
            assert!(error.contains(named), "{named}: {error}");
        }
    }

    #[test]
    fn a_difference_is_named() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let listed = object(json!({"a": 1, "b": {"c": [1, 2]}}));
        assert_eq!(difference(&listed, &object(json!({"b": {"c": [1.0, 2]}, "a": 1}))), None);
        for other in [
            json!({"a": 1}),
            json!({"a": 1, "b": {"c": [2, 1]}}),
            json!({"a": 1, "b": {"c": [1, 2]}, "d": 0}),
        ] {
            assert!(difference(&listed, &object(other)).is_some());
        }
    }
}
