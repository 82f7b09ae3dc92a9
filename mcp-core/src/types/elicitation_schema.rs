//! The form of an elicitation: a flat object of simple fields. Spec: client/elicitation, "Requested
//! Schema"; since 2025-06-18.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::json::{Float, Int, JsonObject, RawJson, object, string_enum};

object! {
    /// The form of an elicitation. Since 2025-06-18.
    ///
    /// ```
    /// use mcp_core::types::{BooleanSchema, ElicitSchema, StringFormat, StringSchema};
    ///
    /// let email = StringSchema::new().title("Email address").format(StringFormat::Email);
    /// let form = ElicitSchema::new()
    ///     .required_field("email", email)
    ///     .field("newsletter", BooleanSchema::new().default_value(false));
    /// assert!(form.is_required("email"));
    /// ```
    pub struct ElicitSchema tag "type" = "object" {
        /// The dialect of JSON Schema. Since 2025-11-25.
        schema?: String = "$schema",
        /// The fields, in display order.
        properties[]: Properties = "properties",
        /// The names of the required fields.
        required?: Vec<String> = "required",
    }

    /// A text field. Since 2025-06-18.
    pub struct StringSchema tag "type" = "string" {
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// Minimum number of characters.
        min_length?: u64 = "minLength" via Int,
        /// Maximum number of characters.
        max_length?: u64 = "maxLength" via Int,
        /// The format of the text.
        format?: StringFormat = "format",
        /// The default value. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// A number field. Since 2025-06-18.
    pub struct NumberSchema {
        /// Whether any number is accepted, or only integers.
        kind: NumberKind = "type",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// Minimum value.
        minimum?: f64 = "minimum" via Float,
        /// Maximum value.
        maximum?: f64 = "maximum" via Float,
        /// The default value. Since 2025-11-25.
        default_value?: f64 = "default" via Float,
    }

    /// A check box. Since 2025-06-18.
    pub struct BooleanSchema tag "type" = "boolean" {
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// The default value.
        default_value?: bool = "default",
    }

    /// A choice of one value. Since 2025-06-18.
    pub struct UntitledSingleSelectEnumSchema tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// The default value. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// A choice of one value, with labels. Since 2025-11-25.
    pub struct TitledSingleSelectEnumSchema tag "type" = "string" {
        /// The options.
        options: Vec<EnumOption> = "oneOf",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// The default value.
        default_value?: String = "default",
    }

    /// A choice of several values. Since 2025-11-25.
    pub struct UntitledMultiSelectEnumSchema tag "type" = "array" {
        /// The values.
        items: EnumItems = "items",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// Minimum number of choices.
        min_items?: u64 = "minItems" via Int,
        /// Maximum number of choices.
        max_items?: u64 = "maxItems" via Int,
        /// The default value.
        default_value?: Vec<String> = "default",
    }

    /// A choice of several values, with labels. Since 2025-11-25.
    pub struct TitledMultiSelectEnumSchema tag "type" = "array" {
        /// The options.
        items: TitledEnumItems = "items",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// Minimum number of choices.
        min_items?: u64 = "minItems" via Int,
        /// Maximum number of choices.
        max_items?: u64 = "maxItems" via Int,
        /// The default value.
        default_value?: Vec<String> = "default",
    }

    /// A choice of one value, with the labels in a separate list. Since 2025-06-18; superseded by
    /// [`TitledSingleSelectEnumSchema`] in 2025-11-25.
    pub struct LegacyTitledEnumSchema tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
        /// One label for each value.
        names: Vec<String> = "enumNames",
        /// The label.
        title?: String = "title",
        /// A help text.
        description?: String = "description",
        /// The default value. Since 2025-11-25.
        default_value?: String = "default",
    }

    /// The values of a multiple choice. Since 2025-11-25.
    pub struct EnumItems tag "type" = "string" {
        /// The values.
        values: Vec<String> = "enum",
    }

    /// The options of a multiple choice. Since 2025-11-25.
    pub struct TitledEnumItems {
        /// The options.
        options: Vec<EnumOption> = "anyOf",
    }

    /// An option of a choice, with its label. Since 2025-11-25.
    pub struct EnumOption {
        /// The value.
        value: String = "const",
        /// The label.
        title: String = "title",
    }
}

string_enum! {
    /// The format of a text field. Since 2025-06-18.
    pub enum StringFormat {
        /// An email address.
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
    /// Whether a number field accepts any number, or only integers. Since 2025-06-18.
    pub enum NumberKind {
        /// Any number.
        Number = "number",
        /// Only integers.
        Integer = "integer",
    }
}

impl ElicitSchema {
    /// Adds an optional field.
    ///
    /// ```
    /// use mcp_core::types::{ElicitSchema, StringSchema};
    ///
    /// let note = StringSchema::new().title("Note for the kitchen").max_length(200_u64);
    /// let form = ElicitSchema::new().field("note", note); // The user may leave it empty.
    /// ```
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, field: impl Into<PrimitiveSchema>) -> Self {
        self.properties.insert(name, field);
        self
    }

    /// Adds a required field.
    ///
    /// ```
    /// use mcp_core::types::{ElicitSchema, NumberSchema};
    ///
    /// let guests = NumberSchema::integer().title("Guests").minimum(1.0).maximum(6.0);
    /// let form = ElicitSchema::new().required_field("guests", guests);
    /// ```
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

    /// Whether a field is required.
    ///
    /// ```
    /// use mcp_core::types::{ElicitSchema, StringSchema};
    ///
    /// /// The label of a field in a form on the screen.
    /// fn label(form: &ElicitSchema, name: &str) -> String {
    ///     if form.is_required(name) { format!("{name} *") } else { name.to_owned() }
    /// }
    ///
    /// let form = ElicitSchema::new().required_field("city", StringSchema::new());
    /// assert_eq!(label(&form, "city"), "city *");
    /// ```
    #[must_use]
    pub fn is_required(&self, name: &str) -> bool {
        self.required.as_ref().is_some_and(|required| required.iter().any(|r| r == name))
    }
}

impl NumberSchema {
    /// Creates a field for any number.
    #[must_use]
    pub fn number() -> Self {
        Self::new(NumberKind::Number)
    }

    /// Creates a field for integers.
    #[must_use]
    pub fn integer() -> Self {
        Self::new(NumberKind::Integer)
    }
}

/// The fields of a form, in display order. Since 2025-06-18.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(Vec<(String, PrimitiveSchema)>);

impl Properties {
    /// Creates an empty set of fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the field of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PrimitiveSchema> {
        self.iter().find_map(|(key, field)| (key == name).then_some(field))
    }

    /// Adds a field, or replaces the field of that name.
    pub fn insert(&mut self, name: impl Into<String>, field: impl Into<PrimitiveSchema>) {
        let (name, field) = (name.into(), field.into());
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some(entry) => entry.1 = field,
            None => self.0.push((name, field)),
        }
    }

    /// Returns the names and fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PrimitiveSchema)> {
        self.0.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no fields.
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
    /// A choice of one value.
    SingleSelect(UntitledSingleSelectEnumSchema),
    /// A choice of one value, with labels.
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    /// A choice of several values.
    MultiSelect(UntitledMultiSelectEnumSchema),
    /// A choice of several values, with labels.
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    /// A choice of one value, with the labels in a separate list.
    LegacyTitledEnum(LegacyTitledEnumSchema),
    /// A field whose kind is unknown to this SDK.
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
        // The kinds overlap, so the more specific ones are tested first.
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

/// Implements the conversion from each kind of field.
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
