//! The parameters of a message, with the places of the members that every call reads.

use std::fmt;
use std::ops::{Deref, Range};

use crate::codec::strict::StrictReader;
use crate::json::{JsonBytes, MembersError, member_ranges};
use crate::meta;

/// The members of `params` whose places are noted.
const MEMBERS: [&str; 7] =
    [META, "name", "arguments", "uri", "taskId", "inputResponses", "requestState"];
/// The members of `params._meta` whose places are noted.
const META_MEMBERS: [&str; 5] = [
    meta::PROGRESS_TOKEN,
    meta::PROTOCOL_VERSION,
    meta::CLIENT_INFO,
    meta::CLIENT_CAPABILITIES,
    meta::LOG_LEVEL,
];
const META: &str = "_meta";

/// The parameters of a request or notification: the text of an object.
///
/// The pass that decodes a message notes where the members are that the steps of a call read, so
/// that [`Params::members`] does not search the text again. The places are stored with the text
/// that they describe. Other parameters, such as those that a layer sets, are created from
/// [`JsonBytes`]. They have no places, so they are searched.
///
/// ```
/// use mcp_core::json::JsonBytes;
/// use mcp_core::jsonrpc::Params;
///
/// let params = Params::from(JsonBytes::new(&serde_json::json!({ "name": "add" }))?);
/// let [name, arguments] = params.members(["name", "arguments"])?;
/// assert_eq!(name.unwrap().parse::<String>()?, "add");
/// assert_eq!(arguments, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Params {
    text: JsonBytes,
    places: Option<Places>,
}

/// The places of the values of members, from the start of `params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    members: [Place; MEMBERS.len()],
    meta_members: [Place; META_MEMBERS.len()],
    /// Whether `meta_members` has the members of `_meta`.
    is_meta_noted: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self { members: Default::default(), meta_members: Default::default(), is_meta_noted: true }
    }
}

/// The place of a value. The start equals the end if the member is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    start: u32,
    end: u32,
}

impl Params {
    pub(super) fn new(text: JsonBytes, places: Option<Places>) -> Self {
        Self { text, places }
    }

