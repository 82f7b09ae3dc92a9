//! The form of an elicitation: a flat object of simple fields. Spec: client/elicitation, "Requested Schema";
//! since 2025-06-18.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::json::{Float, Int, JsonObject, RawJson, object, string_enum};

object! {
    /// The form of an elicitation. Since 2025-06-18.
    ///
    /// ```
    /// # use mcp_core::types::{BooleanSchema, ElicitSchema, StringFormat, StringSchema};
    /// let form = ElicitSchema::new()
    ///     .required_field("email", StringSchema::new().title("Your address").format(StringFormat::Email))
    ///     .field("newsletter", BooleanSchema::new().default_value(false));
    /// ```
    pub struct ElicitSchema tag "type" = "object" {
        /// Dialect of JSON Schema. Since 2025-11-25.
        schema?: String = "$schema",
        /// The fields, in the order in which they are shown.
        properties[]: Properties = "properties",
        /// Names of the fields that must be filled in.
        required?: Vec<String> = "required",
    }

    /// A text field. Since 2025-06-18.
    pub struct StringSchema tag "type" = "string" {
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// Least number of characters.
        min_length?: u64 = "minLength" via Int,
        /// Greatest number of characters.
        max_length?: u64 = "maxLength" via Int,
        /// What the text is.
        format?: StringFormat = "format",
        /// What is filled in at first. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// A number field. Since 2025-06-18.
    pub struct NumberSchema {
        /// Any number, or integers only.
        kind: NumberKind = "type",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// Least value.
        minimum?: f64 = "minimum" via Float,
        /// Greatest value.
        maximum?: f64 = "maximum" via Float,
        /// What is filled in at first. Since 2025-11-25.
        default_value?: f64 = "default" via Float,
    }

    /// A check box. Since 2025-06-18.
    pub struct BooleanSchema tag "type" = "boolean" {
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// What is filled in at first.
        default_value?: bool = "default",
    }

    /// A choice of one. Since 2025-06-18.
    pub struct UntitledSingleSelectEnumSchema tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// What is chosen at first. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// A choice of one whose options have labels. Since 2025-11-25.
    pub struct TitledSingleSelectEnumSchema tag "type" = "string" {
        /// The options.
        options: Vec<EnumOption> = "oneOf",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// What is chosen at first.
        default_value?: String = "default",
    }

    /// A choice of several. Since 2025-11-25.
    pub struct UntitledMultiSelectEnumSchema tag "type" = "array" {
        /// The values.
        items: EnumItems = "items",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// Least number to choose.
        min_items?: u64 = "minItems" via Int,
        /// Greatest number to choose.
        max_items?: u64 = "maxItems" via Int,
        /// What is chosen at first.
        default_value?: Vec<String> = "default",
    }

    /// A choice of several whose options have labels. Since 2025-11-25.
    pub struct TitledMultiSelectEnumSchema tag "type" = "array" {
        /// The options.
        items: TitledEnumItems = "items",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// Least number to choose.
        min_items?: u64 = "minItems" via Int,
        /// Greatest number to choose.
        max_items?: u64 = "maxItems" via Int,
        /// What is chosen at first.
        default_value?: Vec<String> = "default",
    }

    /// A choice of one whose labels stand in a list of their own. Since 2025-06-18; old since 2025-11-25.
    pub struct LegacyTitledEnumSchema tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
        /// A label a value.
        names: Vec<String> = "enumNames",
        /// Label.
        title?: String = "title",
        /// Help.
        description?: String = "description",
        /// What is chosen at first. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// The values of a choice of several. Since 2025-11-25.
    pub struct EnumItems tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
    }

    /// The options of a choice of several. Since 2025-11-25.
    pub struct TitledEnumItems {
        /// The options.
        options: Vec<EnumOption> = "anyOf",
    }

    /// An option with its label. Since 2025-11-25.
    pub struct EnumOption {
        /// The value.
        value: String = "const",
        /// The label.
        title: String = "title",
    }
}

string_enum! {
    /// What the text of a field is. Since 2025-06-18.
    pub enum StringFormat {
        /// A mail address.
        Email = "email",
        /// A URI.
        Uri = "uri",
        /// A date.
        Date = "date",
        /// A date and a time.
        DateTime = "date-time",
        _ => Other,
    }
}

string_enum! {
    /// Any number, or integers only. Since 2025-06-18.
    pub enum NumberKind {
        /// Any number.
        Number = "number",
        /// Integers only.
        Integer = "integer",
    }
}

