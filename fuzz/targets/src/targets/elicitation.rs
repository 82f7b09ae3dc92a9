//! Forms: a value that passes `ElicitSchema::check` still does after the defaults were added, and
//! nothing panics on any form and any values.

use mcp_core::json::JsonObject;
use mcp_core::types::ElicitSchema;

/// The input is `[form, values]`.
pub(crate) fn run(data: &[u8]) {
    let Ok((form, mut values)) = serde_json::from_slice::<(ElicitSchema, JsonObject)>(data) else {
        return;
    };
    let before = values.clone();
    let passed = form.check(&values).is_ok();
    form.fill_in(&mut values);
    for (name, value) in &before {
        assert_eq!(values.get(name), Some(value), "a default replaced a value");
    }
    if passed {
        let result = form.check(&values);
        let added = values.len() - before.len();
        // A default that does not match its own field is the mistake of the form.
        assert!(result.is_ok() || added > 0, "{result:?}");
    }
    let text = serde_json::to_string(&form).expect("a form is JSON");
    let again: ElicitSchema = serde_json::from_str(&text).expect("a form is read back");
    assert_eq!(again, form);
}
