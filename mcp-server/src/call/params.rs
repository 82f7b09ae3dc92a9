//! Where the members of a call's parameters are, found in one pass for all steps that look for
//! some.

use std::ops::Range;

use mcp_core::json::{JsonBytes, MembersError};

/// What the steps of a call look for.
const NAMES: [&str; 7] =
    ["_meta", "name", "arguments", "uri", "taskId", "inputResponses", "requestState"];

/// The places of some members in the parameters of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallParams {
    /// The parameters that were gone through; none where one of [`NAMES`] is doubled, which is the
    /// business of whoever looks for it.
    params: Option<JsonBytes>,
    places: [Option<Range<u32>>; NAMES.len()],
}

impl CallParams {
    /// Goes through the parameters.
    pub(super) fn read(params: &JsonBytes) -> Self {
        let short =
            |place: Range<usize>| Some(place.start.try_into().ok()?..place.end.try_into().ok()?);
        match params.member_ranges(NAMES) {
            // Every place is in the parameters, so what is too long for one is too long for none of
            // the others.
            Ok(places) if u32::try_from(params.as_bytes().len()).is_ok() => Self {
                params: Some(params.clone()),
                places: places.map(|place| place.and_then(short)),
            },
            _ => Self::default(),
        }
    }

    /// The values of the named members, as [`JsonBytes::members`] finds them. It goes through
    /// `params` again only where they are others than those that were read (a layer may have put in
    /// its own), or the name is none of those that calls are usually asked for.
    ///
    /// # Errors
    /// When one of these members is doubled, or the text is not an object.
    pub(crate) fn members<const N: usize>(
        &self,
        params: &JsonBytes,
        names: [&'static str; N],
    ) -> Result<[Option<JsonBytes>; N], MembersError> {
        let is_read = self
            .params
            .as_ref()
            .is_some_and(|read| std::ptr::eq(read.as_bytes(), params.as_bytes()));
        let known = names.map(|name| NAMES.iter().position(|known| *known == name));
        if !is_read || known.contains(&None) {
            return params.members(names);
        }
        Ok(known.map(|index| {
            let place = self.places[index?].clone()?;
            Some(params.slice(place.start as usize..place.end as usize))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &'static str) -> JsonBytes {
        JsonBytes::from_trusted(text.as_bytes())
    }

    #[test]
    fn what_was_read_and_what_was_put_in_its_place_are_told_apart() {
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
    fn a_doubled_member_is_the_business_of_who_looks_for_it() {
        let params = json(r#"{"uri":1,"uri":2,"name":"a"}"#);
        let read = CallParams::read(&params);
        assert_eq!(read.members(&params, ["name"]).unwrap(), [Some(json(r#""a""#))]);
        assert_eq!(read.members(&params, ["name", "uri"]), Err(MembersError::Duplicate("uri")));
    }
}
