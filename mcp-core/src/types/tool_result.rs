//! Reads the results of `tools/call`. Those that most servers send are read in one pass over the
//! text, without serde.

use super::{CallToolResult, Content};
use crate::codec::strict::StrictReader;
use crate::json::read_string;
use crate::meta::Meta;

impl CallToolResult {
    /// Parses the JSON text of a result, several times as fast as serde where its content is text.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// let json = r#"{"content":[{"type":"text","text":"22 °C"}]}"#;
    /// assert_eq!(CallToolResult::from_json(json)?, serde_json::from_str(json)?);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`serde_json::from_str`].
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        match read_usual(text) {
            Some(result) => Ok(result),
            None => serde_json::from_str(text),
        }
    }
}

/// Reads a usual result: blocks of text, and other members of [`CallToolResult`] with a value of
/// their type. `None` if it has anything else, or a member twice: serde has to decide.
fn read_usual(text: &str) -> Option<CallToolResult> {
    let mut reader = StrictReader::new(text, usize::MAX, usize::MAX);
    let (mut content, mut result) = (None, CallToolResult::new());
    reader.object(|reader, name| match name {
        b"content" => {
            let mut blocks = Vec::with_capacity(1); // Most results have one.
            reader.array(|reader| {
                blocks.push(read_text_block(reader)?);
                Some(())
            })?;
            set(&mut content, blocks)
        }
        b"structuredContent" => {
            let structured = serde_json::from_str(reader.raw_value()?).ok()?;
            set(&mut result.structured_content, structured)
        }
        b"isError" => {
            let is_error = reader.raw_value()?.parse().ok()?;
            set(&mut result.is_error, is_error)
        }
        b"_meta" => set(&mut result.meta, Meta::from_json(reader.raw_value()?).ok()?),
        b"resultType" => reader.value(),
        _ => None,
    })?;
    result.content = content.unwrap_or_default();
    reader.is_at_end().then_some(result)
}

/// Reads a block of text without other members.
fn read_text_block(reader: &mut StrictReader<'_>) -> Option<Content> {
    let (mut kind, mut text) = (None, None);
    reader.object(|reader, name| match name {
        b"type" => set(&mut kind, reader.raw_value()?),
        b"text" => set(&mut text, read_string(reader.raw_value()?)?),
        _ => None,
    })?;
    if kind? == r#""text""# { text.map(Content::text) } else { None }
}

/// Sets a member. `None` if it was set before.
fn set<T>(member: &mut Option<T>, value: T) -> Option<()> {
    member.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members of results: usual values, and those that only serde reads or refuses.
    const MEMBERS: [&str; 24] = [
        r#""content":[]"#,
        r#""content":[{"type":"text","text":"a"}]"#,
        r#" "content" : [ { "text" : "\u00e9\"\n" , "type" : "text" } , {"type":"text","text":""} ] "#,
        r#""content":[{"type":"text","text":"a","annotations":{"priority":1}}]"#,
        r#""content":[{"type":"text","text":"a","_meta":null,"more":1}]"#,
        r#""content":[{"type":"text","text":"\ud800"}]"#,
        r#""content":[{"type":"text","type":"text","text":"a"}]"#,
        r#""content":[{"type":"text"}]"#,
        r#""content":[{"text":"a"}]"#,
        r#""content":[{"type":"t\u0065xt","text":"a"}]"#,
        r#""content":[{"type":"image","data":"","mimeType":"image/png"},{"type":"x"}]"#,
        r#""content":null"#,
        r#""content":[1]"#,
        r#""structuredContent":{"a":[1.0,null,"\u0041"]}"#,
        "\"structuredContent\":[\n1\r\n]",
        r#""structuredContent":null"#,
        r#""isError":true"#,
        r#""isError":false"#,
        r#""isError":null"#,
        r#""isError":"true""#,
        r#""_meta":{"a":{"b":1e3}}"#,
        r#""_meta":null"#,
        r#""resultType":"complete""#,
        r#""other":{"a":1}"#,
    ];

    /// Compares both readers. Returns whether the text was usual.
    fn check(text: &str) -> bool {
        let (usual, parsed) = (read_usual(text), serde_json::from_str::<CallToolResult>(text));
        if let Some(usual) = &usual {
            let parsed = parsed.as_ref().expect(text);
            assert_eq!(usual, parsed, "{text}");
            let [usual, parsed] =
                [usual, parsed].map(|result| serde_json::to_string(result).unwrap());
            assert_eq!(usual, parsed, "{text}");
        }
        assert_eq!(CallToolResult::from_json(text).ok(), parsed.ok(), "{text}");
        usual.is_some()
    }

    #[test]
    fn both_readers_agree_on_results_with_any_three_members_in_any_order() {
        let mut usual = 0;
        for first in MEMBERS {
            usual += usize::from(check(&format!("{{{first}}}")));
            for second in MEMBERS {
                for third in MEMBERS {
                    usual += usize::from(check(&format!("{{{first},{second},{third}}}")));
                }
            }
        }
        assert!(usual > 300, "{usual} results were read without serde");
    }

    #[test]
    fn usual_results_are_read_without_serde() {
        for text in [
            r#"{"content":[{"type":"text","text":"hello, world"}]}"#,
            r#"{"resultType":"complete","_meta":{"a/b":{"name":"n"}},"content":[],"isError":false}"#,
            r#"{"content":[{"type":"text","text":"{\"a\":1}"}],"structuredContent":{"a":1}}"#,
            "{ }\n",
        ] {
            assert!(check(text), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_result_is_left_to_serde() {
        for text in ["", "[]", "null", "{", "{} {}", r#"{"content":[}"#, r#"{"content":[],}"#] {
            assert!(!check(text), "{text}");
        }
    }
}
