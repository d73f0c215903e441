//! `impl Aggregate`: a thin match to `Handle` and `Apply`, and calls into es-core.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};

use super::super::model::{Model, Policy};
use super::{cfg, id_type};
use crate::expand::{field_models, located};

/// Writes `impl Aggregate`.
pub(super) fn aggregate(model: &Model) -> TokenStream {
    let Model { ident, name, .. } = model;
    let (command, event) = (&model.commands.ident, &model.events.ident);
    let id = id_type(model);
    let error = match &model.error {
        Ok(ty) => ty.to_token_stream(),
        // A constant that is a mistake makes the compiler say nothing of the type; one of the type itself does not.
        Err(error) => {
            let error = error.to_compile_error();
            quote!(__es::Unknown<{ #error }>)
        }
    };
    let codec = model.codec.as_ref().map_or_else(|| quote!(__es::Json), ToTokens::to_token_stream);
    let consts = consts(model);
    let methods = [state(model), commands(model), events(model), encode(model), decode(model)];
    let snapshot = model.snapshot.as_ref().map(snapshot_methods);
    let into_any = (!model.retired.is_empty()).then(|| into_any(model));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl __es::Aggregate for #ident {
            type Id = #id;
            type Command = #command;
            type Event = #event;
            type Error = #error;
            type Codec = #codec;

            const NAME: &'static str = #name;
            #consts
            #(#methods)*
            #snapshot
            #into_any
        }
    }
}

fn consts(model: &Model) -> TokenStream {
    let Model { ident, name, docs, .. } = model;
    let fields = field_models(&model.fields);
    let commands = model.commands.members.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg <#path as __es::CommandOf<#ident>>::COMMAND)
    });
    let events = model.events.members.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg <#path as __es::EventOf<#ident>>::EVENT)
    });
    let retired = model.retired.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg <#path as __es::RetiredOf<#ident>>::RETIRED)
    });
    let shapes = model.events.members.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg <#path as __es::EventOf<#ident>>::EVENT_SHAPES)
    });
    let retired_shapes = model.retired.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg <#path as __es::RetiredOf<#ident>>::RETIRED_SHAPES)
    });
    let shapes = shapes.chain(retired_shapes);
    let snapshot = model.snapshot.as_ref().map(|policy| {
        let Policy { every, keep, shape, .. } = policy;
        quote! {
            const SNAPSHOT: __es::Option<__es::SnapshotPolicy> =
                __es::Option::Some(__es::SnapshotPolicy::new(#every, #keep));
            const STATE_SHAPE: u64 = __es::shape(#shape);
        }
    });
    quote! {
        const MODEL: __es::AggregateModel =
            __es::AggregateModel::new(#name, #docs, #fields, &[#(#commands),*], &[#(#events),*], &[#(#retired),*]);
        const SHAPES: &'static [&'static [__es::VersionShape]] = &[#(#shapes),*];
        #snapshot
    }
}

/// `initial` and `copy`, reported at the aggregate's name when it cannot.
fn state(model: &Model) -> TokenStream {
    quote_spanned! {located(model.ident.span())=>
        fn initial() -> Self {
            __es::initial::<Self>()
        }

        fn copy(&self) -> Self {
            __es::copy::<Self>(self)
        }
    }
}

fn commands(model: &Model) -> TokenStream {
    let ident = &model.commands.ident;
    let arms = model.commands.members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        let call = quote_spanned! {located(member.span())=> <Self as __es::Handle<#path>>::handle};
        quote!(#cfg #ident::#variant(__inner) => #call(self, __inner, __context),)
    });
    quote! {
        #[allow(unused_variables)]
        fn handle_command(&self, __command: #ident, __context: &__es::Context) -> __es::Decision<Self> {
            match __command { #(#arms)* }
        }
    }
}

fn events(model: &Model) -> TokenStream {
    let ident = &model.events.ident;
    let arms = model.events.members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        let call = quote_spanned! {located(member.span())=> <Self as __es::Apply<#path>>::apply};
        quote!(#cfg #ident::#variant(ref __inner) => #call(self, __inner),)
    });
    quote! {
        fn apply_event(&mut self, __event: &#ident) {
            match *__event { #(#arms)* }
        }
    }
}

fn encode(model: &Model) -> TokenStream {
    let ident = &model.events.ident;
    let arms = model.events.members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        quote!(#cfg #ident::#variant(ref __inner) => __es::encode::<Self, #path>(__inner, __bytes),)
    });
    quote! {
        #[allow(unused_variables)]
        fn encode_event(
            __event: &#ident,
            __bytes: &mut __es::Vec<u8>,
        ) -> __es::Result<__es::EventKind, __es::BoxError> {
            match *__event { #(#arms)* }
        }
    }
}

fn decode(model: &Model) -> TokenStream {
    let events = model.events.members.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        quote!(#cfg __es::decode::<__C, Self, #path>)
    });
    let retired = model.retired.iter().map(|member| {
        let (path, cfg) = (&member.path, cfg(member));
        let decode = quote_spanned!(located(member.span())=> __es::decode_retired::<__C, Self, #path>);
        quote!(#cfg #decode)
    });
    let decoders = events.chain(retired);
    quote! {
        fn decode_event_by<__C: __es::Codec>(
            __index: usize,
            __version: u32,
            __payload: &__es::Payload<'_>,
        ) -> __es::Result<__es::Events<Self>, __es::DecodeError> {
            __es::decode_by::<Self>(&[#(#decoders),*], __index, __version, __payload)
        }
    }
}

/// An event out of its enum, for projections: they see what a retired event became, and know its type alone.
fn into_any(model: &Model) -> TokenStream {
    let ident = &model.events.ident;
    let arms = model.events.members.iter().map(|member| {
        let (variant, path, cfg) = (&member.variant, &member.path, cfg(member));
        quote!(#cfg #ident::#variant(__inner) => __es::into_any::<Self, #path>(__inner),)
    });
    quote! {
        fn into_any(__event: #ident) -> __es::AnyEvent {
            match __event { #(#arms)* }
        }
    }
}

fn snapshot_methods(Policy { nested, .. }: &Policy) -> TokenStream {
    quote! {
        fn state_shape() -> u64 {
            __es::state_hash(Self::STATE_SHAPE, &const { #nested }, &Self::MODEL)
        }

        fn encode_state(&self, __bytes: &mut __es::Vec<u8>) -> __es::Result<(), __es::BoxError> {
            __es::encode_state::<Self>(self, __bytes)
        }

        fn decode_state(__payload: __es::Payload<'_>) -> __es::Result<Self, __es::PayloadError> {
            __es::decode_state::<Self>(__payload)
        }
    }
}

/// Says that the state can be stored, reported at `snapshot` when it cannot.
pub(super) fn snapshot(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let marker = model.snapshot.as_ref().map(|policy| {
        quote_spanned! {located(policy.span)=>
            #[automatically_derived]
            impl __es::Stored for #ident {}
        }
    });
    marker.into_token_stream()
}
