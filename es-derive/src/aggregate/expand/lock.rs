//! The check of the schema lock, in constants.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};

use super::super::lock::{Field, Locked, LockedVersion};
use super::super::model::{Member, Model};
use super::cfg;
use crate::expand::located;
use crate::text;

/// Writes a check for each event: it is as it is locked; and one for the aggregate: it knows what is locked.
pub(super) fn checks(model: &Model) -> TokenStream {
    model.locked.as_ref().map(|locked| checks_of(model, locked)).into_token_stream()
}

fn checks_of(model: &Model, Locked { file, path, versions }: &Locked) -> TokenStream {
    let (ident, name) = (&model.ident, text::plain(&model.ident));
    let members: Vec<&Member> = model.events.members.iter().chain(&model.retired).collect();
    let events = members.iter().map(|member| {
        let (cfg, path) = (cfg(member), &member.path);
        quote_spanned! {located(member.span())=>
            #cfg
            const _: () = {
                use __es::NotPlaced as _;
                let () = __es::LockedEvent::<#ident, #path>::CHECKED;
                __es::check_event::<#ident, #path>();
            };
        }
    });
    // An event that is compiled out may be locked.
    let known = members
        .iter()
        .all(|member| member.cfg.is_empty())
        .then(|| quote_spanned!(located(ident.span())=> const _: () = __es::check_known::<#ident>();));
    let versions = versions.iter().map(|LockedVersion { event, version, serde, fields }| {
        let fields = fields
            .iter()
            .map(|Field { name, ty, serde }| quote!(__es::LockedField { name: #name, ty: #ty, serde: #serde }));
        quote!(__es::LockedVersion { event: #event, version: #version, serde: #serde, fields: &[#(#fields),*] })
    });
    quote! {
        #[automatically_derived]
        impl __es::Locks for #ident {
            const LOCKED: __es::Locked = __es::Locked { path: #path, versions: &[#(#versions),*] };
            const HERE: &'static str = __es::concat!(__es::module_path!(), "::", #name);
        }
        const _: &[u8] = __es::include_bytes!(#file);
        #(#events)*
        #known
    }
}
