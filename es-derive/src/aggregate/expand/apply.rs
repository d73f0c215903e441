//! `impl Apply` for what the fields say and for `Event(ignored)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::super::model::{Changes, Model, path_span};
use super::cfg;
use crate::expand::located;

/// Writes the impls.
pub(super) fn impls(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let ignored = model.events.members.iter().filter(|event| event.ignored).map(|event| {
        let (path, cfg) = (&event.path, cfg(event));
        quote_spanned! {located(event.span())=>
            #cfg
            #[automatically_derived]
            impl __es::Apply<#path> for #ident {
                fn apply(&mut self, _: &#path) {}
            }
        }
    });
    let changes = model.changes.iter().map(|changes| change(model, changes));
    quote!(#(#ignored)* #(#changes)*)
}

/// All that an event changes.
///
/// ```text
/// fn apply(&mut self, event: &Increased) {
///     let __before = &*self;
///     let __0: u64 = __es::expr!(self.balance + event.by);
///     __es::unchanged(__before);
///     self.balance = __0;
/// }
/// ```
///
/// `unchanged` holds a reference to the state over all expressions: one that changed it would not compile.
fn change(model: &Model, Changes { event, cfg, fields }: &Changes) -> TokenStream {
    let ident = &model.ident;
    let values = fields.iter().filter_map(|apply| {
        let (field, value) = (model.fields.get(apply.field)?, format_ident!("__{}", apply.field));
        let (ty, expression) = (&field.ty, apply.expression.as_ref()?);
        let expression = quote!(__es::expr!(#expression));
        // What it returns is what this field becomes. Without a function of its own it would leave out all fields of the event.
        let expression = if apply.returns { quote!((|| -> #ty { #expression })()) } else { expression };
        Some(quote!(let #value: #ty = #expression;))
    });
    let assignments = fields.iter().filter_map(|apply| {
        let (field, value) = (model.fields.get(apply.field)?, format_ident!("__{}", apply.field));
        let (member, _) = (&field.member, apply.expression.as_ref()?);
        Some(quote!(self.#member = #value;))
    });
    let body = quote! {
        #[allow(unused_variables, clippy::redundant_closure_call, clippy::used_underscore_binding)]
        fn apply(&mut self, event: &#event) {
            let __before = &*self;
            #(#values)*
            __es::unchanged(__before);
            #(#assignments)*
        }
    };
    quote_spanned! {located(path_span(event))=>
        #(#cfg)*
        #[automatically_derived]
        impl __es::Apply<#event> for #ident { #body }
    }
}
