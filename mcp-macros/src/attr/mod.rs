//! The grammar of the attributes: what may be written, not what it means. Whatever is ours is taken
//! off the item on the way, whether or not it is right, so that the item which is emitted is always
//! the user's plain one.

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
