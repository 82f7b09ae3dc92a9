//! What a revision does not know is rewritten in a question, or the question cannot be asked.

use mcp_core::revision::Rules;
use mcp_core::types::{ElicitParams, InputRequest, LegacyTitledEnumSchema, PrimitiveSchema};

use super::{AskError, AskErrorKind};

/// Makes a question fit.
pub(super) fn fit(request: &mut InputRequest, rules: &Rules) -> Result<(), AskError> {
    match request {
        InputRequest::Elicit(params) => match &mut **params {
            // The id went with the requests of the server (EL-5), the other two with the tasks of 2025-11-25.
            ElicitParams::Url(visit) if rules.result_type => {
                (visit.elicitation_id, visit.task, visit.meta) = (None, None, None);
            }
            ElicitParams::Form(form) if rules.result_type => (form.task, form.meta) = (None, None),
            ElicitParams::Form(form) if !rules.elicitation_url => {
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
        InputRequest::CreateMessage(params) if rules.result_type => {
            (params.task, params.meta) = (None, None)
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
