//! The modules of a crate and the names in their scopes, from parsed source.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Item, ItemMod, UseTree,
    visit::{self, Visit},
};

use crate::tidy::tree::{Tree, is_test_file};

pub(super) struct Crate {
    /// The first is the root.
    pub(super) modules: Vec<Module>,
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    pub(super) path: String,
    pub(super) syntax: Rc<syn::File>,
    /// The module whose content the file is.
    pub(super) module: usize,
}

#[derive(Default)]
pub(super) struct Module {
    pub(super) parent: Option<usize>,
    pub(super) file: usize,
    pub(super) names: BTreeMap<String, Vec<Name>>,
    /// Paths of `use path::*`.
    pub(super) globs: Vec<Vec<String>>,
    /// Words that may be items defined by a macro: all words in macro calls in item position, and
    /// the names of items in the bodies of the module's own macros.
    pub(super) macro_words: BTreeSet<String>,
}

/// The meaning of a name in a module.
#[derive(Debug)]
pub(super) enum Name {
    Module(usize),
    Item,
    Import(Vec<String>),
}

/// A file that is missing or cannot be parsed: its path and the problem.
pub(super) type Broken = (String, String);

impl Crate {
    /// Reads the crate whose root is the file `root`.
    pub(super) fn read(tree: &Tree, root: &str) -> Result<Self, Broken> {
        let mut it = Self { modules: Vec::new(), files: Vec::new() };
        let folder = folder_of(root).to_owned();
        it.read_file(tree, root, &folder, None)?;
        Ok(it)
    }

    /// Reads the module in the file `path` and its submodules, which are in `folder`.
    fn read_file(
        &mut self,
        tree: &Tree,
        path: &str,
        folder: &str,
        parent: Option<usize>,
    ) -> Result<usize, Broken> {
        let broken = |what: String| (path.to_owned(), what);
        let text = tree.text(path).ok_or_else(|| broken("the file does not exist".to_owned()))?;
        let syntax = syn::parse_file(text).map_err(|error| {
            let line = error.span().start().line;
            broken(format!("line {line} cannot be parsed: {error}"))
        })?;
        let (file, module) = (self.files.len(), self.modules.len());
        let syntax = Rc::new(syntax);
        self.modules.push(Module { parent, file, ..Module::default() });
        self.files.push(File { path: path.to_owned(), syntax: Rc::clone(&syntax), module });
        let folder = folder.to_owned();
        let mut declarations = Declarations { it: self, tree, folder, module, broken: None };
        declarations.visit_file(&syntax);
        declarations.broken.map_or(Ok(module), Err)
    }

    fn define(&mut self, module: usize, name: String, meaning: Name) {
        self.modules[module].names.entry(name).or_default().push(meaning);
    }
}

/// Records the declarations of a file in the scopes of its modules.
struct Declarations<'a> {
    it: &'a mut Crate,
    tree: &'a Tree,
    folder: String,
    module: usize,
    broken: Option<Broken>,
}

impl Declarations<'_> {
    fn module(&mut self, item: &ItemMod) {
        let name = item.ident.to_string();
        let below = join(&self.folder, &name);
        let id = if let Some((_, items)) = &item.content {
            let id = self.it.modules.len();
            let file = self.it.modules[self.module].file;
            self.it.modules.push(Module { parent: Some(self.module), file, ..Module::default() });
            let folder = std::mem::replace(&mut self.folder, below);
            let module = std::mem::replace(&mut self.module, id);
            items.iter().for_each(|item| self.visit_item(item));
            (self.folder, self.module) = (folder, module);
            id
        } else {
            let file = match path_attribute(&item.attrs) {
                Some(path) => join(&self.folder, &path),
                None => {
                    let beside = format!("{below}.rs");
                    let inside = format!("{below}/mod.rs");
                    if self.tree.text(&beside).is_some() { beside } else { inside }
                }
            };
            if is_test_file(&file) {
                return;
            }
            match self.it.read_file(self.tree, &file, &below, Some(self.module)) {
                Ok(id) => id,
                Err(broken) => return self.broken = Some(broken),
            }
        };
        self.it.define(self.module, name, Name::Module(id));
    }
}

impl<'ast> Visit<'ast> for Declarations<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        let name = match item {
            Item::Mod(item) => return self.module(item),
            Item::Use(item) => {
                for (path, name) in leaves(&item.tree) {
                    match name {
                        Some(name) => self.it.define(self.module, name, Name::Import(path)),
                        None => self.it.modules[self.module].globs.push(path),
                    }
                }
                None
            }
            Item::Macro(item) => {
                let words = &mut self.it.modules[self.module].macro_words;
                let tokens = item.mac.tokens.clone();
                if let Some(name) = &item.ident {
                    add_definitions(tokens, words);
                    if exported(&item.attrs) {
                        self.it.define(0, name.to_string(), Name::Item);
                    }
                } else {
                    add_words(tokens, words);
                }
                item.ident.as_ref()
            }
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::TraitAlias(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            _ => None,
        };
        if let Some(name) = name {
            self.it.define(self.module, name.to_string(), Name::Item);
        }
        visit::visit_item(self, item);
    }
}

/// Returns the paths that a `use` imports, each with its local name; a glob has none.
pub(super) fn leaves(tree: &UseTree) -> Vec<(Vec<String>, Option<String>)> {
    fn walk(tree: &UseTree, path: &[String], out: &mut Vec<(Vec<String>, Option<String>)>) {
        let with = |name: &syn::Ident| {
            // `a::{self}` names `a`.
            let is_parent = name == "self" && !path.is_empty();
            let own = (!is_parent).then(|| name.to_string());
            path.iter().cloned().chain(own).collect::<Vec<_>>()
        };
        match tree {
            UseTree::Path(tree) => walk(&tree.tree, &with(&tree.ident), out),
            UseTree::Group(tree) => tree.items.iter().for_each(|tree| walk(tree, path, out)),
            UseTree::Glob(_) => out.push((path.to_vec(), None)),
            UseTree::Name(tree) => {
                let path = with(&tree.ident);
                let name = path.last().cloned();
                out.push((path, name));
            }
            UseTree::Rename(tree) => {
                out.push((with(&tree.ident), Some(tree.rename.to_string())));
            }
        }
    }
    let mut out = Vec::new();
    walk(tree, &[], &mut out);
    out
}

/// Whether `#[cfg(test)]` is among the attributes, including as one of several conditions.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut words = BTreeSet::new();
        if let syn::Meta::List(list) = &attribute.meta
            && list.path.is_ident("cfg")
        {
            add_words(list.tokens.clone(), &mut words);
        }
        words.contains("test") && !words.contains("not")
    })
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn exported(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"))
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

fn add_words(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => drop(words.insert(word.to_string())),
            TokenTree::Group(group) => add_words(group.stream(), words),
            _ => {}
        }
    }
}

/// Adds the words after keywords that begin an item.
fn add_definitions(tokens: TokenStream, words: &mut BTreeSet<String>) {
    const KEYWORDS: [&str; 9] =
        ["const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union"];
    let mut defines = false;
    for token in tokens {
        match token {
            TokenTree::Ident(word) if defines => {
                words.insert(word.to_string());
                defines = false;
            }
            TokenTree::Ident(word) => defines = KEYWORDS.iter().any(|keyword| word == keyword),
            TokenTree::Group(group) => add_definitions(group.stream(), words),
            _ => defines = false,
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
