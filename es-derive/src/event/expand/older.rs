//! The structs of older versions.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Member};

use super::super::history::{History, Version};
use super::super::model::Model;
use crate::attr::{Body, Field, Style};
use crate::expand::located;
use crate::shape::attrs::{has, text_of, without};
use crate::text;

/// The attributes of the event that its older versions have as well.
///
/// A `default` that names a function gives today's event: it goes another way.
pub(super) fn container(serde: &[Attribute], is_older: bool) -> Vec<Attribute> {
    let gone = |meta: &syn::Meta| ["crate", "default", "remote"].iter().any(|name| meta.path().is_ident(name));
    if is_older { without(serde, gone) } else { serde.to_owned() }
}

/// Writes the struct of each older version.
///
/// ```text
/// /// Version 1 of [`Deposited`].
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "..", rename = "Deposited")]
/// pub struct DepositedV1 { .. }
/// ```
pub(super) fn structs(event: &Model, history: &History) -> TokenStream {
    let versions = &history.older;
    // Serde takes a path as text, and text cannot say `$crate`.
    let alias = event.root.as_ref().filter(|_| !versions.is_empty()).map(|root| {
        let alias = alias(event);
        quote!(#[doc(hidden)] #[allow(unused_imports)] use #root::__private as #alias;)
    });
    let structs = versions.iter().map(|version| declare(event, version));
    let has_default = |version: &&Version| has(&event.serde, "default") && !is_empty(version);
    let defaults = versions.iter().filter(has_default).map(|version| default(event, version));
    quote!(#alias #(#structs)* #(#defaults)*)
}

/// Whether it has no fields. What was written of it depends on its braces, which nobody remembers.
fn is_empty(version: &Version) -> bool {
    matches!(version.body, Body::Struct(Style::Unit, _))
}

fn alias(event: &Model) -> Ident {
    format_ident!("__{}_es", text::snake_case(&text::plain(&event.ident)))
}

/// The path of es-core's private module, outside of the constant.
fn private(event: &Model) -> TokenStream {
    if event.root.is_some() { alias(event).into_token_stream() } else { quote!(::es_core::__private) }
}

fn declare(event: &Model, version: &Version) -> TokenStream {
    let Version { number, ident, body, .. } = version;
    let Model { vis, ident: today, .. } = event;
    let private = private(event);
    let serde_path = text::source(quote!(#private::serde));
    let name = text::plain(today);
    let serde = container(&event.serde, true);
    let rename = (!has(&serde, "rename")).then(|| quote!(, rename = #name));
    // What is missing is taken from the struct's `Default`, which is written below.
    let default = (has(&event.serde, "default") && !is_empty(version)).then(|| quote!(, default));
    let docs = format!("Version {number} of [`{today}`].");
    let fields = body.fields().iter().map(|field| declare_field(field, today));
    let (deserialize, reads) = if is_empty(version) {
        (None, Some(reads_nothing(event, ident)))
    } else {
        (Some(quote!(#private::serde::Deserialize)), None)
    };
    let fields = match body {
        Body::Struct(Style::Tuple, _) => quote!((#(#fields),*);),
        Body::Struct(Style::Named, _) => quote!({ #(#fields),* }),
        Body::Struct(Style::Unit, _) | Body::Enum(_) => quote!(;),
    };
    quote_spanned! {located(today.span())=>
        #[doc = #docs]
        #[derive(
            ::core::fmt::Debug,
            ::core::clone::Clone,
            ::core::cmp::PartialEq,
            #private::serde::Serialize,
            #deserialize
        )]
        #[serde(crate = #serde_path #rename #default)]
        #(#serde)*
        #[allow(dead_code, deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
        #vis struct #ident #fields
        #reads
    }
}

/// The `Deserialize` of a version without fields.
fn reads_nothing(event: &Model, ident: &Ident) -> TokenStream {
    let (private, name) = (private(event), text::plain(&event.ident));
    quote! {
        #[automatically_derived]
        impl<'de> #private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D: #private::serde::Deserializer<'de>>(
                __deserializer: __D,
            ) -> #private::Result<Self, __D::Error> {
                #private::Result::map(#private::read_nothing(__deserializer, #name), |()| Self)
            }
        }
    }
}

fn declare_field(field: &Field, today: &Ident) -> TokenStream {
    let Field { member, name, ty, vis, docs, attrs } = field;
    let docs = if docs.is_empty() { format!("`{name}` of [`{today}`].") } else { docs.clone() };
    // What a type lacks is reported at the type: its old name may stand elsewhere.
    let span = located(ty.span());
    let vis = text::at(vis.to_token_stream(), span);
    let name = match member {
        Member::Named(ident) => text::at(quote!(#ident:), span),
        Member::Unnamed(_) => TokenStream::new(),
    };
    quote!(#[doc = #docs] #(#attrs)* #vis #name #ty)
}

/// The `Default` of a version of an event with `#[serde(default)]`: what today's has, where the fields are the same.
fn default(event: &Model, version: &Version) -> TokenStream {
    let (private, Version { ident, body, today, defaults, .. }) = (private(event), version);
    let now = &event.ident;
    let path = text_of(&event.serde, "default").and_then(|path| path.parse::<TokenStream>().ok());
    let value = path.unwrap_or_else(|| quote!(<#now as ::core::default::Default>::default));
    let fields = body.fields().iter().zip(today).zip(defaults).map(|((Field { member, ty, .. }, today), default)| {
        let value = match (today, default) {
            (Some(today), _) => quote!(__now.#today),
            (None, Some(default)) => quote!(#private::expr!(#default)),
            (None, None) => quote_spanned!(located(ty.span())=> #private::default_of::<#ty>()),
        };
        quote!(#member: #value)
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, deprecated, clippy::all, clippy::pedantic)]
        impl ::core::default::Default for #ident {
            fn default() -> Self {
                let __now: #now = #value();
                Self { #(#fields),* }
            }
        }
    }
}
