//! The serde attributes that change what is written, and those that do not.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, LitStr, Meta, Token, Type};

use crate::text;

/// What serde is told that leaves the bytes as they are: how they are read, and what the generated code looks like.
const OF_NO_EFFECT: &[&str] =
    &["alias", "borrow", "bound", "crate", "default", "deny_unknown_fields", "expecting", "getter", "remote"];

/// `#[serde(..)]` with what changes the bytes, as in the source; empty if nothing does.
pub(super) fn written(attrs: &[Attribute]) -> String {
    let metas: Vec<String> = metas(attrs)
        .iter()
        .filter(|meta| !OF_NO_EFFECT.iter().any(|name| meta.path().is_ident(name)))
        .map(|meta| text::source(meta.to_token_stream()))
        .collect();
    if metas.is_empty() { String::new() } else { format!("#[serde({})]", metas.join(", ")) }
}

/// Whether `#[serde(name)]` or `#[serde(name = ..)]` is there.
pub(crate) fn has(attrs: &[Attribute], name: &str) -> bool {
    metas(attrs).iter().any(|meta| meta.path().is_ident(name))
}

/// The type in `#[serde(name = "Type")]`.
pub(super) fn type_of(attrs: &[Attribute], name: &str) -> Option<Type> {
    text_of(attrs, name).and_then(|text| text.parse().ok())
}

/// The text in `#[serde(name = "..")]`.
pub(crate) fn text_of(attrs: &[Attribute], name: &str) -> Option<LitStr> {
    metas(attrs).iter().filter(|meta| meta.path().is_ident(name)).find_map(|meta| {
        match &meta.require_name_value().ok()?.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    })
}

/// The attributes without what `leave` chooses.
pub(crate) fn without(attrs: &[Attribute], leave: impl Fn(&Meta) -> bool) -> Vec<Attribute> {
    let kept = |attr: &Attribute| {
        let metas: Vec<Meta> = metas(std::slice::from_ref(attr)).into_iter().filter(|meta| !leave(meta)).collect();
        let mut kept = attr.clone();
        let Meta::List(list) = &mut kept.meta else { return None };
        list.tokens = quote!(#(#metas),*);
        (!metas.is_empty()).then_some(kept)
    };
    attrs.iter().filter_map(kept).collect()
}

/// What stands in `#[serde(..)]`. What cannot be read is serde's to report.
pub(crate) fn metas(attrs: &[Attribute]) -> Vec<Meta> {
    let lists = attrs.iter().filter_map(|attr| attr.meta.require_list().ok());
    let parse = |tokens: TokenStream| Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens).ok();
    lists.filter_map(|list| parse(list.tokens.clone())).flatten().collect()
}
