//! Where each version of an event is declared, for the schema lock.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Member;
use syn::spanned::Spanned as _;

use super::super::history::Version;
use super::super::model::Model;
use crate::attr::{Body, Field, Variant};
use crate::expand::located;
use crate::lock_file;

/// Writes a check for each field of each version, at the field. Nothing where the package has no lock.
///
/// ```text
/// #[event(name = "deposited", version = 2)]
/// struct Deposited {
///     #[event(renamed(from = value, since = 2))]
///     amount: i64,
/// }
/// // expands to:
/// impl<A: private::Locks> private::Placed<A> for Deposited {
///     const CHECKED: () = {
///         private::check_member::<A, Self>(2, "amount");  // at `amount`
///         private::check_member::<A, Self>(1, "value");   // at `value`
///         private::check_event::<A, Self>();              // at `Deposited`
///     };
/// }
/// ```
pub(super) fn placed(event: &Model) -> Option<TokenStream> {
    lock_file::path().filter(|path| path.is_file())?;
    let history = event.history.as_ref()?;
    let ident = &event.ident;
    let older = history.older.iter().rev().map(|Version { number, body, .. }| (*number, body));
    let members = [(event.version, &event.body)].into_iter().chain(older).flat_map(|(version, body)| {
        places(body)
            .into_iter()
            .map(move |(name, span)| quote_spanned!(located(span)=> __es::check_member::<__A, Self>(#version, #name);))
    });
    let before = history.previous.as_ref().map(|previous| {
        let oldest = history.oldest;
        quote_spanned!(located(previous.span())=> __es::check_before::<__A, Self>(#oldest);)
    });
    let whole = quote_spanned!(located(ident.span())=> __es::check_event::<__A, Self>(););
    Some(quote! {
        #[automatically_derived]
        impl<__A: __es::Locks> __es::Placed<__A> for #ident {
            const CHECKED: () = {
                #(#members)*
                #before
                #whole
            };
        }
    })
}

/// The names of fields, or variants, and where they stand.
fn places(body: &Body) -> Vec<(&str, Span)> {
    match body {
        Body::Struct(_, fields) => fields.iter().map(|field| (field.name.as_str(), span(field))).collect(),
        Body::Enum(variants) => variants.iter().map(|Variant { name, span, .. }| (name.as_str(), *span)).collect(),
    }
}

fn span(field: &Field) -> Span {
    match &field.member {
        Member::Named(ident) => ident.span(),
        Member::Unnamed(_) => field.ty.span(),
    }
}
