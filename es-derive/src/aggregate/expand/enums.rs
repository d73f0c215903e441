//! The enums of commands and events.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Path;

use super::super::model::{Members, Model};
use super::cfg;
use crate::expand::located;
use crate::text;

/// Declares both enums.
pub(super) fn declare(model: &Model) -> TokenStream {
    let commands = declare_one(model, &model.commands, "commands", &[]);
    // `PartialEq` is written for events, as `Debug` and `Clone` are for both.
    let events = declare_one(model, &model.events, "events", &["PartialEq"]);
    quote!(#commands #events)
}

fn declare_one(model: &Model, Members { ident, members }: &Members, noun: &str, written: &[&str]) -> TokenStream {
    let vis = &model.vis;
    let docs = format!(" One of the {noun} of [`{}`].", text::plain(&model.ident));
    let derives = model.derives.iter().filter(|path| !is_written(path, written));
    let variants = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        let docs = format!(" `{}`", text::source(path.to_token_stream()));
        quote! { #[doc = #docs] #cfg #variant(#path) }
    });
    quote! {
        #[doc = #docs]
        #[derive(#(#derives),*)]
        #[allow(clippy::large_enum_variant, clippy::enum_variant_names, deprecated, non_camel_case_types)]
        #vis enum #ident { #(#variants),* }
    }
}

/// Whether the derive writes this trait itself, so that `derives(..)` need not.
fn is_written(path: &Path, written: &[&str]) -> bool {
    let last = path.segments.last().map(|segment| segment.ident.to_string());
    last.is_some_and(|last| ["Debug", "Clone"].contains(&last.as_str()) || written.contains(&last.as_str()))
}

/// The traits of both enums. They go through `CommandOf` and `EventOf`, so that what is wrong with a
/// command or an event is reported there, and not once more here.
pub(super) fn impls(model: &Model) -> TokenStream {
    let aggregate = &model.ident;
    let commands = &model.commands;
    let events = &model.events;
    let parts = [
        clone(aggregate, commands, &quote!(__es::clone_command)),
        clone(aggregate, events, &quote!(__es::clone_event)),
        debug(aggregate, commands, &quote!(__es::fmt_command)),
        debug(aggregate, events, &quote!(__es::fmt_event)),
        partial_eq(aggregate, events),
        membership(aggregate, commands, &quote!(__es::CommandOf)),
        membership(aggregate, events, &quote!(__es::EventOf)),
        into_events(aggregate, events),
        retired(model),
    ];
    quote!(#(#parts)*)
}

fn clone(aggregate: &Ident, Members { ident, members }: &Members, call: &TokenStream) -> TokenStream {
    let arms = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        quote!(#cfg Self::#variant(ref __inner) => Self::#variant(#call::<#aggregate, #path>(__inner)),)
    });
    quote! {
        #[automatically_derived]
        impl __es::Clone for #ident {
            fn clone(&self) -> Self {
                match *self { #(#arms)* }
            }
        }
    }
}

fn debug(aggregate: &Ident, Members { ident, members }: &Members, call: &TokenStream) -> TokenStream {
    let arms = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        let name = text::plain(variant);
        quote!(#cfg Self::#variant(ref __inner) => #call::<#aggregate, #path>(#name, __inner, __f),)
    });
    quote! {
        #[automatically_derived]
        impl __es::Debug for #ident {
            fn fmt(&self, __f: &mut __es::Formatter<'_>) -> __es::fmt::Result {
                match *self { #(#arms)* }
            }
        }
    }
}

fn partial_eq(aggregate: &Ident, Members { ident, members }: &Members) -> TokenStream {
    let arms = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        quote! {
            #cfg (Self::#variant(__a), Self::#variant(__b)) => __es::same_event::<#aggregate, #path>(__a, __b),
        }
    });
    quote! {
        #[automatically_derived]
        impl __es::PartialEq for #ident {
            #[allow(unreachable_patterns)]
            fn eq(&self, __other: &Self) -> bool {
                match (self, __other) { #(#arms)* _ => false }
            }
        }
    }
}

/// `impl EventOf<Account> for Increased` and `impl From<Increased> for AccountEvent`, for each member.
fn membership(aggregate: &Ident, Members { ident, members }: &Members, member_of: &TokenStream) -> TokenStream {
    let impls = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        // The header of an impl has another help for a type that is unknown than the rest: by another name it has none.
        let (of, name) = (text::plain(ident), text::plain(variant));
        let alias = format_ident!("__{of}_{name}", span = located(member.span()));
        let impls = quote_spanned! {located(member.span())=>
            #cfg
            #[automatically_derived]
            impl #member_of<#aggregate> for #alias {}

            #cfg
            #[automatically_derived]
            impl __es::From<#alias> for #ident {
                fn from(__inner: #alias) -> Self {
                    Self::#variant(__inner)
                }
            }
        };
        quote! {
            #cfg
            #[allow(non_camel_case_types, deprecated)]
            type #alias = #path;
            #impls
        }
    });
    quote!(#(#impls)*)
}

/// `impl RetiredOf<Account> for Exchanged`, for each retired event.
fn retired(model: &Model) -> TokenStream {
    let aggregate = &model.ident;
    let impls = model.retired.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote_spanned! {located(member.span())=>
            #cfg
            #[automatically_derived]
            impl __es::RetiredOf<#aggregate> for #path {}
        }
    });
    quote!(#(#impls)*)
}

fn into_events(aggregate: &Ident, Members { ident, members }: &Members) -> TokenStream {
    let impls = members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        quote! {
            #cfg
            #[automatically_derived]
            impl __es::IntoEvents<#aggregate> for #path {
                fn append_to(self, __events: &mut __es::Events<#aggregate>) {
                    __events.push(#ident::#variant(self));
                }
            }
        }
    });
    quote! {
        #(#impls)*

        #[automatically_derived]
        impl __es::IntoEvents<#aggregate> for #ident {
            fn append_to(self, __events: &mut __es::Events<#aggregate>) {
                __events.push(self);
            }
        }
    }
}
