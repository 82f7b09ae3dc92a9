//! Enums of objects that are told apart by one member (`type`, `method`), as [`tagged!`](tagged) defines them.

use std::fmt;
use std::vec;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{JsonObject, RawJson};

/// Defines an enum whose variants are [`object!`](super::object) structs with that tag.
///
/// The variant is read straight from the input when the tag comes first, as it does from most peers; members
/// before the tag are kept aside. With `_ => Unknown` an object with another tag is kept raw, without it an
/// error.
///
/// ```ignore
/// tagged! {
///     /// Docs.
///     pub enum Content by "type" {
///         /// Docs.
///         Text(TextContent) = "text",
///         _ => Unknown,
///     }
/// }
/// ```
macro_rules! tagged {
    (
        $(#[$meta:meta])*
        pub enum $name:ident by $tag:literal {
            $( $(#[$vmeta:meta])* $variant:ident($object:ty) = $value:literal, )+
            $( _ => $unknown:ident, )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vmeta])* $variant($object), )+
            $(
                /// An object of a kind that this SDK does not know, kept as it came.
                $unknown($crate::json::RawJson),
            )?
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(object) => object.serialize(serializer), )+
                    $( Self::$unknown(raw) => raw.serialize(serializer), )?
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map($crate::json::shape::Members::<$name>::new())
            }
        }

        impl<'de> serde::de::Visitor<'de> for $crate::json::shape::Members<$name> {
            type Value = $name;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("a ", stringify!($name), " object with `", $tag, "`"))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                use $crate::json::shape::{Members, Replay, Tag};
                const KNOWN: &[&str] = &[$( $value, )+];
                let (tag, members) = Replay::read($tag, KNOWN, map)?;
                match tag {
                    $(
                        Some(Tag::Known($value)) => {
                            Members::<$object>::tagged().visit_map(members).map($name::$variant)
                        }
                    )+
                    $( Some(Tag::Other(tag)) => members.collect($tag, tag).map($name::$unknown), )?
                    #[allow(unreachable_patterns)]
                    Some(Tag::Other(tag)) => Err(serde::de::Error::unknown_variant(&tag, KNOWN)),
                    _ => Err(serde::de::Error::missing_field($tag)),
                }
            }
        }

        $(
            impl From<$object> for $name {
                fn from(object: $object) -> Self {
                    Self::$variant(object)
                }
            }
        )+
    };
}

pub(crate) use tagged;

/// The tag of an object.
#[derive(Debug, PartialEq)]
pub(crate) enum Tag {
    /// One of those asked for.
    Known(&'static str),
    /// Another.
    Other(String),
}

/// The members of an object without its tag: first those that came before it, then the rest of the input.
pub(crate) struct Replay<A> {
    before: vec::IntoIter<(String, Value)>,
    value: Option<Value>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> Replay<A> {
    /// Reads up to the tag; `None` when there is none.
    pub(crate) fn read(
        tag: &'static str,
        known: &'static [&'static str],
        mut map: A,
    ) -> Result<(Option<Tag>, Self), A::Error> {
        let mut before = Vec::new();
        let mut found = None;
        while let Some(key) = map.next_key_seed(NotText(tag))? {
            let Some(key) = key else {
                found = Some(map.next_value_seed(TagSeed(known))?);
                break;
            };
            before.push((key, map.next_value()?));
        }
        Ok((found, Self { before: before.into_iter(), value: None, rest: map }))
    }

    /// The whole object, the tag included, as raw JSON.
    pub(crate) fn collect(mut self, name: &'static str, tag: String) -> Result<RawJson, A::Error> {
        let mut object = JsonObject::new();
        object.extend(self.before);
        object.insert(name.to_owned(), Value::String(tag));
        while let Some((key, value)) = self.rest.next_entry::<String, Value>()? {
            if key == name {
                return Err(de::Error::duplicate_field(name));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((key, value)) = self.before.next() else {
            return self.rest.next_key_seed(seed);
        };
        self.value = Some(value);
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(de::Error::custom),
            None => self.rest.next_value_seed(seed),
        }
    }
}

/// Reads a string: `None` when it is the given text.
struct NotText(&'static str);

impl<'de> DeserializeSeed<'de> for NotText {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NotText {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok((text != self.0).then(|| text.to_owned()))
    }
}

/// Reads a tag.
struct TagSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for TagSeed {
    type Value = Tag;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tag, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TagSeed {
    type Value = Tag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tag, E> {
        let known = self.0.iter().find(|known| **known == text);
        Ok(known.map_or_else(|| Tag::Other(text.to_owned()), |known| Tag::Known(known)))
    }
}
