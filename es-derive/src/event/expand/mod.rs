//! The code for an event.

mod lock;
mod older;
mod step;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::history::{History, Version};
use super::model::Model;
use crate::expand::{field_models, in_const, located};
use crate::shape::layout;
use crate::text;

/// Writes `impl Event`, the structs of the older versions, and a `From` for each step between them.
pub(crate) fn expand(event: &Model) -> TokenStream {
    let structs = event.history.as_ref().map(|history| older::structs(event, history));
    let steps = event.history.as_ref().map(|history| step::steps(event, history));
    let previous = event.history.as_ref().and_then(|history| previous(event, history));
    let (event_impl, placed) = (event_impl(event), lock::placed(event));
    let impls = in_const(event.root.as_ref(), &quote!(#event_impl #steps #previous #placed));
    quote!(#structs #impls)
}

fn event_impl(event: &Model) -> TokenStream {
    let Model { ident, docs, body, name, aliases, version, history, .. } = event;
    let type_name = text::plain(ident);
    let fields = field_models(body.fields());
    let oldest = match history {
        Some(History { previous: Some(previous), .. }) => of_previous(previous, &quote!(OLDEST)),
        Some(History { oldest, .. }) => quote!(#oldest),
        None => quote!(#version),
    };
    let shapes = shapes(event);
    let decoders = history.as_ref().map(decoders);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl __es::Event for #ident {
            const MODEL: __es::EventModel =
                __es::EventModel::new(#name, &[#(#aliases),*], #type_name, #docs, #version, #oldest, #fields);
            const SHAPES: &'static [__es::VersionShape] = #shapes;

            #[inline]
            fn decode<__C: __es::Codec>(
                __version: u32,
                __payload: &__es::Payload<'_>,
            ) -> __es::Result<Self, __es::DecodeError> {
                match __version {
                    #version => __es::decode_current::<Self, __C>(__payload),
                    #decoders
                    _ => __es::Result::Err(__es::unknown_version::<Self>(__version)),
                }
            }
        }
    }
}

/// The arms for the older versions.
fn decoders(history: &History) -> TokenStream {
    let History { previous, oldest, older, .. } = history;
    let own = older.iter().map(
        |Version { number, ident, .. }| quote!(#number => __es::decode_older::<Self, __C, #ident>(#number, __payload),),
    );
    let before = previous.as_ref().map(|previous| {
        let span = located(previous.span());
        let first = older.first().map(|Version { ident, .. }| text::at(quote!(#ident), span));
        let first = first.unwrap_or_else(|| quote_spanned!(span=> Self));
        let decode = quote_spanned!(span=> __es::decode_previous::<Self, #previous, #first>);
        let read = of_previous(previous, &quote!(decode::<__C>));
        quote!(..#oldest => #decode(__version, __payload, #read),)
    });
    quote!(#(#own)* #before)
}

/// The shapes of all versions. None after a mistake: then the schema lock has nothing to say.
fn shapes(event: &Model) -> TokenStream {
    let Some(History { previous, older, .. }) = &event.history else { return quote!(&[]) };
    let before = older.iter().map(|Version { number, body, .. }| (*number, body));
    let shapes = before.chain([(event.version, &event.body)]).map(|(number, body)| {
        let shape = layout::type_shape(body, &older::container(&event.serde, number < event.version));
        quote!(__es::VersionShape { version: #number, shape: #shape })
    });
    let count = older.len() + 1;
    let own = quote!(&[#(#shapes),*]);
    match previous {
        None => own,
        Some(previous) => {
            let before = of_previous(previous, &quote!(SHAPES));
            quote!(&__es::join_shapes::<{ #before.len() + #count }>(#before, #own))
        }
    }
}

/// What the version before the history has under `name`.
fn of_previous(previous: &Type, name: &TokenStream) -> TokenStream {
    quote!({ use __es::NoEvent as _; __es::Previous::<#previous>::#name })
}

/// Checks what comes before the oldest version of the history.
fn previous(event: &Model, history: &History) -> Option<TokenStream> {
    let (ident, previous, oldest) = (&event.ident, history.previous.as_ref()?, history.oldest);
    let check = quote_spanned!(located(previous.span())=> __es::check_previous::<#ident, #previous>(#oldest));
    Some(quote!(const _: () = #check;))
}
