//! What the code that [`object!`](super::object) and [`tagged!`](super::tagged) write reads members with.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// Visits the members of a `T`.
pub(crate) struct Members<T> {
    tagged: bool,
    object: PhantomData<T>,
}

impl<T> Members<T> {
    /// All members are still to come.
    pub(crate) const fn new() -> Self {
        Self { tagged: false, object: PhantomData }
    }

    /// The tag was read before.
    pub(crate) const fn tagged() -> Self {
        Self { tagged: true, object: PhantomData }
    }

    /// Whether the tag was read before.
    pub(crate) const fn is_tagged(&self) -> bool {
        self.tagged
    }
}

/// Reads a member name without copying it, unless it is unknown.
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

/// Reads a string that must be this one.
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
