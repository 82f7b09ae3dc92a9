//! Finds the members of a call's parameters once, for all steps that read some of them.

use std::ops::Range;

use mcp_core::json::{JsonBytes, MembersError};

/// The members that the steps of a call read.
const NAMES: [&str; 7] =
    ["_meta", "name", "arguments", "uri", "taskId", "inputResponses", "requestState"];

/// The positions of known members in the parameters of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallParams {
    /// The scanned parameters. `None` if one of [`NAMES`] is duplicated, which is an error only for
    /// calls that read that member.
    params: Option<JsonBytes>,
    positions: [Option<Range<u32>>; NAMES.len()],
}

impl CallParams {
    /// Scans the parameters.
    pub(super) fn read(params: &JsonBytes) -> Self {
        let short =
            |range: Range<usize>| Some(range.start.try_into().ok()?..range.end.try_into().ok()?);
        match params.member_ranges(NAMES) {
            // Every position is within the parameters, so this length fits if the last position
            // does.
            Ok(positions) if u32::try_from(params.as_bytes().len()).is_ok() => Self {
                params: Some(params.clone()),
                positions: positions.map(|range| range.and_then(short)),
            },
            _ => Self::default(),
        }
    }

    /// Returns the values of the named members, like [`JsonBytes::members`]. Scans `params` again
    /// only if they are not the scanned ones (a layer may have replaced them) or a name is not in
    /// [`NAMES`].
    ///
    /// # Errors
    /// If one of these members is duplicated, or the text is not an object.
    pub(crate) fn members<const N: usize>(
        &self,
        params: &JsonBytes,
        names: [&'static str; N],
    ) -> Result<[Option<JsonBytes>; N], MembersError> {
        let is_scanned = self
            .params
            .as_ref()
            .is_some_and(|read| std::ptr::eq(read.as_bytes(), params.as_bytes()));
        let known = names.map(|name| NAMES.iter().position(|known| *known == name));
        if !is_scanned || known.contains(&None) {
            return params.members(names);
        }
        Ok(known.map(|index| {
            let range = self.positions[index?].clone()?;
            Some(params.slice(range.start as usize..range.end as usize))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &'static str) -> JsonBytes {
        JsonBytes::from_trusted(text)
    }

    #[test]
    fn replaced_parameters_are_scanned_again() {
        let params = json(r#"{"name":"a","arguments":{"x":1},"_meta":{}}"#);
        let read = CallParams::read(&params);
        let [name, uri, arguments] = read.members(&params, ["name", "uri", "arguments"]).unwrap();
        assert_eq!([name, uri, arguments], [Some(json(r#""a""#)), None, Some(json(r#"{"x":1}"#))]);
        let other = json(r#"{"name":"b","more":2}"#);
        assert_eq!(
            read.members(&other, ["name", "more"]).unwrap(),
            [Some(json(r#""b""#)), Some(json("2"))]
        );
    }

    #[test]
    fn a_duplicate_member_is_an_error_only_for_calls_that_read_it() {
        let params = json(r#"{"uri":1,"uri":2,"name":"a"}"#);
        let read = CallParams::read(&params);
        assert_eq!(read.members(&params, ["name"]).unwrap(), [Some(json(r#""a""#))]);
        assert_eq!(read.members(&params, ["name", "uri"]), Err(MembersError::Duplicate("uri")));
    }
}