impl ElicitSchema {
    /// Adds a field that may be left empty.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, field: impl Into<PrimitiveSchema>) -> Self {
        self.properties.insert(name, field);
        self
    }

    /// Adds a field that must be filled in.
    #[must_use]
    pub fn required_field(
        mut self,
        name: impl Into<String>,
        field: impl Into<PrimitiveSchema>,
    ) -> Self {
        let name = name.into();
        self.required.get_or_insert_default().push(name.clone());
        self.field(name, field)
    }

    /// Whether a field must be filled in.
    #[must_use]
    pub fn is_required(&self, name: &str) -> bool {
        self.required.as_ref().is_some_and(|required| required.iter().any(|r| r == name))
    }
}

impl NumberSchema {
    /// Any number.
    #[must_use]
    pub fn number() -> Self {
        Self::new(NumberKind::Number)
    }

    /// Integers only.
    #[must_use]
    pub fn integer() -> Self {
        Self::new(NumberKind::Integer)
    }
}

/// The fields of a form, in the order in which they are shown. Since 2025-06-18.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(Vec<(String, PrimitiveSchema)>);

impl Properties {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The field of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PrimitiveSchema> {
        self.iter().find_map(|(key, field)| (key == name).then_some(field))
    }

    /// Adds a field, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, field: impl Into<PrimitiveSchema>) {
        let (name, field) = (name.into(), field.into());
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some(entry) => entry.1 = field,
            None => self.0.push((name, field)),
        }
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PrimitiveSchema)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<String>, F: Into<PrimitiveSchema>> FromIterator<(K, F)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, F)>>(fields: I) -> Self {
        let mut properties = Self::new();
        fields.into_iter().for_each(|(name, field)| properties.insert(name, field));
        properties
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of form fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut fields = Vec::<(String, PrimitiveSchema)>::new();
                while let Some((name, field)) = map.next_entry::<String, PrimitiveSchema>()? {
                    if fields.iter().any(|(key, _)| *key == name) {
                        return Err(de::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.push((name, field));
                }
                Ok(Properties(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A field of a form. Since 2025-06-18.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PrimitiveSchema {
    /// Text.
    String(StringSchema),
    /// A number.
    Number(NumberSchema),
    /// A check box.
    Boolean(BooleanSchema),
    /// A choice of one.
    SingleSelect(UntitledSingleSelectEnumSchema),
    /// A choice of one whose options have labels.
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    /// A choice of several.
    MultiSelect(UntitledMultiSelectEnumSchema),
    /// A choice of several whose options have labels.
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    /// A choice of one whose labels stand in a list of their own.
    LegacyTitledEnum(LegacyTitledEnumSchema),
    /// A field that this SDK does not know.
    Unknown(RawJson),
}

impl Serialize for PrimitiveSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(field) => field.serialize(serializer),
            Self::Number(field) => field.serialize(serializer),
            Self::Boolean(field) => field.serialize(serializer),
            Self::SingleSelect(field) => field.serialize(serializer),
            Self::TitledSingleSelect(field) => field.serialize(serializer),
            Self::MultiSelect(field) => field.serialize(serializer),
            Self::TitledMultiSelect(field) => field.serialize(serializer),
            Self::LegacyTitledEnum(field) => field.serialize(serializer),
            Self::Unknown(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PrimitiveSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let object: JsonObject = raw.parse().map_err(de::Error::custom)?;
        let items_have = |key| object.get("items").is_some_and(|items| items.get(key).is_some());
        let is_choice = object.contains_key("enum");
        // The kinds overlap: the more special goes first.
        let field = match object.get("type").and_then(Value::as_str) {
            Some("string") if object.contains_key("oneOf") => {
                raw.parse().map(Self::TitledSingleSelect)
            }
            Some("string") if is_choice && object.contains_key("enumNames") => {
                raw.parse().map(Self::LegacyTitledEnum)
            }
            Some("string") if is_choice => raw.parse().map(Self::SingleSelect),
            Some("string") => raw.parse().map(Self::String),
            Some("number" | "integer") => raw.parse().map(Self::Number),
            Some("boolean") => raw.parse().map(Self::Boolean),
            Some("array") if items_have("anyOf") => raw.parse().map(Self::TitledMultiSelect),
            Some("array") if items_have("enum") => raw.parse().map(Self::MultiSelect),
            _ => Ok(Self::Unknown(raw)),
        };
        field.map_err(de::Error::custom)
    }
}

/// Each kind of field is a field.
macro_rules! fields {
    ($( $variant:ident($schema:ty), )+) => {
        $(
            impl From<$schema> for PrimitiveSchema {
                fn from(schema: $schema) -> Self {
                    Self::$variant(schema)
                }
            }
        )+
    };
}

fields! {
    String(StringSchema),
    Number(NumberSchema),
    Boolean(BooleanSchema),
    SingleSelect(UntitledSingleSelectEnumSchema),
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    MultiSelect(UntitledMultiSelectEnumSchema),
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    LegacyTitledEnum(LegacyTitledEnumSchema),
}
