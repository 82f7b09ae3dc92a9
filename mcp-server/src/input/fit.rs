//! What a revision does not know is rewritten in a question, or the question cannot be asked.

use mcp_core::revision::Rules;
use mcp_core::types::{ElicitParams, InputRequest, LegacyTitledEnumSchema, PrimitiveSchema};

use crate::questions::{AskError, AskErrorKind};

/// Makes a question fit.
pub(super) fn fit(request: &mut InputRequest, rules: &Rules) -> Result<(), AskError> {
    match request {
        InputRequest::Elicit(params) => match &mut **params {
            // Inside a result a question is not a request with params of its own: it has no id to
            // report completion by (EL-5), no task and no `_meta`.
            ElicitParams::Url(visit) if rules.input_required => {
                (visit.elicitation_id, visit.task, visit.meta) = (None, None, None);
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
                    form.requested_schema.properties.insert(name, old(field)?);
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

/// A field as 2025-06-18 has it: labels in a list of their own, no choice of several.
fn old(field: PrimitiveSchema) -> Result<PrimitiveSchema, AskError> {
    Ok(match field {
        PrimitiveSchema::TitledSingleSelect(field) => {
            let (values, names): (Vec<_>, Vec<_>) =
                field.options.into_iter().map(|option| (option.value, option.title)).unzip();
            let mut old = LegacyTitledEnumSchema::new(values, names);
            (old.title, old.description) = (field.title, field.description);
            old.into()
        }
        PrimitiveSchema::MultiSelect(_) | PrimitiveSchema::TitledMultiSelect(_) => {
            return Err(AskError::new(
                AskErrorKind::Unsupported,
                "a choice of several exists since the revision 2025-11-25",
            ));
        }
        field => field,
    })
}
