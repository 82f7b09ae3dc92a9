//! Adapts a question to a revision, or refuses it.

use mcp_core::revision::Rules;
use mcp_core::types::{ElicitParams, InputRequest, LegacyTitledEnumSchema, PrimitiveSchema};

use crate::questions::{AskError, AskErrorKind};

/// Adapts a question to a revision.
pub(super) fn fit(request: &mut InputRequest, rules: &Rules) -> Result<(), AskError> {
    match request {
        InputRequest::Elicit(params) => match &mut **params {
            // In a result, a question is not a request with parameters of its own: it has no id for
            // a completion notification (EL-5), no task and no `_meta`.
            ElicitParams::Url(elicitation) if rules.input_required => {
                (elicitation.elicitation_id, elicitation.task, elicitation.meta) =
                    (None, None, None);
            }
            ElicitParams::Form(form) if rules.input_required => {
                (form.task, form.meta) = (None, None);
            }
            ElicitParams::Form(form) if !rules.elicitation_choices => {
                form.mode = None;
                let fields: Vec<_> = form
                    .requested_schema
                    .properties
                    .iter()
                    .map(|(name, field)| (name.to_owned(), field.clone()))
                    .collect();
                for (name, field) in fields {
                    form.requested_schema.properties.insert(name, to_legacy(field)?);
                }
            }
            _ => {}
        },
        InputRequest::CreateMessage(params) if rules.input_required => {
            (params.task, params.meta) = (None, None);
        }
        _ => {}
    }
    Ok(())
}

/// Converts a field for 2025-06-18: labels in a separate list, no multiple choice.
fn to_legacy(field: PrimitiveSchema) -> Result<PrimitiveSchema, AskError> {
    Ok(match field {
        PrimitiveSchema::TitledSingleSelect(field) => {
            let (values, names): (Vec<_>, Vec<_>) =
                field.options.into_iter().map(|option| (option.value, option.title)).unzip();
            let mut legacy = LegacyTitledEnumSchema::new(values, names);
            (legacy.title, legacy.description) = (field.title, field.description);
            legacy.into()
        }
        PrimitiveSchema::MultiSelect(_) | PrimitiveSchema::TitledMultiSelect(_) => {
            return Err(AskError::new(
                AskErrorKind::Unsupported,
                "multiple choice requires revision 2025-11-25 or later",
            ));
        }
        field => field,
    })
}
