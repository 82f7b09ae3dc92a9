//! A slow reader of messages that follows the rules literally, to compare the fast one with.
//!
//! It shares no code with `mcp_core::jsonrpc::decode`: a strict JSON parser builds a tree that
//! keeps repeated members, and the rules are applied to it in the order in which they are
//! documented.

use mcp_core::jsonrpc::RequestId;

/// A JSON value with its text.
pub(crate) struct Node<'a> {
    pub(crate) text: &'a str,
    pub(crate) value: Value<'a>,
}

pub(crate) enum Value<'a> {
    Null,
    Bool,
    Number,
    /// `None` if the escapes have a lone surrogate, which is not text.
    String(Option<String>),
    Array(Vec<Node<'a>>),
    Object(Vec<(Option<String>, Node<'a>)>),
}

/// The outcome of reading one message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Request(RequestId, String, String),
    Notification(String, String),
    Result(RequestId, String),
    Error(Option<RequestId>, i64),
    /// The error code, the id to answer with, and the request of this side that fails.
    Refused(i32, Option<RequestId>, Option<RequestId>),
}

/// Reads a frame: one message or a batch. Limits are ignored.
pub(crate) fn read(frame: &[u8]) -> Result<Vec<Verdict>, Verdict> {
    let not_json = || Verdict::Refused(-32700, None, None);
    let text = std::str::from_utf8(frame).map_err(|_| not_json())?;
    let node = parse(text).ok_or_else(not_json)?;
    if has_reserved_name(&node) {
        return Err(Verdict::Refused(-32600, None, None));
    }
    match &node.value {
        Value::Array(entries) if entries.is_empty() => Err(Verdict::Refused(-32600, None, None)),
        Value::Array(entries) => Ok(entries.iter().map(message).collect()),
        _ => match message(&node) {
            refused @ Verdict::Refused(..) => Err(refused),
            accepted => Ok(vec![accepted]),
        },
    }
}

fn has_reserved_name(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Array(items) => items.iter().any(has_reserved_name),
        Value::Object(members) => members.iter().any(|(name, value)| {
            name.as_ref().is_some_and(|name| name.starts_with("$serde_json::private::"))
                || has_reserved_name(value)
        }),
        _ => false,
    }
}

/// Parses a JSON text; `None` if it is not one.
pub(crate) fn parse(text: &str) -> Option<Node<'_>> {
    let mut parser = Parser { text, at: 0 };
    parser.value().filter(|_| parser.at_end())
}

