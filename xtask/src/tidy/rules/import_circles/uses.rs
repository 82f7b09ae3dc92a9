//! The paths of a file, and the files of their targets.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{
    Attribute, Field, ImplItemFn, Item, ItemMod, ItemUse, Local, Macro, Path, UseTree, Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::{
    modules::{Crate, File, Name, attributes, is_test, leaves},
    resolve::Target,
};

/// Macros whose tokens are code for another crate.
const QUOTES: [&str; 4] = ["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"];

/// The items of other files that a file uses.
#[derive(Default)]
pub(super) struct Uses {
    /// For each other file, the used names, with the line of the first use.
    pub(super) files: BTreeMap<usize, BTreeMap<String, usize>>,
    /// Paths in this crate without a known target, with their lines.
    pub(super) unknown: Vec<(usize, String)>,
}

pub(super) fn of(it: &Crate, file: &File) -> Uses {
    let own = it.modules[file.module].file;
    let mut visitor = Visitor { it, own, module: file.module, uses: Uses::default() };
    visitor.visit_file(&file.syntax);
    visitor.uses
}

struct Visitor<'a> {
    it: &'a Crate,
    own: usize,
    module: usize,
    uses: Uses,
}

impl Visitor<'_> {
    /// Records the target of `path`. With `must_exist`, a path into this crate must have a target.
    fn path(&mut self, path: &[String], line: usize, must_exist: bool) {
        let Some(first) = path.first() else { return };
        let targets = self.it.resolve(self.module, path);
        let is_in_crate = matches!(first.as_str(), "crate" | "self" | "super");
        if targets.is_empty() && must_exist && is_in_crate && path.len() > 1 {
            self.uses.unknown.push((line, path.join("::")));
        }
        for target in targets {
            if let Target::Item { file, name } = target
                && file != self.own
            {
                let names = self.uses.files.entry(file).or_default();
                names.entry(name.to_owned()).or_insert(line);
            }
        }
    }

    /// Records the paths in the tokens of a macro or an attribute. In an attribute a string can be
    /// a path: `#[serde(with = "a::b")]`.
    fn tokens(&mut self, tokens: TokenStream, strings: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut index = 0;
        while index < tokens.len() {
            match &tokens[index] {
                TokenTree::Group(group) => self.tokens(group.stream(), strings),
                TokenTree::Literal(literal) if strings => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                    if let Ok(path) = text.and_then(|text| text.parse::<Path>()) {
                        self.path(&words(&path), literal.span().start().line, false);
                    }
                }
                TokenTree::Ident(first) => {
                    let line = first.span().start().line;
                    let before = index.checked_sub(1).map(|before| &tokens[before]);
                    let is_field = before.is_some_and(|token| is_punct(token, '.'));
                    let length = path_length(&tokens[index..]);
                    let path = &tokens[index..index + length];
                    if !is_field {
                        self.token_path(path, line);
                    }
                    index += length - 1;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            index += 1;
        }
    }

    /// Records a path in tokens, which can end with several names in braces. A single word is
    /// ignored, because it is more likely a field or a variable than an item.
    fn token_path(&mut self, tokens: &[TokenTree], line: usize) {
        if tokens.len() > 1
            && let Ok(tree) = syn::parse2::<UseTree>(tokens.iter().cloned().collect())
        {
            for (path, _) in leaves(&tree) {
                self.path(&path, line, path[0] == "crate");
            }
        }
    }
}

/// Returns the number of tokens of the path `a::b` or `a::{b, c}` at the beginning of `tokens`.
fn path_length(tokens: &[TokenTree]) -> usize {
    let mut length = 1;
    while let [TokenTree::Punct(first), second, next, ..] = &tokens[length..] {
        let is_separator =
            first.as_char() == ':' && first.spacing() == Spacing::Joint && is_punct(second, ':');
        match next {
            TokenTree::Ident(_) if is_separator => length += 3,
            TokenTree::Group(group) if is_separator && group.delimiter() == Delimiter::Brace => {
                return length + 3;
            }
            _ => break,
        }
    }
    length
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn words(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let Some((_, items)) = &item.content else { return };
        let names = self.it.modules[self.module].names.get(&item.ident.to_string());
        let inline = names.into_iter().flatten().find_map(|name| match name {
            Name::Module(id) if self.it.modules[*id].file == self.own => Some(*id),
            _ => None,
        });
        let outer = self.module;
        self.module = inline.unwrap_or(outer);
        items.iter().for_each(|item| self.visit_item(item));
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for (path, name) in leaves(&item.tree) {
            self.path(&path, item.span().start().line, name.is_some());
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if !is_test(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if !is_test(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            self.path(&words(path), path.span().start().line, true);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        let name = call.path.segments.last();
        if !name.is_some_and(|name| QUOTES.iter().any(|quote| name.ident == quote)) {
            self.tokens(call.tokens.clone(), false);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), true);
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}
