//! The grammar of the attributes: their syntax, not their meaning. Our attributes are always
//! removed from the item, even invalid ones, so that the emitted item is the user's plain item.

mod docs;
mod marker;
mod options;
mod parameter;

pub(crate) use self::{
    docs::Docs,
    marker::{Kind, Marker},
    options::{Entry, Options},
    parameter::ParameterAttributes,
};
