//! The rules of `x-mcp-header` that can be checked on tokens (HDR-11 and HDR-12). For other types,
//! the expansion requires a trait.

use syn::Type;

use super::types;

/// Returns what is wrong with the name of a header.
pub(crate) fn header_name_problem(name: &str) -> Option<String> {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match name.chars().find(|&c| !is_tchar(c)) {
        Some(invalid) => {
            Some(format!("the name of a header cannot contain `{}`", invalid.escape_debug()))
        }
        None if name.is_empty() => Some("the name of a header cannot be empty".to_owned()),
        None => None,
    }
}

/// Returns what is wrong with a type that is known by its name not to be an integer, a string or a
/// boolean.
pub(crate) fn header_type_problem(ty: &Type) -> Option<&'static str> {
    match types::last_segment(types::inside_option(ty).unwrap_or(ty))?.ident.to_string().as_str() {
        "f32" | "f64" => Some("a number with a fraction cannot be sent as a header"),
        "Vec" | "HashSet" | "BTreeSet" | "VecDeque" => Some("an array cannot be sent as a header"),
        "HashMap" | "BTreeMap" | "Map" | "Value" => Some("an object cannot be sent as a header"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::{header_name_problem, header_type_problem};

    #[test]
    fn a_header_name_is_an_http_token() {
        assert_eq!(header_name_problem("Region"), None);
        assert_eq!(header_name_problem("X-Tenant_1"), None);
        for bad in ["", "My Region", "a:b", "größe", "a\r\nb"] {
            assert!(header_name_problem(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn known_unsuitable_types_are_refused() {
        assert!(header_type_problem(&parse_quote!(f64)).is_some());
        assert!(header_type_problem(&parse_quote!(Option<Vec<u8>>)).is_some());
        assert!(header_type_problem(&parse_quote!(Option<String>)).is_none());
        assert!(header_type_problem(&parse_quote!(my::Region)).is_none());
    }
}
