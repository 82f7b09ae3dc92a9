//! Tokens in, problems out. How they look to the user is tested where there is a runtime to compile
//! against.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ItemFn, ItemImpl, parse2};

use super::{Argument, Block, Default, Errors, Method, Route, Source};
use crate::attr::{Kind, ParameterAttributes};

fn understand(kind: Kind, options: TokenStream, item: TokenStream) -> syn::Result<Route> {
    let mut item: ItemFn = parse2(item).unwrap();
    let parameters = ParameterAttributes::take(&mut item.sig);
    let mut errors = Errors::default();
    let source = Source {
        kind,
        span: Span::call_site(),
        options: parse2(options).unwrap(),
        attributes: &item.attrs,
        signature: &item.sig,
        parameters,
        siblings: &[],
    };
    let route = Route::new(source, &mut errors);
    errors.finish(route)
}

fn understand_block(item: TokenStream) -> syn::Result<Block> {
    let mut item: ItemImpl = parse2(item).unwrap();
    let methods = Method::take(&mut item);
    Block::new(crate::attr::Options::default(), &item, methods)
}

/// The first line of every error, or none.
fn problems<T>(result: syn::Result<T>) -> Vec<String> {
    let Err(error) = result else { return Vec::new() };
    error
        .into_iter()
        .map(|one| one.to_string().lines().next().unwrap_or_default().to_owned())
        .collect()
}

fn tool(options: TokenStream, item: TokenStream) -> Vec<String> {
    problems(understand(Kind::Tool, options, item))
}

fn arguments(item: TokenStream) -> Vec<Argument> {
    let route = understand(Kind::Tool, TokenStream::new(), item).unwrap();
    let Route::Tool(tool) = route else { unreachable!() };
    let parameters = tool.function.parameters.into_iter();
    parameters
        .filter_map(|parameter| match parameter.role {
            super::Role::Argument(argument) => Some(*argument),
            super::Role::Injected { .. } => None,
        })
        .collect()
}

