//! `crate = path`: the path of the runtime.

use syn::{Expr, Path};

use crate::attr::Options;

/// Removes `crate = path` from the options.
pub(crate) fn crate_path(options: &mut Options) -> syn::Result<Option<Path>> {
    let Some(index) = options.entries.iter().position(|entry| entry.is("crate")) else {
        return Ok(None);
    };
    let entry = options.entries.remove(index);
    match entry.value {
        Some(Expr::Path(path)) if path.qself.is_none() => Ok(Some(path.path)),
        _ => {
            Err(syn::Error::new(entry.span(), "`crate` takes a path\nhelp: `crate = my::reexport`"))
        }
    }
}
