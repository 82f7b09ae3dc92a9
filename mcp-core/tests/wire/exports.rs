//! The public types of `mcp_core::types`, read from the items that export them.
//!
//! The list of exports is the reliable source: the modules of the types are private, so a type is
//! public through that list or not at all, and the lint `unreachable_pub` reports a `pub` type that
//! the list omits. Types registered by `object!`, `tagged!` and `string_enum!` would not include
//! the hand-written ones (`Schema`, `InputRequest`, …), and macros in many files could fill one
//! list only through linker sections, which need unsafe code. The list is parsed, so its layout and
//! comments do not matter.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{
    File, Ident, ItemEnum, ItemMacro, ItemMod, ItemStruct, ItemUse, Token, UseTree, Visibility,
};

use crate::catalogue::TYPES;

/// Exports that are not wire types: errors, and aliases of other types.
const OTHERS: [&str; 6] = [
    "ConversationError",
    "FormError",
    "InputRequests",
    "ProgressToken",
    "RequiredUrl",
    "SchemaError",
];

/// The names that a module exports. Names in an inner module are prefixed with its name.
struct Exports {
    module: String,
    names: BTreeSet<String>,
}

impl Exports {
    fn read() -> BTreeSet<String> {
        let mut exports = Self { module: String::new(), names: BTreeSet::new() };
        exports.visit_file(&parse("mod.rs"));
        exports.names
    }

    fn add(&mut self, visibility: &Visibility, name: &Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.names.insert(format!("{}{name}", self.module));
        }
    }

    fn add_tree(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree)),
            UseTree::Name(name) => {
                self.names.insert(format!("{}{}", self.module, name.ident));
            }
            UseTree::Rename(rename) => {
                self.names.insert(format!("{}{}", self.module, rename.rename));
            }
            UseTree::Glob(_) => panic!("a glob hides which types `types` exports; name each type"),
        }
    }
}

impl<'ast> Visit<'ast> for Exports {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if matches!(item.vis, Visibility::Public(_)) {
            self.add_tree(&item.tree);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        let defined: Defined = item.mac.parse_body().expect("a macro that defines types");
        for name in defined.0 {
            self.names.insert(format!("{}{name}", self.module));
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if matches!(item.vis, Visibility::Public(_)) {
            let outer = self.module.clone();
            self.module = format!("{outer}{}::", item.ident);
            visit::visit_file(self, &parse(&format!("{}.rs", item.ident)));
            self.module = outer;
        }
    }
}

/// The public structs and enums that are defined in the body of a macro.
struct Defined(Vec<Ident>);

impl Parse for Defined {
    fn parse(body: ParseStream<'_>) -> syn::Result<Self> {
        let mut names = Vec::new();
        while !body.is_empty() {
            if body.parse::<Option<Token![pub]>>()?.is_some() {
                if body.parse::<Option<Token![struct]>>()?.is_none() {
                    body.parse::<Token![enum]>()?;
                }
                names.push(body.parse()?);
            } else {
                body.parse::<proc_macro2::TokenTree>()?;
            }
        }
        Ok(Self(names))
    }
}

fn parse(file: &str) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/types").join(file);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_public_type_is_in_the_catalogue() {
    let mut exported = Exports::read();
    for name in OTHERS {
        assert!(exported.remove(name), "{name} is no longer exported; remove it from the list");
    }
    let catalogue: BTreeSet<String> =
        TYPES.iter().map(|entry| entry.name.replace(' ', "")).collect();
    assert_eq!(
        exported.difference(&catalogue).collect::<Vec<_>>(),
        [""; 0],
        "not in the catalogue"
    );
    assert_eq!(catalogue.difference(&exported).collect::<Vec<_>>(), [""; 0], "not exported");
}