    /// Parameters whose writer knows the places of all members: `members` has the name and the
    /// value of each, none of them twice. Those of `_meta` are searched.
    ///
    /// This is for the client, which writes the parameters that its transport reads. With wrong
    /// places [`Params::members`] returns other values, or panics.
    #[doc(hidden)]
    #[must_use]
    pub fn with_known_members(
        text: JsonBytes,
        members: impl IntoIterator<Item = (&'static str, Range<usize>)>,
    ) -> Self {
        let mut places = Places { is_meta_noted: false, ..Places::default() };
        let noted = members.into_iter().try_for_each(|(name, value)| {
            let place = Place::new(0, value.start, value.end)?;
            note(&mut places.members, &MEMBERS, name.as_bytes(), place).then_some(())
        });
        Self { text, places: noted.map(|()| places) }
    }

    /// Returns the values of the named members, in the order of `names`. They share the buffer of
    /// this text.
    ///
    /// # Errors
    /// If one of these members occurs twice, or the text is not an object.
    pub fn members<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<[Option<JsonBytes>; N], MembersError> {
        let texts = self.member_texts(names)?;
        Ok(texts.map(|text| text.map(|text| self.text.slice_ref(text))))
    }

    /// Returns the texts of the named members, in the order of `names`.
    ///
    /// # Errors
    /// As [`Params::members`].
    pub fn member_texts<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<[Option<&str>; N], MembersError> {
        let text = self.text.as_str();
        let places = self.places.as_ref().map(|places| &places.members[..]);
        match noted(places, &MEMBERS, names) {
            Some(places) => Ok(places.map(|place| text.get(place.range()?))),
            None => Ok(member_ranges(text, names)?.map(|range| text.get(range?))),
        }
    }

    /// Returns the parameters with another value of a member, which is `json`: the text of a JSON
    /// value. `None` if they do not have the member.
    ///
    /// This is for the server, which translates the arguments of calls.
    ///
    /// # Errors
    /// As [`Params::members`].
    #[doc(hidden)]
    pub fn with_value(&self, name: &'static str, json: &str) -> Result<Option<Self>, MembersError> {
        let text = self.text.as_str();
        let noted = noted(self.places.as_ref().map(|places| &places.members[..]), &MEMBERS, [name]);
        let [value] = match noted {
            Some(places) => places.map(Place::range),
            None => member_ranges(text, [name])?,
        };
        let Some(value) = value else { return Ok(None) };
        let text = [&text[..value.start], json, &text[value.end..]].concat();
        // The places of the members of another `_meta` are not known.
        let places = self.places.filter(|_| name != META);
        let places = places.and_then(|places| places.with_length(&value, json.len()));
        Ok(Some(Self { text: JsonBytes::from_trusted(text), places }))
    }

    /// Returns the texts of the named members of `_meta`, in the order of `names`. `meta` is the
    /// text of `_meta` in these parameters.
    ///
    /// # Errors
    /// If one of these members occurs twice, or `_meta` is not an object.
    pub fn meta_members<'a, const N: usize>(
        &'a self,
        meta: &'a str,
        names: [&'static str; N],
    ) -> Result<[Option<&'a str>; N], MembersError> {
        let noted_meta = self.places.as_ref().filter(|places| places.is_meta_noted);
        let places = noted_meta.map(|places| &places.meta_members[..]);
        match noted(places, &META_MEMBERS, names) {
            Some(places) if meta.starts_with('{') => {
                Ok(places.map(|place| self.text.as_str().get(place.range()?)))
            }
            _ => Ok(member_ranges(meta, names)?.map(|range| meta.get(range?))),
        }
    }
}

/// Returns the places of the named members. `None` if one of them is not noted.
fn noted<const N: usize>(
    places: Option<&[Place]>,
    known: &[&str],
    names: [&'static str; N],
) -> Option<[Place; N]> {
    let places = places?;
    let mut found = [Place::default(); N];
    for (found, name) in found.iter_mut().zip(names) {
        *found = places[known.iter().position(|known| *known == name)?];
    }
    Some(found)
}

impl Places {
    /// Reads the value of `params`. Returns the places of its members, or `Some(None)` if the value
    /// is not an object, or a member that would be noted occurs twice. Such parameters are searched
    /// when a member is needed, which finds the mistake. `None` means that the reader refused the
    /// text.
    pub(super) fn read(reader: &mut StrictReader<'_>) -> Option<Option<Self>> {
        if reader.token()? != b'{' {
            return reader.value().map(|()| None);
        }
        let params_start = reader.position();
        let (mut places, mut unusual) = (Self::default(), false);
        reader.object(|reader, name| {
            let next = reader.token()?;
            let start = reader.position();
            if name == META.as_bytes() && next == b'{' {
                reader.object(|reader, name| {
                    reader.token()?;
                    let start = reader.position();
                    reader.value()?;
                    let place = Place::new(params_start, start, reader.position())?;
                    unusual |= !note(&mut places.meta_members, &META_MEMBERS, name, place);
                    Some(())
                })?;
            } else {
                reader.value()?;
            }
            let place = Place::new(params_start, start, reader.position())?;
            unusual |= !note(&mut places.members, &MEMBERS, name, place);
            Some(())
        })?;
        Some((!unusual).then_some(places))
    }

    /// The places after a value has another length. `None` if one is beyond 4 GiB.
    fn with_length(mut self, value: &Range<usize>, length: usize) -> Option<Self> {
        for place in self.members.iter_mut().chain(&mut self.meta_members) {
            let Some(range) = place.range().filter(|range| range.end >= value.end) else {
                continue;
            };
            let start = match range == *value {
                true => range.start,
                false => range.start - value.len() + length,
            };
            *place = Place::new(0, start, range.end - value.len() + length)?;
        }
        Some(self)
    }
}

impl Place {
    /// `None` if the place is beyond 4 GiB.
    #[inline]
    fn new(params_start: usize, start: usize, end: usize) -> Option<Self> {
        let place = |at: usize| u32::try_from(at - params_start).ok();
        Some(Self { start: place(start)?, end: place(end)? })
    }

    /// `None` if the member is absent.
    fn range(self) -> Option<Range<usize>> {
        (self.end > self.start).then_some(self.start as usize..self.end as usize)
    }
}

/// Notes the place of a member if its name is in `known`. Returns false if that was noted before.
#[inline]
fn note(places: &mut [Place], known: &[&str], name: &[u8], place: Place) -> bool {
    let index = known.iter().position(|known| known.as_bytes() == name);
    index.is_none_or(|index| std::mem::replace(&mut places[index], place) == Place::default())
}

impl Deref for Params {
    type Target = JsonBytes;

    fn deref(&self) -> &JsonBytes {
        &self.text
    }
}

impl From<JsonBytes> for Params {
    fn from(text: JsonBytes) -> Self {
        Self { text, places: None }
    }
}

impl From<Params> for JsonBytes {
    fn from(params: Params) -> Self {
        params.text
    }
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::jsonrpc::{Decoded, Message, decode};
    use crate::limits::ConnectionLimits;

    fn decoded(params: &str) -> Params {
        let frame = format!(r#" {{"jsonrpc":"2.0","method":"é","params": {params} }}"#);
        match decode(&Bytes::from(frame), &ConnectionLimits::default()) {
            Ok(Decoded::Single(Message::Notification { params, .. })) => params,
            other => panic!("{other:?}"),
        }
    }

    fn text_of(json: &Option<JsonBytes>) -> Option<&str> {
        json.as_ref().map(JsonBytes::as_str)
    }

    /// Compares the members of decoded parameters with those of the same text without places.
    fn check(text: &str) -> Params {
        let params = decoded(text);
        let searched = JsonBytes::from(params.clone());
        assert_eq!(params.members(MEMBERS), searched.members(MEMBERS), "{text}");
        assert_eq!(params.members(["name", "other"]), searched.members(["name", "other"]));
        let texts = params.member_texts(MEMBERS);
        let members = params.members(MEMBERS);
        let members = members.as_ref().map(|members| members.each_ref().map(text_of));
        assert_eq!(texts, members.map_err(Clone::clone), "{text}");
        if let Ok([Some(meta)]) = params.members([META]) {
            let found = params.meta_members(meta.as_str(), META_MEMBERS);
            let searched = meta.members(META_MEMBERS);
            let searched = searched.as_ref().map(|found| found.each_ref().map(text_of));
            assert_eq!(found, searched.map_err(Clone::clone), "{text}");
        }
        params
    }

    #[test]
    fn the_members_of_decoded_parameters_are_noted() {
        for text in [
            "{}",
            r#"{"name":"a","arguments":{"_meta":{"progressToken":1}},"_meta":{}}"#,
            r#"{ "_meta" : { "progressToken" : 1 , "a":{"progressToken":2}, "io.modelcontextprotocol/logLevel":"é" } , "uri":"é", "taskId":[] }"#,
            r#"{"_meta":null,"inputResponses":{},"requestState":"\ud83d\ude00"}"#,
            r#"{"_meta":[1],"a":1,"a":2}"#,
        ] {
            assert!(check(text).places.is_some(), "{text}");
        }
    }

    #[test]
    fn unusual_members_are_searched() {
        for text in [
            r#"{"n\u0061me":"a","uri":1}"#,
            r#"{"\u0061":"a","name":1}"#,
            r#"{"name":"a","name":"b","uri":1}"#,
            r#"{"_meta":{"progressToken":1,"progressToken":2}}"#,
            r#"{"_meta":{"progressT\u006fken":1}}"#,
            r#"{"_meta":{"progressToken":1},"_meta":{}}"#,
        ] {
            assert!(check(text).places.is_none(), "{text}");
        }
    }

    #[test]
    fn other_parameters_have_no_places_of_the_decoded_ones() {
        let mut params = decoded(r#"{"name":"a","uri":"b"}"#);
        assert_eq!(params.members(["name"]).unwrap()[0].as_ref().unwrap().as_str(), r#""a""#);
        params = JsonBytes::from_trusted(r#"{"uri":"c","name":"d"}"#).into();
        assert_eq!(params.members(["name"]).unwrap()[0].as_ref().unwrap().as_str(), r#""d""#);
    }

    #[test]
    fn known_places_have_the_members_that_a_search_finds() {
        let text = JsonBytes::from_trusted(
            r#"{"name":"echo","cursor":1,"arguments":{"name":2},"_meta":{"progressToken":3}}"#,
        );
        let names = ["name", "cursor", "arguments", "_meta"];
        let ranges = text.member_ranges(names).unwrap().map(Option::unwrap);
        let known = Params::with_known_members(text.clone(), names.into_iter().zip(ranges.clone()));
        assert!(known.places.is_some());
        let searched = Params::from(text.clone());
        let read = |params: &Params| params.members(["_meta", "name", "arguments", "uri"]).unwrap();
        assert_eq!(read(&known), read(&searched));
        let [meta, ..] = read(&known);
        let meta = meta.unwrap();
        let token = |params: &Params| {
            let [token] = params.meta_members(meta.as_str(), [meta::PROGRESS_TOKEN]).unwrap();
            token.map(str::to_owned)
        };
        assert_eq!(token(&known), token(&searched));
        let twice = ["name", "name"].into_iter().zip(ranges);
        assert!(Params::with_known_members(text, twice).places.is_none());
    }

    #[test]
    fn another_value_moves_the_places_behind_it() {
        for text in [
            r#"{"_meta":{"progressToken":1},"name":"a","arguments":{"b":1} ,"uri":2}"#,
            r#"{ "arguments" : {} , "taskId":"t","_meta" : {"x":1, "progressToken":"é"},"name":"a"}"#,
            r#"{"arguments":{},"a":1,"\u0061":2,"name":"a"}"#,
        ] {
            let params = decoded(text);
            for value in ["{}", r#"{"longer":[1,2,3],"name":"é"}"#] {
                let other = params.with_value("arguments", value).unwrap().unwrap();
                let searched = Params::from(other.text.clone());
                assert_eq!(other.members(MEMBERS), searched.members(MEMBERS), "{text}");
                let [arguments, name] = other.member_texts(["arguments", "name"]).unwrap();
                assert_eq!((arguments, name), (Some(value), Some(r#""a""#)), "{text}");
                let token = |params: &Params| {
                    let [meta] = params.members([META]).unwrap();
                    let meta = meta?;
                    let [token] =
                        params.meta_members(meta.as_str(), [meta::PROGRESS_TOKEN]).unwrap();
                    token.map(str::to_owned)
                };
                assert_eq!(token(&other), token(&searched), "{text}");
                assert_eq!(other.places.is_some(), params.places.is_some(), "{text}");
            }
            assert_eq!(params.with_value("requestState", "1"), Ok(None));
            let meta = params.with_value(META, "{}").unwrap();
            assert!(meta.is_none_or(|meta| meta.places.is_none()));
        }
    }
}
