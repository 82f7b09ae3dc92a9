//! What a server has to know about a schema when it starts.

use std::fmt;

use mcp_core::http::names::PARAM_KEYWORD;
use mcp_core::types::Schema;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::json_text::JsonText;

/// What a server has to know about a schema when it starts. It is read without a tree, which would
/// take most of the time in which a server with many tools starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Whether the root has `"type": "object"`.
    pub(crate) is_object: bool,
    /// Whether any object in it has the member `x-mcp-header`, as an annotation or as data.
    pub(crate) may_mirror: bool,
    /// Whether the root has `properties`.
    pub(crate) has_properties: bool,
    /// Whether the root has `required`.
    pub(crate) has_required: bool,
}

impl Outline {
    /// Reads the outline of a schema. Like [`Schema::as_value`], it takes a text that cannot be
    /// parsed for `null`.
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut outline = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(schema.get());
        let root = Part { outline: &mut outline, place: Place::Root };
        match root.deserialize(&mut deserializer) {
            Ok(()) => outline,
            Err(_) => Self::default(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// The member `type` of the root.
    RootType,
    Other,
}

/// A value within the schema.
struct Part<'a> {
    outline: &'a mut Outline,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.place == Place::RootType {
            // Of two members with this name, the last one counts.
            self.outline.is_object = false;
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.place == Place::RootType {
            self.outline.is_object = text == "object";
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values
            .next_element_seed(Part { outline: self.outline, place: Place::Other })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(JsonText(name)) = members.next_key()? {
            let place = match (self.place, &*name) {
                (Place::Root, "type") => Place::RootType,
                _ => Place::Other,
            };
            if self.place == Place::Root {
                self.outline.has_properties |= name == "properties";
                self.outline.has_required |= name == "required";
            }
            self.outline.may_mirror |= name == PARAM_KEYWORD;
            members.next_value_seed(Part { outline: self.outline, place })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mcp_core::http::param_headers;
    use mcp_core::json::RawJson;

    use super::*;

    /// The outline agrees with the tree, and no schema without `x-mcp-header` has annotations.
    #[test]
    fn the_outline_agrees_with_the_tree() {
        let deep = |levels: usize| {
            format!("{}{}", r#"{"items":"#.repeat(levels), "1".to_owned() + &"}".repeat(levels))
        };
        for text in [
            r#"{"type":"object"}"#,
            r#"{"properties":{"type":{"type":"object"}}}"#,
            r#"{"type":["object","null"],"properties":{"a":{"type":"object"}}}"#,
            r#"{"type":"string","type":"object"}"#,
            r#"{"type":"object","type":"string"}"#,
            r#"{"type":"object","type":1}"#,
            r#"{"\u0074ype":"object"}"#,
            r#"{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"string","x-mcp\u002dheader":"A"}}}"#,
            r#"{"type":"object","$defs":{"a":{"x-mcp-header":"A"}}}"#,
            r#"{"type":"object","default":{"x-mcp-header":[1.5,-2,true,null,"\n"]}}"#,
            r#"{"type":"object","maximum":1e999}"#,
            "true",
            &deep(100),
            &deep(126),
            &deep(127),
            &deep(128),
            &deep(1_000),
        ] {
            let raw: RawJson = serde_json::from_str(text).unwrap();
            let schema = Schema::try_from(raw).unwrap();
            let outline = Outline::of(&schema);
            let tree = schema.as_value();
            let is_object = tree.get("type").is_some_and(|name| name == "object");
            assert_eq!(outline.is_object, is_object, "{text}");
            if !outline.may_mirror {
                assert_eq!(param_headers(&tree), Ok(vec![]), "{text}");
            }
        }
    }
}
