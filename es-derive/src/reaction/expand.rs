//! The code for a reaction.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::model::{Model, span_of};
use crate::expand::{in_const, located};
use crate::projection::{alias, aliases, cfg, cfg_of_type};

/// Writes all impls.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let parts = [aliases(&model.events), target_aliases(model), listed(model), reaction(model)];
    in_const(model.root.as_ref(), &quote!(#(#parts)*))
}

/// What an aggregate is called in the impls.
fn targets(model: &Model) -> impl Iterator<Item = (Ident, &syn::Path)> {
    model.sends_to.iter().enumerate().map(|(at, path)| {
        let mut alias = format_ident!("__Target{at}");
        alias.set_span(located(span_of(path)));
        (alias, path)
    })
}

/// `type __Target0 = bank::Account;`, as for the events.
fn target_aliases(model: &Model) -> TokenStream {
    let targets = targets(model).map(|(alias, path)| quote!(type #alias = #path;));
    quote!(#(#targets)*)
}

/// `impl ReactedBy<Transfers> for Requested`, for each event; `impl SentBy<Transfers> for Account`, for each aggregate.
fn listed(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let events = model.events.iter().filter(|event| !event.again).map(|event| {
        let (alias, cfg) = (alias(event), cfg_of_type(event));
        quote_spanned! {located(event.span())=>
            #cfg
            #[automatically_derived]
            impl __es::ReactedBy<#ident> for #alias {}
        }
    });
    let targets = targets(model).map(|(alias, path)| {
        quote_spanned! {located(span_of(path))=>
            #[automatically_derived]
            impl __es::SentBy<#ident> for #alias {}
        }
    });
    quote!(#(#events)* #(#targets)*)
}

fn reaction(model: &Model) -> TokenStream {
    let Model { ident, name, .. } = model;
    let checkpoint = format!("reaction@{name}");
    let (reactions, targets) = (reactions(model), add_targets(model));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl __es::Reaction for #ident {
            const NAME: &'static str = #name;
            const CHECKPOINT: &'static str = #checkpoint;

            #reactions
            #targets
        }
    }
}

/// A line for each event. Expands to:
///
/// ```text
/// <Requested as OfAggregate<_>>::route_reaction(&mut reactions, <Self as React<Requested>>::boxed, ..);
/// ```
fn reactions(model: &Model) -> TokenStream {
    let lines = model.events.iter().map(|event| {
        let (alias, cfg) = (alias(event), cfg(event));
        let aggregate = event.aggregate.as_ref().map_or_else(|| quote!(_), quote::ToTokens::to_token_stream);
        quote_spanned! {located(event.span())=>
            #cfg
            <#alias as __es::OfAggregate<#aggregate>>::route_reaction::<Self>(
                &mut __reactions,
                <Self as __es::React<#alias>>::boxed,
                <Self as __es::React<#alias>>::boxed_wake,
            );
        }
    });
    quote! {
        #[allow(unused_mut)]
        fn reactions() -> __es::Reactions<Self> {
            let mut __reactions = __es::Reactions::<Self>::new();
            #(#lines)*
            __reactions
        }
    }
}

fn add_targets(model: &Model) -> TokenStream {
    let lines = targets(model).map(|(alias, path)| {
        quote_spanned! {located(span_of(path))=>
            __es::add_target::<#alias, J>(__journal, __targets);
        }
    });
    quote! {
        #[allow(unused_variables)]
        fn targets<J: __es::Journal + __es::SnapshotStore + __es::Clone>(__journal: &J, __targets: &__es::Targets) {
            #(#lines)*
        }
    }
}
