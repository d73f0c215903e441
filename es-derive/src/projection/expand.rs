//! The code for a projection.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::model::{Batch, Listed, Model, Place};
use crate::expand::{in_const, located};
use crate::text;

/// Writes the enum of a batch, and all impls.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let named = model.batch.as_ref().and_then(|batch| batch.event_enum.as_ref()?.as_ref().ok());
    let events = named.map(|name| event_enum(model, name));
    let parts = [aliases(&model.events), listed(model), listed_once(model), projection(model)];
    let impls = in_const(model.root.as_ref(), &quote!(#(#parts)*));
    quote!(#events #impls)
}

/// What the type of an event is called in the impls.
pub(crate) fn alias(event: &Listed) -> Ident {
    Ident::new(&event.alias, located(event.span()))
}

pub(crate) fn cfg(event: &Listed) -> TokenStream {
    let cfg = &event.cfg;
    quote!(#(#cfg)*)
}

/// Where the type of an event is listed at all: under the `#[cfg(..)]` of one of its entries.
pub(crate) fn cfg_of_type(event: &Listed) -> TokenStream {
    if event.cfg_again.is_empty() {
        return cfg(event);
    }
    let entries = || std::iter::once(&event.cfg).chain(&event.cfg_again);
    if entries().any(Vec::is_empty) {
        return TokenStream::new();
    }
    let entries = entries().map(|cfg| {
        let conditions = cfg.iter().filter_map(|attr| attr.meta.require_list().ok()).map(|list| &list.tokens);
        quote!(all(#(#conditions),*))
    });
    quote!(#[cfg(any(#(#entries),*))])
}

/// `type __Event0 = bank::Increased;` for each event, `type __Event0 = <Account as Aggregate>::Event;` for all of an
/// aggregate: a name that cannot be resolved is then one error, and not one for each impl.
pub(crate) fn aliases(events: &[Listed]) -> TokenStream {
    let aliases = events.iter().map(|event| {
        let (alias, path, cfg) = (alias(event), &event.path, cfg_of_type(event));
        if event.all {
            return quote_spanned! {located(event.span())=> #cfg type #alias = <#path as __es::Aggregate>::Event; };
        }
        quote!(#cfg type #alias = #path;)
    });
    quote!(#(#aliases)*)
}

/// `impl ProjectedBy<Balances> for Increased`, for each event.
fn listed(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let impls = model.events.iter().filter(|event| !event.again).map(|event| {
        let (alias, cfg) = (alias(event), cfg_of_type(event));
        quote_spanned! {located(event.span())=>
            #cfg
            #[automatically_derived]
            impl __es::ProjectedBy<#ident> for #alias {}
        }
    });
    quote!(#(#impls)*)
}

/// A check for each event that is listed beside all events of an aggregate: it is not one of them.
fn listed_once(model: &Model) -> TokenStream {
    let whole = || model.events.iter().filter(|event| event.all);
    let checks = model.events.iter().filter(|event| !event.all).flat_map(|event| {
        whole().map(|whole| {
            let (alias, cfg, also, all) = (alias(event), cfg(event), cfg(whole), &whole.path);
            let aggregate = aggregate(event);
            quote_spanned! {located(event.span())=>
                #cfg
                #also
                const _: () = __es::not_one_of_all::<#all>(<#alias as __es::OfAggregate<#aggregate>>::AGGREGATE);
            }
        })
    });
    quote!(#(#checks)*)
}

/// The aggregate of an event, as far as it is said.
fn aggregate(event: &Listed) -> TokenStream {
    event.aggregate.as_ref().map_or_else(|| quote!(_), quote::ToTokens::to_token_stream)
}

fn projection(model: &Model) -> TokenStream {
    let Model { ident, name, version, .. } = model;
    let store = match &model.place {
        Place::Store(store) => store.to_token_stream(),
        Place::InMemory => quote!(__es::InMemory),
        Place::Missing(error) => mistaken(error),
    };
    let event = match &model.batch {
        None => quote!(__es::OneByOne),
        Some(Batch { event_enum: Some(Ok(event_enum)), .. }) => event_enum.to_token_stream(),
        Some(Batch { event_enum: Some(Err(error)), .. }) => mistaken(error),
        Some(Batch { event_enum: None, .. }) => {
            let aliases = model.events.iter().map(alias);
            quote!(#(#aliases)*)
        }
    };
    let (routes, read_model) = (routes(model), read_model(model));
    let batch = model.batch.as_ref().map(project_events);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl __es::Projection for #ident {
            type Store = #store;
            type Event = #event;

            const NAME: &'static str = #name;
            const VERSION: u32 = #version;

            #routes
            #read_model
            #batch
        }
    }
}

/// A type with a mistake in it: the compiler says nothing of what depends on it.
fn mistaken(error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    quote!([(); #error])
}

/// A line for each event. Expands to, without and with `batch`:
///
/// ```text
/// <Increased as OfAggregate<_>>::route_each(&mut routes, <Self as Project<Increased>>::boxed);
/// <Increased as OfAggregate<_>>::route_batch(&mut routes, BalancesEvent::Increased);
/// ```
///
/// And for all events of an aggregate:
///
/// ```text
/// routes.all_each::<Account>(<Self as Project<AccountEvent>>::boxed);
/// routes.all_batch::<Account>(BalancesEvent::Account);
/// ```
fn routes(model: &Model) -> TokenStream {
    let lines = model.events.iter().map(|event| {
        let (alias, cfg, aggregate) = (alias(event), cfg(event), aggregate(event));
        let path = &event.path;
        if let Some(Batch { event_enum, .. }) = &model.batch {
            let variant = &event.variant;
            let make = match event_enum {
                None => quote!(__es::identity),
                Some(Ok(name)) => quote!(#name::#variant),
                Some(Err(_)) => quote!(|_| ::core::unreachable!()),
            };
            if event.all {
                return quote_spanned!(located(event.span())=> #cfg __routes.all_batch::<#path>(#make););
            }
            return quote_spanned! {located(event.span())=>
                #cfg
                <#alias as __es::OfAggregate<#aggregate>>::route_batch::<Self>(&mut __routes, #make);
            };
        }
        if event.all {
            return quote_spanned! {located(event.span())=>
                #cfg
                __routes.all_each::<#path>(<Self as __es::Project<#alias>>::boxed);
            };
        }
        quote_spanned! {located(event.span())=>
            #cfg
            <#alias as __es::OfAggregate<#aggregate>>::route_each::<Self>(
                &mut __routes,
                <Self as __es::Project<#alias>>::boxed,
            );
        }
    });
    quote! {
        #[allow(unused_mut)]
        fn routes() -> __es::Routes<Self> {
            let mut __routes = __es::Routes::<Self>::new();
            #(#lines)*
            __routes
        }
    }
}

/// `create_model` and `reset_model`, reported at the projection's name when there is no `ReadModel`.
fn read_model(model: &Model) -> TokenStream {
    let (create, reset) = match &model.place {
        Place::Store(_) => (
            quote!(<Self as __es::ReadModel>::boxed_create(self, __tx)),
            quote!(<Self as __es::ReadModel>::boxed_reset(self, __tx)),
        ),
        Place::InMemory => (quote!(__es::nothing()), quote!(__es::start_again::<Self>(self))),
        Place::Missing(_) => (quote!(__es::nothing()), quote!(__es::nothing())),
    };
    quote_spanned! {located(model.ident.span())=>
        #[allow(unused_variables)]
        fn create_model<'a>(&'a mut self, __tx: &'a mut __es::TxOf<Self>) -> __es::BoxFuture<'a, __es::Projected> {
            #create
        }

        #[allow(unused_variables)]
        fn reset_model<'a>(&'a mut self, __tx: &'a mut __es::TxOf<Self>) -> __es::BoxFuture<'a, __es::Projected> {
            #reset
        }
    }
}

/// `project_events`, reported at `batch` when there is no `ProjectBatch`.
fn project_events(batch: &Batch) -> TokenStream {
    quote_spanned! {located(batch.span)=>
        const BATCH: bool = true;

        fn project_events<'a>(
            &'a mut self,
            __events: &'a [__es::Recorded<<Self as __es::Projection>::Event>],
            __tx: &'a mut __es::TxOf<Self>,
        ) -> __es::BoxFuture<'a, __es::Projected> {
            <Self as __es::ProjectBatch>::boxed(self, __events, __tx)
        }
    }
}

fn event_enum(model: &Model, event_enum: &Ident) -> TokenStream {
    let root = model.root.as_ref().map_or_else(|| quote!(::es_core), quote::ToTokens::to_token_stream);
    let vis = &model.vis;
    let docs = format!(" One of the events that [`{}`] is made of.", text::plain(&model.ident));
    let variants = model.events.iter().filter(|event| !event.again).map(|event| {
        let (variant, path, cfg) = (&event.variant, &event.path, cfg_of_type(event));
        if event.all {
            let docs = format!(" One of the events of `{}`.", text::source(path.to_token_stream()));
            return quote! { #[doc = #docs] #cfg #variant(<#path as #root::Aggregate>::Event) };
        }
        let docs = format!(" `{}`", text::source(path.to_token_stream()));
        quote! { #[doc = #docs] #cfg #variant(#path) }
    });
    quote! {
        #[doc = #docs]
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
        #[allow(clippy::large_enum_variant, clippy::enum_variant_names, deprecated, non_camel_case_types)]
        #vis enum #event_enum { #(#variants),* }
    }
}
