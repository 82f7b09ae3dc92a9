//! The [`object!`](object) macro: wire objects as structs, with serde code shaped by hand.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// Defines wire objects.
///
/// ```ignore
/// object! {
///     /// Docs, spec page, revisions.
///     pub struct Tool {
///         /// Required: an absent member is an error.
///         name: String = "name",
///         /// Optional: `Option<String>`; absent and null are `None`; `None` is not written.
///         title?: String = "title",
///         /// Optional, and null is a value: a null member is `Some(null)`.
///         structured_content??: RawJson = "structuredContent",
///         /// Absent or null is the default; always written.
///         content[]: Vec<Content> = "content",
///         /// Read and written by an adapter of `json::adapter`.
///         size?: u64 = "size" via Int,
///     }
/// }
/// ```
///
/// Between name and brace may stand `tag "type" = "text"` (a member that always has this value; written first)
/// and `ignore "resultType"` (a member that is read past and never written).
///
/// Each struct gets public fields, `extra` for unknown members, `new` with the required fields in order, a
/// chaining setter for every other field, `Default` when nothing is required, and serde: members are written
/// in the order of declaration, then `extra`; a known member that occurs twice is an error.
macro_rules! object {
    (
        $(
            $(#[$meta:meta])*
            pub struct $name:ident $(tag $tag:literal = $value:literal)? $(ignore $ignored:literal)? {
                $($body:tt)*
            }
        )+
    ) => {
        $(
            $crate::json::object! {
                @fields [$(#[$meta])* $name [$($tag = $value)?] [$($ignored)?]] [] [] [] $($body)*
            }
        )+
    };

    // Sorting the fields: all of them, the required ones, the others. `{kind [docs] name (type) (type of the
    // field) "member" [adapter]}`
    (@fields $head:tt [$($all:tt)*] [$($required:tt)*] [$($other:tt)*]
        $(#[$meta:meta])* $field:ident : $type:ty = $member:literal $(via $adapter:ident)?, $($rest:tt)*
    ) => {
        $crate::json::object! {
            @fields $head
            [$($all)* {required [$(#[$meta])*] $field ($type) ($type) $member [$($adapter)?]}]
            [$($required)* {$field ($type) [$($adapter)?]}]
            [$($other)*]
            $($rest)*
        }
    };
    (@fields $head:tt [$($all:tt)*] [$($required:tt)*] [$($other:tt)*]
        $(#[$meta:meta])* $field:ident ? : $type:ty = $member:literal $(via $adapter:ident)?, $($rest:tt)*
    ) => {
        $crate::json::object! {
            @fields $head
            [$($all)* {optional [$(#[$meta])*] $field ($type) (Option<$type>) $member [$($adapter)?]}]
            [$($required)*]
            [$($other)* {$field ($type) [$($adapter)?]}]
            $($rest)*
        }
    };
    (@fields $head:tt [$($all:tt)*] [$($required:tt)*] [$($other:tt)*]
        $(#[$meta:meta])* $field:ident ?? : $type:ty = $member:literal $(via $adapter:ident)?, $($rest:tt)*
    ) => {
        $crate::json::object! {
            @fields $head
            [$($all)* {nullable [$(#[$meta])*] $field ($type) (Option<$type>) $member [$($adapter)?]}]
            [$($required)*]
            [$($other)* {$field ($type) [$($adapter)?]}]
            $($rest)*
        }
    };
    (@fields $head:tt [$($all:tt)*] [$($required:tt)*] [$($other:tt)*]
        $(#[$meta:meta])* $field:ident [] : $type:ty = $member:literal $(via $adapter:ident)?, $($rest:tt)*
    ) => {
        $crate::json::object! {
            @fields $head
            [$($all)* {defaulted [$(#[$meta])*] $field ($type) ($type) $member [$($adapter)?]}]
            [$($required)*]
            [$($other)* {$field ($type) [$($adapter)?]}]
            $($rest)*
        }
    };

    // All fields are sorted: the struct and its code.
    (@fields
        [$(#[$meta:meta])* $name:ident [$($tag:literal = $value:literal)?] [$($ignored:literal)?]]
        [$({$kind:ident [$(#[$fmeta:meta])*] $field:ident ($type:ty) ($ftype:ty) $member:literal
            [$($adapter:ident)?]})*]
        [$({$rfield:ident ($rtype:ty) [$($radapter:ident)?]})*]
        [$({$ofield:ident ($otype:ty) [$($oadapter:ident)?]})*]
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: $ftype, )*
            /// Members that this SDK does not know.
            pub extra: $crate::json::Extra,
        }

        impl $name {
            #[doc = concat!("A `", stringify!($name), "` with its required members.")]
            #[must_use]
            pub fn new($($rfield: $crate::json::object!(@param [$($radapter)?] $rtype)),*) -> Self {
                Self {
                    $( $rfield: $rfield.into(), )*
                    $( $ofield: Default::default(), )*
                    extra: Default::default(),
                }
            }

            $(
                #[doc = concat!("Sets `", stringify!($ofield), "`.")]
                #[must_use]
                pub fn $ofield(mut self, value: $crate::json::object!(@param [$($oadapter)?] $otype)) -> Self {
                    // `T` into `T` or into `Option<T>`, as the field is.
                    self.$ofield = Into::<$otype>::into(value).into();
                    self
                }
            )*
        }

        $crate::json::object!(@default $name $($rfield)*);

        const _: () = {
            use serde::de::{IgnoredAny, MapAccess, Visitor};
            use $crate::json::shape::{KeySeed, Members};

            /// A member's name, as read.
            #[allow(non_camel_case_types, clippy::allow_attributes)]
            enum Member {
                $( $field, )*
                #[allow(dead_code)]
                Tag,
                #[allow(dead_code)]
                Ignored,
                Unknown(String),
            }

            impl From<&str> for Member {
                fn from(name: &str) -> Self {
                    match name {
                        $( $member => Self::$field, )*
                        $( $tag => Self::Tag, )?
                        $( $ignored => Self::Ignored, )?
                        name => Self::Unknown(name.to_owned()),
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_map(Members::<$name>::new())
                }
            }

            impl<'de> Visitor<'de> for Members<$name> {
                type Value = $name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(concat!("a ", stringify!($name), " object"))
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                    #[allow(unused_mut)]
                    let mut tagged = self.is_tagged();
                    $( let mut $field: Option<$ftype> = None; )*
                    let mut extra = $crate::json::Extra::default();
                    while let Some(member) = map.next_key_seed(KeySeed::<Member>::new())? {
                        match member {
                            $(
                                Member::$field => {
                                    if $field.is_some() {
                                        return Err(<A::Error as serde::de::Error>::duplicate_field($member));
                                    }
                                    $field = Some($crate::json::object!(@read $kind map, $type, $($adapter)?));
                                }
                            )*
                            Member::Tag => {
                                $(
                                    if tagged {
                                        return Err(<A::Error as serde::de::Error>::duplicate_field($tag));
                                    }
                                    map.next_value_seed($crate::json::shape::Constant($value))?;
                                    tagged = true;
                                )?
                            }
                            Member::Ignored => {
                                map.next_value::<IgnoredAny>()?;
                            }
                            Member::Unknown(name) => {
                                extra.insert(name, map.next_value::<serde_json::Value>()?);
                            }
                        }
                    }
                    $(
                        if !tagged {
                            return Err(<A::Error as serde::de::Error>::missing_field($tag));
                        }
                    )?
                    let _ = tagged;
                    Ok($name {
                        $( $field: $crate::json::object!(@finish $kind $field, $member), )*
                        extra,
                    })
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;
                    let mut map = serializer.serialize_map(None)?;
                    $( map.serialize_entry($tag, $value)?; )?
                    $( $crate::json::object!(@write $kind map, self.$field, $member, $type, $($adapter)?); )*
                    self.extra.write(&mut map)?;
                    map.end()
                }
            }
        };
    };

    (@default $name:ident) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $name:ident $($required:ident)+) => {};

    // An integer is taken as it is: a literal could not be inferred through `Into`.
    (@param [Int] $type:ty) => { $type };
    (@param [Millis] $type:ty) => { $type };
    (@param [$($adapter:ident)?] $type:ty) => { impl Into<$type> };

    (@adapter) => { $crate::json::Plain };
    (@adapter $adapter:ident) => { $adapter };

    (@read required $map:ident, $type:ty, $($adapter:ident)?) => {
        $map.next_value_seed(
            $crate::json::shape::Required::<$type, $crate::json::object!(@adapter $($adapter)?)>::new(),
        )?
    };
    (@read nullable $map:ident, $type:ty, $($adapter:ident)?) => {
        Some($crate::json::object!(@read required $map, $type, $($adapter)?))
    };
    (@read optional $map:ident, $type:ty, $($adapter:ident)?) => {
        $map.next_value_seed(
            $crate::json::shape::Optional::<$type, $crate::json::object!(@adapter $($adapter)?)>::new(),
        )?
    };
    (@read defaulted $map:ident, $type:ty, $($adapter:ident)?) => {
        $crate::json::object!(@read optional $map, $type, $($adapter)?).unwrap_or_default()
    };

    (@finish required $field:ident, $member:literal) => {
        match $field {
            Some(value) => value,
            None => return Err(<A::Error as serde::de::Error>::missing_field($member)),
        }
    };
    (@finish $kind:ident $field:ident, $member:literal) => { $field.unwrap_or_default() };

    (@write optional $map:ident, $value:expr, $member:literal, $type:ty, $($adapter:ident)?) => {
        if let Some(value) = &$value {
            $crate::json::object!(@entry $map, value, $member, $type, $($adapter)?);
        }
    };
    (@write nullable $($rest:tt)*) => { $crate::json::object!(@write optional $($rest)*) };
    (@write $kind:ident $map:ident, $value:expr, $member:literal, $type:ty, $($adapter:ident)?) => {
        $crate::json::object!(@entry $map, &$value, $member, $type, $($adapter)?);
    };
    (@entry $map:ident, $value:expr, $member:literal, $type:ty, $($adapter:ident)?) => {
        $map.serialize_entry(
            $member,
            &$crate::json::shape::Written::<$type, $crate::json::object!(@adapter $($adapter)?)>::new($value),
        )?
    };
}

pub(crate) use object;

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
