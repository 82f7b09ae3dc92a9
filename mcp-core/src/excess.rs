//! What takes the place of a tool's result that is too large, on both sides.

use std::fmt;

use serde::Serialize;

use crate::json::to_text;
use crate::types::{CallToolResult, Content, ResourceLink, TextContent};

/// What is kept free for the note and the members around the content, in bytes.
const RESERVED: usize = 512;

/// What to do with a result that is too large.
pub enum Excess<'a> {
    /// Nothing of it is passed on.
    Refuse,
    /// Its content is cut.
    Cut,
    /// A link takes its place. The function keeps a text with a media type, and returns its URI;
    /// `None` if it does not keep it.
    Keep(&'a mut dyn FnMut(String, &'static str) -> Option<String>),
}

impl fmt::Debug for Excess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "Refuse",
            Self::Cut => "Cut",
            Self::Keep(_) => "Keep",
        })
    }
}

/// What takes the place of a result of `bytes` bytes, so that it has about `max_bytes` bytes of
/// JSON. `None` if it has to be refused.
pub fn shorten(
    result: CallToolResult,
    (bytes, max_bytes): (usize, usize),
    excess: Excess<'_>,
) -> Option<CallToolResult> {
    match excess {
        Excess::Refuse => None,
        // A part of structured content would not have its schema.
        Excess::Cut if result.structured_content.is_some() => None,
        Excess::Cut => Some(cut_content(result, bytes, max_bytes)),
        Excess::Keep(keep) => {
            let (text, mime_type) = kept_text(&result)?;
            let size = text.len();
            let uri = keep(text, mime_type)?;
            Some(link_to_kept(&result, &uri, (mime_type, size), (bytes, max_bytes)))
        }
    }
}

/// The error in place of a result of `bytes` bytes.
#[must_use]
pub fn refused(bytes: usize, max_bytes: usize) -> CallToolResult {
    let why = refusal(bytes, max_bytes);
    CallToolResult::new().content([Content::text(why)]).is_error(true)
}

/// The length of a value as JSON, in bytes.
pub fn json_length<T: Serialize>(value: &T) -> usize {
    to_text(value).map_or(usize::MAX / 2, |text| text.len())
}

/// A result of `bytes` bytes with its content cut to about `max_bytes` bytes of JSON: a text
/// between two characters, and other blocks as a whole. A note at the end says so.
fn cut_content(mut result: CallToolResult, bytes: usize, max_bytes: usize) -> CallToolResult {
    let meta = result.meta.as_ref().map_or(0, json_length);
    let mut free = max_bytes.saturating_sub(RESERVED + meta);
    let mut kept = Vec::new();
    for block in std::mem::take(&mut result.content) {
        let block_bytes = json_length(&block) + 1;
        if block_bytes <= free {
            free -= block_bytes;
            kept.push(block);
            continue;
        }
        if let Content::Text(mut text) = block {
            let around = block_bytes - escaped(&text.text);
            text.text.truncate(prefix(&text.text, free.saturating_sub(around)));
            if !text.text.is_empty() {
                kept.push(Content::Text(text));
            }
        }
        break;
    }
    let note = format!("[cut: the result has {bytes} bytes, and the limit is {max_bytes} bytes]");
    kept.push(TextContent::new(note).into());
    result.content = kept;
    result
}

/// The text as which a result is kept, and its media type: its only text, or all of it as JSON.
fn kept_text(result: &CallToolResult) -> Option<(String, &'static str)> {
    match &result.content[..] {
        [Content::Text(only)] if result.structured_content.is_none() => {
            Some((only.text.clone(), "text/plain"))
        }
        _ => Some((to_text(result).ok()?, "application/json")),
    }
}

/// A link in place of a result of `bytes` bytes that is kept, which has `size` bytes. A result with
/// structured content becomes an error, because a result without an error must have the schema.
fn link_to_kept(
    result: &CallToolResult,
    uri: &str,
    (mime_type, size): (&str, usize),
    (bytes, max_bytes): (usize, usize),
) -> CallToolResult {
    let note = format!(
        "The result has {bytes} bytes, and the limit is {max_bytes} bytes. Read all of it from the \
         resource {uri}."
    );
    let link = ResourceLink::new(uri, "result").mime_type(mime_type).size(size as u64);
    let content = [Content::from(TextContent::new(note)), Content::ResourceLink(link)];
    let mut short = CallToolResult::new().content(content);
    short.is_error = if result.structured_content.is_some() { Some(true) } else { result.is_error };
    short
}

/// Why a result of `bytes` bytes is refused.
#[must_use]
pub fn refusal(bytes: usize, max_bytes: usize) -> String {
    format!("the result has {bytes} bytes, and the limit is {max_bytes} bytes; ask for less")
}

/// The length of a text in JSON, in bytes, without its quotes.
fn escaped(text: &str) -> usize {
    text.chars().map(escaped_char).sum()
}

const fn escaped_char(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        character => character.len_utf8(),
    }
}

/// The length of the longest beginning of a text that has at most `max` bytes in JSON.
fn prefix(text: &str, max: usize) -> usize {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += escaped_char(*character);
        used > max
    });
    end.map_or(text.len(), |(at, _)| at)
}
