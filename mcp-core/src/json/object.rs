//! The [`object!`](object) macro: wire objects as structs, with serde code that keeps raw JSON and
//! unknown members.

/// Defines wire objects.
///
/// ```text
/// object! {
///     /// Docs, spec page, revisions.
///     pub struct Tool {
///         /// Required: an absent member is an error.
///         name: String = "name",
///         /// Optional: `Option<String>`. Absent and null are read as `None`, and `None` is not written.
///         title?: String = "title",
///         /// Optional, and null is a value: a null member is read as `Some(null)`.
///         structured_content??: RawJson = "structuredContent",
///         /// Absent and null are read as the default. Always written.
///         content[]: Vec<Content> = "content",
///         /// Read and written by an adapter of `json::adapter`.
///         size?: u64 = "size" via Int,
///     }
/// }
/// ```
///
/// Two clauses may stand between the name and the brace: `tag "type" = "text"` for a member that
/// always has this value and is written first, and `ignore "resultType"` for a member that is
/// skipped when read and never written.
///
/// The struct above expands to about this:
///
/// ```text
/// pub struct Tool { pub name: String, pub title: Option<String>, …, pub extra: Extra }
///
/// impl Tool {
///     pub fn new(name: impl Into<String>) -> Self { … }
///     pub fn title(mut self, title: impl Into<String>) -> Self { self.title = Some(title.into()); self }
///     …
/// }
///
/// impl<'de> Deserialize<'de> for Tool { … } // `ObjectVisitor<Tool>` visits the map:
///     while let Some(member) = map.next_key_seed(KeySeed::<Member>::new())? {
///         match member {
///             Member::name => …            // an error if it occurs twice
///             Member::Unknown(key) => …    // into `extra`
///         }
///     }
///
/// impl Serialize for Tool { … }            // in the order of declaration, then `extra`
/// ```
///
/// Each struct has public fields, `extra` for unknown members, `new` with the required fields in
/// order, a chaining setter for every other field, and `Default` if nothing is required. A known
/// member that occurs twice is an error.
///
/// The macro sorts the fields into three accumulators (`@fields [head] [all] [required] [other]
/// rest…`): all fields for the struct, the required ones for `new`, and the others for the setters.
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

    // Sorts the fields into all, required and others. An entry of the first list is `{kind [docs]
    // name (type) (type of the field) "member" [adapter]}`.
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

    // All fields are sorted. Emits the struct and its code.
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
            #[doc = concat!("Creates a `", stringify!($name), "` with its required members.")]
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
                    // `T` becomes `T` or `Option<T>`, depending on the field.
                    self.$ofield = Into::<$otype>::into(value).into();
                    self
                }
            )*
        }

        $crate::json::object!(@default $name $($rfield)*);

        const _: () = {
            use serde::de::{IgnoredAny, MapAccess, Visitor};
            use $crate::json::macro_support::{KeySeed, ObjectVisitor};

            /// The name of a member.
            #[allow(non_camel_case_types, clippy::allow_attributes)]
            enum Member {
                $( $field, )*
                #[allow(dead_code, reason = "only types with a tag have it")]
                Tag,
                #[allow(dead_code, reason = "only types with ignored members have it")]
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
                    deserializer.deserialize_map(ObjectVisitor::<$name>::new())
                }
            }

            impl<'de> Visitor<'de> for ObjectVisitor<$name> {
                type Value = $name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(concat!("a ", stringify!($name), " object"))
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                    #[allow(unused_mut)]
                    let mut has_tag = self.has_tag();
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
                                    if has_tag {
                                        return Err(<A::Error as serde::de::Error>::duplicate_field($tag));
                                    }
                                    map.next_value_seed($crate::json::macro_support::Constant($value))?;
                                    has_tag = true;
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
                        if !has_tag {
                            return Err(<A::Error as serde::de::Error>::missing_field($tag));
                        }
                    )?
                    let _ = has_tag;
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

    // An integer parameter has a concrete type: the type of a literal cannot be inferred through
    // `Into`.
    (@param [Int] $type:ty) => { $type };
    (@param [Millis] $type:ty) => { $type };
    (@param [$($adapter:ident)?] $type:ty) => { impl Into<$type> };

    (@adapter) => { $crate::json::Plain };
    (@adapter $adapter:ident) => { $adapter };

    (@read required $map:ident, $type:ty, $($adapter:ident)?) => {
        $map.next_value_seed(
            $crate::json::macro_support::Required::<$type, $crate::json::object!(@adapter $($adapter)?)>::new(),
        )?
    };
    (@read nullable $map:ident, $type:ty, $($adapter:ident)?) => {
        Some($crate::json::object!(@read required $map, $type, $($adapter)?))
    };
    (@read optional $map:ident, $type:ty, $($adapter:ident)?) => {
        $map.next_value_seed(
            $crate::json::macro_support::Optional::<$type, $crate::json::object!(@adapter $($adapter)?)>::new(),
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
            &$crate::json::macro_support::SerializeWith::<$type, $crate::json::object!(@adapter $($adapter)?)>::new($value),
        )?
    };
}

pub(crate) use object;
