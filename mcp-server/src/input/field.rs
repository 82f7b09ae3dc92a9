//! The fields of a form, by their types. What `#[derive(Elicit)]` writes is made of this.

use mcp_core::types::{
    BooleanSchema, ElicitSchema, EnumItems, EnumOption, NumberSchema, PrimitiveSchema,
    StringFormat, StringSchema, TitledEnumItems, TitledMultiSelectEnumSchema,
    TitledSingleSelectEnumSchema, UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};
use serde_json::Value;

/// A type that can be a field of a form: texts, numbers, booleans, choices, and options of these.
///
/// [`#[derive(Elicit)]`](derive@crate::Elicit) implements it for enums without data. Implement it for a type that
/// deserializes from one of these:
///
/// ```
/// use mcp_server::input::FormField;
/// use mcp_server::types::{PrimitiveSchema, StringFormat, StringSchema};
///
/// #[derive(serde::Deserialize)]
/// struct Email(String);
///
/// impl FormField for Email {
///     fn field() -> PrimitiveSchema {
///         StringSchema::new().format(StringFormat::Email).into()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a form",
    label = "not something that a user can fill in",
    note = "a form is flat: text (`String`), numbers, `bool`, enums without data under `#[derive(Elicit)]`, a `Vec` of such an enum, or an `Option` of these"
)]
pub trait FormField {
    /// Whether it must be filled in.
    const REQUIRED: bool = true;

    /// What is shown, without label and help.
    fn field() -> PrimitiveSchema;
}

/// An enum without data: a choice. [`#[derive(Elicit)]`](derive@crate::Elicit) implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a choice",
    label = "a list in a form is a choice of several: its items are an enum",
    note = "derive `mcp_server::Elicit` for an enum without data, and ask for a `Vec` of it"
)]
pub trait Choice {
    /// Whether the options have labels of their own.
    const TITLED: bool;

    /// The options: values with their labels.
    fn options() -> Vec<EnumOption>;
}

/// A field whose text can be bounded.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "`min_length`, `max_length` and `format` are for text"
)]
pub trait TextField {}

/// A field whose value can be bounded.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    label = "`min` and `max` are for numbers"
)]
pub trait NumberField {}

/// A field of which several can be chosen.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list",
    label = "`min_items` and `max_items` are for lists"
)]
pub trait ListField {}

impl FormField for String {
    fn field() -> PrimitiveSchema {
        StringSchema::new().into()
    }
}

impl TextField for String {}

impl FormField for bool {
    fn field() -> PrimitiveSchema {
        BooleanSchema::new().into()
    }
}

macro_rules! numbers {
    ($($kind:ident: $($ty:ty)*;)*) => { $($(
        impl FormField for $ty {
            fn field() -> PrimitiveSchema {
                #[allow(unused_variables)]
                let (least, most) = (<$ty>::MIN, <$ty>::MAX);
                numbers!(@ $kind least most).into()
            }
        }
        impl NumberField for $ty {}
    )*)* };
    (@ small $least:ident $most:ident) => {
        NumberSchema::integer().minimum(f64::from($least)).maximum(f64::from($most))
    };
    (@ unsigned $least:ident $most:ident) => { NumberSchema::integer().minimum(0.0) };
    (@ signed $least:ident $most:ident) => { NumberSchema::integer() };
    (@ float $least:ident $most:ident) => { NumberSchema::number() };
}

numbers! {
    small: u8 u16 i8 i16;
    unsigned: u32 u64 usize;
    signed: i32 i64 isize;
    float: f32 f64;
}

impl<T: FormField> FormField for Option<T> {
    const REQUIRED: bool = false;

    fn field() -> PrimitiveSchema {
        T::field()
    }
}

impl<T: TextField> TextField for Option<T> {}
impl<T: NumberField> NumberField for Option<T> {}
impl<T: ListField> ListField for Option<T> {}

/// A choice of several.
impl<T: Choice> FormField for Vec<T> {
    fn field() -> PrimitiveSchema {
        several(T::options(), T::TITLED)
    }
}

impl<T: Choice> ListField for Vec<T> {}

fn values(options: Vec<EnumOption>) -> Vec<String> {
    options.into_iter().map(|option| option.value).collect()
}

