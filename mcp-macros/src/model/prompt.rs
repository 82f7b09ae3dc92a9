//! `#[prompt]`.

use super::{Errors, Function, Listing, Source, options::Reader};

/// A valid prompt.
pub(crate) struct Prompt {
    pub(crate) function: Function,
    pub(crate) listing: Listing,
}

impl Prompt {
    pub(crate) fn new(mut source: Source<'_>, errors: &mut Errors) -> Self {
        let mut options = Reader::new("prompt", std::mem::take(&mut source.options), errors);
        let listing = Listing::new(source.signature, source.attributes, &mut options);
        let blocking = options.word("blocking");
        options.finish();
        let function = Function::new(&mut source, blocking, errors);
        Self { function, listing }
    }
}
