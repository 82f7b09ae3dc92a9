//! Enums of objects whose variant is named by one member (`type`, `method`), and the
//! [`tagged!`](tagged) macro that defines them.

use std::fmt;
use std::vec;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{JsonObject, RawJson};

/// Defines an enum whose variants are [`object!`](super::object) structs with that tag.
///
/// The variant is read directly from the input if the tag comes first, as most peers write it.
/// Members before the tag are buffered. With `_ => Unknown`, an object with another tag is kept
/// raw. Without it, such an object is an error.
///
/// ```text
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
                /// An object whose kind is unknown to this SDK, kept unchanged.
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
                deserializer.deserialize_map($crate::json::macro_support::ObjectVisitor::<$name>::new())
            }
        }

        impl<'de> serde::de::Visitor<'de> for $crate::json::macro_support::ObjectVisitor<$name> {
            type Value = $name;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("a ", stringify!($name), " object with `", $tag, "`"))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                use $crate::json::macro_support::{ObjectVisitor, TagValue, UntaggedMembers};
                const KNOWN: &[&str] = &[$( $value, )+];
                let (tag, members) = UntaggedMembers::read($tag, KNOWN, map)?;
                match tag {
                    $(
                        Some(TagValue::Known($value)) => {
                            ObjectVisitor::<$object>::after_tag().visit_map(members).map($name::$variant)
                        }
                    )+
                    $( Some(TagValue::Other(tag)) => members.collect($tag, tag).map($name::$unknown), )?
                    #[allow(unreachable_patterns)]
                    Some(TagValue::Other(tag)) => Err(serde::de::Error::unknown_variant(&tag, KNOWN)),
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

/// The value of the tag.
#[derive(Debug, PartialEq)]
pub(crate) enum TagValue {
    /// One of the known values.
    Known(&'static str),
    /// Any other value.
    Other(String),
}

/// The members of an object without its tag: first the buffered ones that came before it, then the
/// rest of the input.
pub(crate) struct UntaggedMembers<A> {
    buffered: vec::IntoIter<(String, Value)>,
    /// The value of the buffered member whose key was read last.
    value: Option<Value>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> UntaggedMembers<A> {
    /// Reads up to and including the tag. The tag is `None` if the object does not have it.
    pub(crate) fn read(
        tag: &'static str,
        known: &'static [&'static str],
        mut map: A,
    ) -> Result<(Option<TagValue>, Self), A::Error> {
        let mut buffered = Vec::new();
        let mut found = None;
        while let Some(key) = map.next_key_seed(KeyOtherThan(tag))? {
            let Some(key) = key else {
                found = Some(map.next_value_seed(TagSeed(known))?);
                break;
            };
            buffered.push((key, map.next_value()?));
        }
        Ok((found, Self { buffered: buffered.into_iter(), value: None, rest: map }))
    }

    /// Returns the whole object with its tag as raw JSON.
    pub(crate) fn collect(mut self, name: &'static str, tag: String) -> Result<RawJson, A::Error> {
        let mut object = JsonObject::new();
        object.extend(self.buffered);
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

impl<'de, A: MapAccess<'de>> MapAccess<'de> for UntaggedMembers<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some((key, value)) = self.buffered.next() else {
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

/// Reads a member name. The result is `None` for the given name.
struct KeyOtherThan(&'static str);

impl<'de> DeserializeSeed<'de> for KeyOtherThan {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOtherThan {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
        Ok((text != self.0).then(|| text.to_owned()))
    }
}

/// Reads the value of a tag.
struct TagSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for TagSeed {
    type Value = TagValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TagValue, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TagSeed {
    type Value = TagValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TagValue, E> {
        let known = self.0.iter().find(|known| **known == text);
        Ok(known.map_or_else(|| TagValue::Other(text.to_owned()), |known| TagValue::Known(known)))
    }
}
