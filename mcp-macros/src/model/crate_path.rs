//! `crate = path`: where the expansion finds the runtime.

use syn::{Expr, Path};

use crate::attr::Options;

/// Takes `crate = path` out of the options.
pub(crate) fn crate_path(options: &mut Options) -> syn::Result<Option<Path>> {
    let Some(at) = options.entries.iter().position(|entry| entry.is("crate")) else {
        return Ok(None);
    };
    let entry = options.entries.remove(at);
    match entry.value {
        Some(Expr::Path(path)) if path.qself.is_none() => Ok(Some(path.path)),
        _ => {
            Err(syn::Error::new(entry.span(), "`crate` takes a path\nhelp: `crate = my::reexport`"))
        }
    }
}
