//! What only the compiler can check: names that other items declare.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::super::model::{Member, Model};
use super::cfg;
use crate::expand::located;

/// Writes a check for each event but the first: its names in the journal are not those of one before it.
pub(super) fn checks(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let members: Vec<&Member> = model.events.members.iter().chain(&model.retired).collect();
    let checks = members.iter().enumerate().skip(1).map(|(at, member)| {
        let (cfg, index) = (cfg(member), index(&members[..at]));
        quote_spanned!(located(member.span())=> #cfg const _: () = __es::own_name::<#ident>(#index);)
    });
    quote!(#(#checks)*)
}

/// The number of members that are compiled in.
fn index(members: &[&Member]) -> TokenStream {
    let always = members.iter().filter(|member| member.cfg.is_empty()).count();
    let sometimes = members.iter().filter(|member| !member.cfg.is_empty()).map(|member| {
        let conditions = member.cfg.iter().filter_map(|attr| attr.meta.require_list().ok()).map(|list| &list.tokens);
        quote!(+ (true #(&& ::core::cfg!(#conditions))*) as usize)
    });
    quote!(#always #(#sometimes)*)
}
