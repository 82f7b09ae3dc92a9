//! How one member of a wire object is read and written: by its own serde code, or as a number with
//! tolerance for the ways in which peers spell numbers.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use super::number::MAX_EXACT_INTEGER;

/// Reads and writes a member of type `T`.
pub(crate) trait Adapter<T> {
    /// Reads the value.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
    /// Writes the value.
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;
}

/// The type's own serde code.
pub(crate) struct Plain;

impl<T: Serialize + DeserializeOwned> Adapter<T> for Plain {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// An integer. `300000.0` is accepted as an integer, because some peers write every number with a
/// fraction.
pub(crate) struct Int;

/// A number of milliseconds. Negative values are read as 0, as the caching page of the
/// specification requires.
pub(crate) struct Millis;

/// A number. A whole value is written without a fraction, because a peer may expect an integer.
pub(crate) struct Float;

impl<T: TryFrom<i128> + Serialize> Adapter<T> for Int {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let value = deserializer.deserialize_any(Integer)?;
        T::try_from(value)
            .map_err(|_| de::Error::custom(format_args!("the integer {value} is out of range")))
    }

    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

impl Adapter<u64> for Millis {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(Integer).map(clamp)
    }

    fn write<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(*value)
    }
}

/// A required member that may be `null`.
impl Adapter<Option<u64>> for Millis {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        Optional::<u64, Self>::new().deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

impl Adapter<f64> for Float {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }

    fn write<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.fract() == 0.0 && value.abs() < MAX_EXACT_INTEGER {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within `i64`")]
            serializer.serialize_i64(*value as i64)
        } else {
            serializer.serialize_f64(*value)
        }
    }
}

fn clamp(millis: i128) -> u64 {
    u64::try_from(millis.max(0)).unwrap_or(u64::MAX)
}

/// Reads a JSON number without a fractional part.
struct Integer;

impl Visitor<'_> for Integer {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<i128, E> {
        if value.fract() == 0.0 && value.abs() < MAX_EXACT_INTEGER {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within `i64`")]
            Ok((value as i64).into())
        } else {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        }
    }
}

/// Reads a member whose value must be a `T`.
pub(crate) struct Required<T, A>(PhantomData<(T, A)>);

impl<T, A> Required<T, A> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T, A: Adapter<T>> DeserializeSeed<'de> for Required<T, A> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        A::read(deserializer)
    }
}

/// Reads a member whose value may be `null`.
pub(crate) struct Optional<T, A>(PhantomData<(T, A)>);

impl<T, A> Optional<T, A> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T, A: Adapter<T>> DeserializeSeed<'de> for Optional<T, A> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T, A: Adapter<T>> Visitor<'de> for Optional<T, A> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        A::read(deserializer).map(Some)
    }
}

/// Serializes a borrowed member with an adapter.
pub(crate) struct SerializeWith<'a, T, A>(&'a T, PhantomData<A>);

impl<'a, T, A> SerializeWith<'a, T, A> {
    pub(crate) const fn new(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<T, A: Adapter<T>> Serialize for SerializeWith<'_, T, A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        A::write(self.0, serializer)
    }
}
