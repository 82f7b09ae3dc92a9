//! The header fields that decide about a request, found in one pass over all of them: a look-up
//! hashes the name, and there are many.

use http::{HeaderMap, HeaderValue};

/// The header fields that decide about a request.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http) struct Fields<'a> {
    pub(in crate::http) host: Field<'a>,
    pub(in crate::http) origin: Field<'a>,
    pub(in crate::http) sec_fetch_site: Field<'a>,
    pub(in crate::http) accept: Field<'a>,
    pub(in crate::http) content_type: Field<'a>,
    pub(in crate::http) content_encoding: Field<'a>,
    pub(in crate::http) protocol_version: Field<'a>,
    pub(in crate::http) method: Field<'a>,
    pub(in crate::http) name: Field<'a>,
    pub(in crate::http) session_id: Field<'a>,
}

/// One header field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::http) enum Field<'a> {
    #[default]
    Absent,
    Once(&'a HeaderValue),
    /// With its first value.
    Repeated(&'a HeaderValue),
}

impl<'a> Fields<'a> {
    pub(in crate::http) fn read(headers: &'a HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let field = match name.as_str() {
                "host" => &mut fields.host,
                "origin" => &mut fields.origin,
                "sec-fetch-site" => &mut fields.sec_fetch_site,
                "accept" => &mut fields.accept,
                "content-type" => &mut fields.content_type,
                "content-encoding" => &mut fields.content_encoding,
                "mcp-protocol-version" => &mut fields.protocol_version,
                "mcp-method" => &mut fields.method,
                "mcp-name" => &mut fields.name,
                "mcp-session-id" => &mut fields.session_id,
                _ => continue,
            };
            *field = match field {
                Field::Absent => Field::Once(value),
                Field::Once(first) | Field::Repeated(first) => Field::Repeated(first),
            };
        }
        fields
    }
}

impl<'a> Field<'a> {
    /// The first value.
    pub(in crate::http) fn first(self) -> Option<&'a HeaderValue> {
        match self {
            Self::Absent => None,
            Self::Once(value) | Self::Repeated(value) => Some(value),
        }
    }

    /// Whether the field is there once, with exactly this value.
    pub(in crate::http) fn is(self, value: &str) -> bool {
        matches!(self, Self::Once(field) if field.as_bytes() == value.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN};
    use mcp_core::http::names;

    use super::*;

    type Read = fn(Fields<'_>) -> Field<'_>;

    #[test]
    fn each_field_is_found_under_its_name_and_counted() {
        let all: [(HeaderName, Read); 10] = [
            (HOST, |fields| fields.host),
            (ORIGIN, |fields| fields.origin),
            (HeaderName::from_static("sec-fetch-site"), |fields| fields.sec_fetch_site),
            (ACCEPT, |fields| fields.accept),
            (CONTENT_TYPE, |fields| fields.content_type),
            (CONTENT_ENCODING, |fields| fields.content_encoding),
            (names::PROTOCOL_VERSION, |fields| fields.protocol_version),
            (names::METHOD, |fields| fields.method),
            (names::NAME, |fields| fields.name),
            (names::SESSION_ID, |fields| fields.session_id),
        ];
        for (name, field) in all {
            let mut headers = HeaderMap::new();
            headers.insert("user-agent", HeaderValue::from_static("x"));
            assert_eq!(field(Fields::read(&headers)), Field::Absent, "{name}");
            headers.append(&name, HeaderValue::from_static("x"));
            assert!(field(Fields::read(&headers)).is("x"), "{name}");
            headers.append(&name, HeaderValue::from_static("y"));
            let repeated = field(Fields::read(&headers));
            assert_eq!(repeated, Field::Repeated(&HeaderValue::from_static("x")), "{name}");
            assert!(!repeated.is("x"), "{name}");
        }
    }
}
