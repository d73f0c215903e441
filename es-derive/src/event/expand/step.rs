//! How one version becomes the next.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::super::history::{Conversion, History, Source, Version};
use super::super::model::Model;
use crate::attr::Field;
use crate::expand::located;

/// Writes a `From` for each step, and one from each older version to the event of today.
pub(super) fn steps(event: &Model, History { older, last_step, .. }: &History) -> TokenStream {
    let today = &event.ident;
    let steps = older.iter().enumerate().map(|(at, Version { ident: old, .. })| match older.get(at + 1) {
        None => step(old, today, event.body.fields(), last_step),
        Some(Version { ident: new, body, step: sources, .. }) => {
            let step = step(old, new, body.fields(), sources);
            quote! {
                #step
                #[automatically_derived]
                #[allow(deprecated)]
                impl __es::From<#old> for #today {
                    fn from(__old: #old) -> Self {
                        __es::From::from(<#new as __es::From<#old>>::from(__old))
                    }
                }
            }
        }
    });
    quote!(#(#steps)*)
}

fn step(old: &Ident, new: &Ident, fields: &[Field], sources: &[Source]) -> TokenStream {
    let fields = fields.iter().zip(sources).map(|(Field { member, ty, .. }, source)| {
        let value = match source {
            Source::Kept(member) => quote!(__old.#member),
            Source::Changed(conversion) => changed(conversion),
            Source::Added(default) => quote!(__es::expr!(#default)),
            Source::Default(span) => quote_spanned!(located(*span)=> __es::default_of::<#ty>()),
        };
        quote!(#member: #value)
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, deprecated, clippy::all, clippy::pedantic)]
        impl __es::From<#old> for #new {
            fn from(__old: #old) -> Self {
                Self { #(#fields),* }
            }
        }
    }
}

/// What the user's function makes of the old value.
fn changed(Conversion { member, span, with }: &Conversion) -> TokenStream {
    let convert = quote_spanned!(located(*span)=> __es::convert);
    quote!(#convert(__old.#member, __es::expr!(#with)))
}
