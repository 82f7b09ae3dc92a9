//! The visitor and the seeds that the expansions of [`object!`](super::object) and
//! [`tagged!`](super::tagged) use.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// Visits the members of a `T`. Each expansion implements [`Visitor`] for its own type.
pub(crate) struct ObjectVisitor<T> {
    has_tag: bool,
    object: PhantomData<T>,
}

impl<T> ObjectVisitor<T> {
    /// A visitor that has read no member yet.
    pub(crate) const fn new() -> Self {
        Self { has_tag: false, object: PhantomData }
    }

    /// A visitor for the members after the tag, which was read before.
    pub(crate) const fn after_tag() -> Self {
        Self { has_tag: true, object: PhantomData }
    }

    /// Whether the tag was read before.
    pub(crate) const fn has_tag(&self) -> bool {
        self.has_tag
    }
}

/// Reads a member name. Known names are not copied.
pub(crate) struct KeySeed<M>(PhantomData<M>);

impl<M> KeySeed<M> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, M: for<'a> From<&'a str>> DeserializeSeed<'de> for KeySeed<M> {
    type Value = M;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<M, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<M: for<'a> From<&'a str>> Visitor<'_> for KeySeed<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<M, E> {
        Ok(M::from(name))
    }
}

/// Reads a string that must equal this one.
pub(crate) struct Constant(pub(crate) &'static str);

impl<'de> DeserializeSeed<'de> for Constant {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Constant {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text == self.0 {
            Ok(())
        } else {
            Err(E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}
