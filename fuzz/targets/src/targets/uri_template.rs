//! `resource::Template`: values stay within their folder, and a URI that is built from them matches
//! with the same values.

use mcp_server::resource::Template;

/// The input is a template and, in the next line, a URI.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (template_text, uri) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(template) = Template::parse(template_text) else { return };
    let Some(values) = template.matches(uri) else { return };
    assert_eq!(values.len(), template.variables().count(), "{template_text:?} {uri:?}");
    let mut rebuilt = template_text.to_owned();
    for (name, value) in &values {
        assert!(!value.is_empty() && !value.contains('\0'), "{name}: {value:?}");
        let leads_out = value.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."));
        assert!(!leads_out, "{name}: {value:?}");
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (simple, reserved) = (format!("{{{name}}}"), format!("{{+{name}}}"));
        if template_text.contains(&simple) {
            assert!(!value.contains(['/', '\\']), "{name}: {value:?}");
        }
        rebuilt = rebuilt.replace(&simple, &encoded).replace(&reserved, &encoded);
    }
    // A literal of hexadecimal digits could end an encoded value early.
    let literals = template_text.split(['{', '}']).step_by(2).skip(1);
    let ends_early =
        |literal: &str| literal.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'%');
    if !literals.filter(|literal| !literal.is_empty()).any(ends_early) {
        assert_eq!(template.matches(&rebuilt), Some(values), "{template_text:?} {rebuilt:?}");
    }
}
