//! The code for a publication.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::Model;
use crate::expand::{in_const, located};
use crate::projection::{alias, aliases, cfg, cfg_of_type};

/// Writes all impls.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let parts = [aliases(&model.events), listed(model), publish(model)];
    in_const(model.root.as_ref(), &quote!(#(#parts)*))
}

/// `impl PublishedBy<BankNews> for Increased`, for each event.
fn listed(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let impls = model.events.iter().filter(|event| !event.again).map(|event| {
        let (alias, cfg) = (alias(event), cfg_of_type(event));
        quote_spanned! {located(event.span())=>
            #cfg
            #[automatically_derived]
            impl __es::PublishedBy<#ident> for #alias {}
        }
    });
    quote!(#(#impls)*)
}

/// Expands to:
///
/// ```text
/// impl Publish for BankNews {
///     const NAME: &'static str = "bank";
///     ..
///     fn routes<S: OutboxStore>() -> Routes<Feed<Self, S>> {
///         let mut routes = Routes::new();
///         <Increased as OfAggregate<_>>::route_each(&mut routes, <Self as ToPublic<Increased>>::boxed::<S>);
///         routes
///     }
/// }
/// ```
fn publish(model: &Model) -> TokenStream {
    let Model { ident, name, source, .. } = model;
    // What stands before the `@` is no name of a projection then.
    let (feed, relay) = (format!("{name}@publish"), format!("{name}@send"));
    let lines = model.events.iter().map(|event| {
        let (alias, cfg) = (alias(event), cfg(event));
        let aggregate = event.aggregate.as_ref().map_or_else(|| quote!(_), quote::ToTokens::to_token_stream);
        quote_spanned! {located(event.span())=>
            #cfg
            <#alias as __es::OfAggregate<#aggregate>>::route_each::<__es::Feed<Self, __S>>(
                &mut __routes,
                <Self as __es::ToPublic<#alias>>::boxed::<__S>,
            );
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl __es::Publish for #ident {
            const NAME: &'static str = #name;
            const SOURCE: &'static str = #source;
            const FEED: &'static str = #feed;
            const RELAY: &'static str = #relay;

            #[allow(unused_mut)]
            fn routes<__S: __es::OutboxStore>() -> __es::Routes<__es::Feed<Self, __S>> {
                let mut __routes = __es::Routes::<__es::Feed<Self, __S>>::new();
                #(#lines)*
                __routes
            }
        }
    }
}