fn message(node: &Node<'_>) -> Verdict {
    let Value::Object(members) = &node.value else { return Verdict::Refused(-32600, None, None) };
    if members.iter().any(|(name, _)| name.is_none()) {
        return Verdict::Refused(-32600, None, None);
    }
    let all = |wanted: &str| {
        members
            .iter()
            .filter(|(name, _)| name.as_deref() == Some(wanted))
            .map(|(_, node)| node)
            .collect()
    };
    let [version, id, method, params, result, error]: [Vec<&Node<'_>>; 6] =
        ["jsonrpc", "id", "method", "params", "result", "error"].map(all);
    if [&version, &id, &method, &params, &result, &error].iter().any(|found| found.len() > 1) {
        return Verdict::Refused(-32600, None, None);
    }
    let [version, id, method, params, result, error] =
        [version, id, method, params, result, error].map(|found| found.first().copied());

    let valid_id = id.and_then(read_id);
    let is_answer = method.is_none() && (result.is_some() || error.is_some());
    let refuse = |code| match is_answer {
        true => Verdict::Refused(code, None, valid_id.clone()),
        false => Verdict::Refused(code, valid_id.clone(), None),
    };
    if version.is_none_or(|version| version.text != "\"2.0\"") {
        return refuse(-32600);
    }
    let null_id_of_an_error =
        id.is_some_and(|id| matches!(id.value, Value::Null)) && error.is_some();
    if id.is_some() && valid_id.is_none() && !null_id_of_an_error {
        return refuse(-32600);
    }
    match (method, result, error) {
        (Some(method), None, None) => {
            let Value::String(Some(method)) = &method.value else { return refuse(-32600) };
            let params = match params {
                None => "{}",
                Some(Node { value: Value::Null, .. }) => "{}",
                Some(Node { value: Value::Object(_), text }) => text,
                Some(_) => return refuse(-32602),
            };
            match valid_id {
                Some(id) => Verdict::Request(id, method.clone(), params.to_owned()),
                None => Verdict::Notification(method.clone(), params.to_owned()),
            }
        }
        (None, Some(Node { value: Value::Object(_), text }), None) => match valid_id {
            Some(id) => Verdict::Result(id, (*text).to_owned()),
            None => refuse(-32600),
        },
        (None, None, Some(error)) => match error_code(error) {
            Some(code) => Verdict::Error(valid_id, code),
            None => refuse(-32600),
        },
        _ => refuse(-32600),
    }
}

fn read_id(node: &Node<'_>) -> Option<RequestId> {
    match &node.value {
        Value::String(Some(text)) if text.len() <= 256 => Some(RequestId::from(text.as_str())),
        Value::Number => integer(node.text).map(RequestId::Number),
        _ => None,
    }
}

/// Returns the code of an object with an integer `code` and a string `message`, neither repeated.
fn error_code(node: &Node<'_>) -> Option<i64> {
    let Value::Object(members) = &node.value else { return None };
    if members.iter().any(|(name, _)| name.is_none()) {
        return None;
    }
    let one = |wanted: &str| {
        let mut found = members.iter().filter(|(name, _)| name.as_deref() == Some(wanted));
        let first = found.next();
        if found.next().is_some() { None } else { Some(first.map(|(_, node)| node)) }
    };
    let code = one("code")??;
    one("data")?;
    let Value::String(Some(_)) = one("message")??.value else { return None };
    let Value::Number = code.value else { return None };
    code.text.parse::<i32>().ok().filter(|_| code.text != "-0").map(i64::from)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn at_end(&mut self) -> bool {
        self.skip_white_space();
        self.at == self.text.len()
    }

    fn value(&mut self) -> Option<Node<'a>> {
        self.skip_white_space();
        let start = self.at;
        let value = match self.peek()? {
            b'{' => self.object()?,
            b'[' => self.array()?,
            b'"' => Value::String(self.string()?),
            b't' => self.word("true", Value::Bool)?,
            b'f' => self.word("false", Value::Bool)?,
            b'n' => self.word("null", Value::Null)?,
            _ => self.number()?,
        };
        Some(Node { text: &self.text[start..self.at], value })
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn object(&mut self) -> Option<Value<'a>> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_white_space();
        if self.eat(b'}') {
            return Some(Value::Object(members));
        }
        loop {
            self.skip_white_space();
            let name = self.string()?;
            self.skip_white_space();
            if !self.eat(b':') {
                return None;
            }
            members.push((name, self.value()?));
            self.skip_white_space();
            if self.eat(b'}') {
                return Some(Value::Object(members));
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }

    fn array(&mut self) -> Option<Value<'a>> {
        self.at += 1;
        let mut entries = Vec::new();
        self.skip_white_space();
        if self.eat(b']') {
            return Some(Value::Array(entries));
        }
        loop {
            entries.push(self.value()?);
            self.skip_white_space();
            if self.eat(b']') {
                return Some(Value::Array(entries));
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<Value<'a>> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(Value::Number)
    }

    /// The outer option is `None` for invalid JSON, the inner one for escapes that are not text.
    fn string(&mut self) -> Option<Option<String>> {
        if !self.eat(b'"') {
            return None;
        }
        let mut units: Vec<u16> = Vec::new();
        loop {
            let character = self.text[self.at..].chars().next()?;
            self.at += character.len_utf8();
            match character {
                '"' => return Some(String::from_utf16(&units).ok()),
                '\0'..='\x1f' => return None,
                '\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    units.push(match escape {
                        b'"' | b'\\' | b'/' => escape.into(),
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        b'u' => {
                            let hex = self.text.get(self.at..self.at + 4)?;
                            self.at += 4;
                            let is_hex = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
                            u16::from_str_radix(hex, 16).ok().filter(|_| is_hex)?
                        }
                        _ => return None,
                    });
                }
                other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
            }
        }
    }
}

/// Returns the integer that a number equals, in whatever form it is written.
fn integer(text: &str) -> Option<i64> {
    let is_plain = !text.contains(['.', 'e', 'E']) && text != "-0";
    if is_plain {
        return text.parse().ok();
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // Digits with their powers of ten. No digit may be left below the point.
    let digits = whole.chars().chain(fraction.chars());
    let first_power = i64::try_from(whole.len()).ok()? - 1;
    let mut sum = 0_i128;
    for (index, digit) in digits.enumerate() {
        let digit = i128::from(digit.to_digit(10)?);
        if digit == 0 {
            continue;
        }
        let power =
            exponent.parse::<i64>().ok()?.checked_add(first_power)?.checked_sub(index as i64)?;
        if !(0..=19).contains(&power) {
            return None;
        }
        sum += digit * 10_i128.pow(power as u32);
    }
    i64::try_from(if negative { -sum } else { sum }).ok()
}