#[test]
fn names_of_arguments() {
    let found = arguments(quote! {
           fn f(r#type: u8, mut limit: u8, _unused: u8,
    #[arg(name = "from-date")] from: u8, #[arg(name = "p")] P(x): P) {}
       });
    let names: Vec<_> = found.into_iter().map(|argument| argument.name).collect();
    assert_eq!(names, ["type", "limit", "unused", "from-date", "p"]);
}

#[test]
fn what_is_injected_is_no_argument() {
    let found = arguments(quote! {
            fn f(a: &Context, b: mcp_server::Context, c: State<Db>, d: &State<Db>, g: Extension<User>,
    #[arg(inject)] e: Ctx, #[arg] f: my::Context) {}
        });
    let names: Vec<_> = found.into_iter().map(|argument| argument.name).collect();
    assert_eq!(names, ["f"]);
}

#[test]
fn defaults() {
    let found = arguments(quote! {
        fn f(#[arg(default)] a: u8, #[arg(default = "x")] b: String, #[arg(default = 1 + 1)] c: u8, d: u8) {}
    });
    let forms = found.iter().map(|argument| match argument.default {
        Some(Default::Trait) => "trait",
        Some(Default::Text(_)) => "text",
        Some(Default::Value(_)) => "value",
        None => "none",
    });
    assert_eq!(forms.collect::<Vec<_>>(), ["trait", "text", "value", "none"]);
}

#[test]
fn several_attributes_of_one_argument_add_up() {
    let found = arguments(quote!(
        fn f(
            #[arg(name = "b")]
            #[arg(header = "B")]
            a: String,
        ) {
        }
    ));
    assert_eq!(found[0].name, "b");
    assert_eq!(found[0].header.as_ref().unwrap().value(), "B");
}

#[test]
fn all_errors_are_found_at_once() {
    let found = tool(
        quote!(name = "two words", readonly),
        quote!(
            unsafe fn f<T>(a: &str, #[arg(header = "")] (b, c): (u8, u8)) -> impl Copy {}
        ),
    );
    assert_eq!(
        found,
        [
            "`#[tool]` has no option `readonly`",
            "the name of a tool cannot contain ` `",
            "a tool cannot be `unsafe`, anyone may call it",
            "a tool cannot be generic, its schema must be known",
            "a tool cannot return `impl Trait`",
            "an argument of a tool is owned, it cannot borrow",
            "the name of a header cannot be empty",
            "an argument needs a name",
        ]
    );
}

#[test]
fn an_argument_has_options_by_name_only() {
    assert_eq!(
        tool(
            TokenStream::new(),
            quote!(
                fn f(#[arg("b")] a: u8, #[arg(min = 3)] c: u8) {}
            )
        ),
        ["`#[arg]` takes options by name", "`#[arg]` has no option `min`"]
    );
}

#[test]
fn spread() {
    let none = TokenStream::new;
    assert!(
        tool(
            none(),
            quote!(
                fn f(#[arg(flatten)] p: P, c: &Context) {}
            )
        )
        .is_empty()
    );
    assert_eq!(
        tool(
            none(),
            quote!(
                fn f(#[arg(flatten, name = "x", default)] p: P, c: u8) {}
            )
        ),
        [
            "a spread argument has no `name` of its own",
            "a spread argument has no `default` of its own",
            "a spread argument must be the only one",
        ]
    );
}

#[test]
fn hints() {
    let item = || {
        quote!(
            fn f() {}
        )
    };
    assert!(tool(quote!(read_only, destructive = false), item()).is_empty());
    assert_eq!(
        tool(quote!(read_only, destructive), item()),
        ["a tool that is `read_only` cannot be `destructive`"]
    );
}

#[test]
fn variables_and_parameters() {
    let resource = |uri, item| problems(understand(Kind::Resource, uri, item));
    assert!(
        resource(
            quote!("n://{id}/{+q}"),
            quote!(
                fn f(q: Option<u8>, c: Context, id: u8) {}
            )
        )
        .is_empty()
    );
    assert!(
        resource(
            quote!("n://{aB}"),
            quote!(
                fn f(#[arg(name = "aB")] ab: u8) {}
            )
        )
        .is_empty()
    );
    assert_eq!(
        resource(
            quote!("n://{id}"),
            quote!(
                fn f(di: u8) {}
            )
        ),
        ["no parameter for the variable `id`", "the URI has no variable `di`"]
    );
    assert_eq!(
        resource(
            quote!(),
            quote!(
                fn f() {}
            )
        ),
        ["a resource needs a URI"]
    );
    assert_eq!(
        resource(
            quote!("n://{id}", size = 3),
            quote!(
                fn f(id: u8) {}
            )
        ),
        ["a template has no size, each resource has its own"]
    );
}

#[test]
fn completion() {
    let block = understand_block(quote! {
        impl Notes {
            #[prompt]
            fn ask(
                &self,
                #[arg(complete = Self::a)] a: String,
                #[arg(complete = Self::b)] b: String,
                #[arg(complete = Self::elsewhere)] c: String,
                #[arg(complete = free)] d: String,
            ) {}
            async fn a(&self, call: &CompletionCall) {}
            fn b(call: &CompletionCall) {}
        }
    });
    let forms: Vec<_> = block.unwrap().routes[0]
        .function()
        .arguments()
        .map(|(_, argument)| match argument.complete {
            Some(super::Complete::Function { has_receiver, is_async, .. }) => {
                (has_receiver, is_async)
            }
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(forms, [(true, true), (false, false), (true, true), (false, true)]);
}

#[test]
fn blocks() {
    let found = problems(understand_block(quote! {
        impl Notes {
            #[tool] fn a(&self) {}
            #[tool(name = "a")] fn b(&self) {}
            #[prompt(name = "a")] fn c(&self) {}
            #[cfg(x)] #[tool(name = "d")] fn d1(&self) {}
            #[cfg(not(x))] #[tool(name = "d")] fn d2(&self) {}
            #[tool(crate = x)] #[prompt] fn e(&mut self) {}
            fn untouched<T>(self, t: &T) {}
        }
    }));
    assert_eq!(
        found,
        [
            "a function has one mark, this one is a tool already",
            "`#[tool]` has no option `crate`",
            "calls run side by side, so a method cannot have `&mut self`",
            "the tool `a` has the name `a` already",
        ]
    );
}