/// A choice of one.
pub(crate) fn one_of(options: Vec<EnumOption>, titled: bool) -> PrimitiveSchema {
    match titled {
        true => TitledSingleSelectEnumSchema::new(options).into(),
        false => UntitledSingleSelectEnumSchema::new(values(options)).into(),
    }
}

fn several(options: Vec<EnumOption>, titled: bool) -> PrimitiveSchema {
    match titled {
        true => TitledMultiSelectEnumSchema::new(TitledEnumItems::new(options)).into(),
        false => UntitledMultiSelectEnumSchema::new(EnumItems::new(values(options))).into(),
    }
}

/// What is said of a field beside its type.
#[derive(Debug, Default)]
pub struct FieldSpec {
    title: Option<String>,
    description: Option<String>,
    format: Option<StringFormat>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    options: Option<Vec<EnumOption>>,
    default_value: Option<Value>,
    optional: bool,
}

macro_rules! setters {
    ($($name:ident: $ty:ty),* $(,)?) => { $(
        /// Says it.
        #[must_use]
        pub fn $name(mut self, value: impl Into<$ty>) -> Self {
            self.$name = Some(value.into());
            self
        }
    )* };
}

impl FieldSpec {
    /// Nothing is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        title: String, description: String, format: StringFormat, min_length: u64, max_length: u64,
        minimum: f64, maximum: f64, min_items: u64, max_items: u64, options: Vec<EnumOption>,
        default_value: Value,
    }

    /// It may be left out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Adds a field of type `T` to a form. What `T` cannot be is refused when the derive expands.
    #[must_use]
    pub fn add_to<T: FormField>(self, form: ElicitSchema, name: &str) -> ElicitSchema {
        let required = T::REQUIRED && self.default_value.is_none() && !self.optional;
        let field = self.apply(T::field()).unwrap_or_else(|problem| {
            tracing::error!(field = name, problem, "a form has a field that does not fit its type");
            T::field()
        });
        if required { form.required_field(name, field) } else { form.field(name, field) }
    }

    /// Says it all of a field.
    pub(crate) fn apply(mut self, mut field: PrimitiveSchema) -> Result<PrimitiveSchema, String> {
        if let Some(options) = self.options.take() {
            field = match field {
                PrimitiveSchema::String(_)
                | PrimitiveSchema::SingleSelect(_)
                | PrimitiveSchema::TitledSingleSelect(_) => one_of(options, true),
                PrimitiveSchema::MultiSelect(_) | PrimitiveSchema::TitledMultiSelect(_) => {
                    several(options, true)
                }
                _ => return Err("only texts and choices have options".into()),
            };
        }
        /// Sets what is said.
        macro_rules! set {
            ($field:ident: $($name:ident)*) => { $(
                if self.$name.is_some() {
                    $field.$name = self.$name.take();
                }
            )* };
            ($field:ident default $($convert:tt)*) => {
                if let Some(value) = self.default_value.take() {
                    $field.default_value = Some(serde_json::from_value(value).map_err(|error| error.to_string())?);
                }
            };
        }
        match &mut field {
            PrimitiveSchema::String(field) => {
                set!(field: title description format min_length max_length);
                set!(field default);
            }
            PrimitiveSchema::Number(field) => {
                set!(field: title description minimum maximum);
                set!(field default);
            }
            PrimitiveSchema::Boolean(field) => {
                set!(field: title description);
                set!(field default);
            }
            PrimitiveSchema::SingleSelect(field) => {
                set!(field: title description);
                set!(field default);
            }
            PrimitiveSchema::TitledSingleSelect(field) => {
                set!(field: title description);
                set!(field default);
            }
            PrimitiveSchema::MultiSelect(field) => {
                set!(field: title description min_items max_items);
                set!(field default);
            }
            PrimitiveSchema::TitledMultiSelect(field) => {
                set!(field: title description min_items max_items);
                set!(field default);
            }
            PrimitiveSchema::LegacyTitledEnum(field) => {
                set!(field: title description);
                set!(field default);
            }
            _ => return Err("the field is of a kind that this SDK does not know".into()),
        }
        Ok(field)
    }
}
