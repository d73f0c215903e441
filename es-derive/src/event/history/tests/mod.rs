//! Generated histories: what the derive makes out of the declaration of an event is what happened to it.

mod random;
mod simulation;

use quote::ToTokens as _;

use self::random::{Random, cases};
use self::simulation::{Origin, Simulation, Version, simulate};
use super::{History, Source};
use crate::attr::Field;
use crate::errors::Errors;
use crate::event::{attr, model};
use crate::text;

/// What the derive makes of an event; the mistakes that it finds.
fn derive(source: &str) -> (Option<model::Model>, usize) {
    let errors = Errors::default();
    let model = attr::read(source.parse().unwrap(), &errors).map(|attributes| model::check(attributes, &errors));
    (model, errors.len())
}

/// The fields of a version, one a line: `name: Type = origin`.
fn listed<'a>(fields: impl Iterator<Item = (&'a Field, String)>) -> Vec<String> {
    fields
        .map(|(field, origin)| {
            let member = field.member.to_token_stream();
            format!("{member}: {} = {origin}", text::source(field.ty.to_token_stream()))
        })
        .collect()
}

fn origin_made_out(source: &Source) -> String {
    match source {
        Source::Kept(member) => member.to_token_stream().to_string(),
        Source::Changed(conversion) => format!("{}({})", conversion.with, conversion.member.to_token_stream()),
        Source::Added(default) => default.to_string(),
        Source::Default(_) => "default".to_owned(),
    }
}

fn made_out(fields: &[Field], step: &[Source], oldest: bool) -> Vec<String> {
    assert_eq!(step.len(), if oldest { 0 } else { fields.len() });
    let origins = step.iter().map(origin_made_out).chain(std::iter::repeat_with(String::new));
    listed(fields.iter().zip(origins))
}

fn happened(version: &Version, before: Option<&Version>) -> Vec<String> {
    let line = |(field, origin): &(simulation::Field, Origin)| {
        let old = before.into_iter().flatten().find(|(old, _)| old.id == field.id).map(|(old, _)| old.name.clone());
        let origin = match (before, origin) {
            (None, _) => String::new(),
            (_, Origin::Kept) => old.unwrap(),
            (_, Origin::Changed(function)) => format!("f{function}({})", old.unwrap()),
            (_, Origin::Added(id)) => format!("d{id}"),
            (_, Origin::Default) => "default".to_owned(),
        };
        format!("{}: {} = {origin}", field.name, field.ty)
    };
    version.iter().map(line).collect()
}

#[test]
fn each_version_has_the_fields_that_it_had_and_comes_about_as_it_did() {
    let mut random = Random::from_env();
    for case in 0..cases(2_000) {
        let Simulation { versions, source } = simulate(&mut random);
        let (model, errors) = derive(&source);
        let model = model.filter(|_| errors == 0).unwrap_or_else(|| panic!("case {case} is refused: {source}"));
        let History { previous: None, oldest: 1, older, last_step } = model.history.unwrap() else {
            panic!("case {case}: {source}");
        };
        assert_eq!(older.len() + 1, versions.len(), "case {case}: {source}");
        for (at, version) in versions.iter().enumerate() {
            let expected = happened(version, at.checked_sub(1).map(|at| &versions[at]));
            let found = match older.get(at) {
                Some(older) => {
                    assert_eq!(older.number as usize, at + 1);
                    made_out(older.body.fields(), &older.step, at == 0)
                }
                None => made_out(model.body.fields(), &last_step, at == 0),
            };
            assert_eq!(found, expected, "case {case}, version {}: {source}", at + 1);
        }
    }
}

/// The fields of a version, each with the term that its value is.
type Terms = Vec<(String, String)>;

fn plain(name: &str) -> String {
    name.trim_start_matches("r#").to_owned()
}

/// One step, as the generated `From` does it: by the names in the struct before.
fn stepped(terms: &Terms, names: Vec<String>, step: &[Source]) -> Terms {
    let value = |member: &syn::Member| {
        let name = plain(&member.to_token_stream().to_string());
        terms.iter().find(|(old, _)| *old == name).map(|(_, term)| term.clone()).unwrap()
    };
    let new = step.iter().map(|source| match source {
        Source::Kept(member) => value(member),
        Source::Changed(conversion) => format!("{}({})", conversion.with, value(&conversion.member)),
        Source::Added(default) => default.to_string(),
        Source::Default(_) => "default".to_owned(),
    });
    names.into_iter().zip(new).collect()
}

/// What happened to the fields of today since the version `from`: to each by itself, whatever it was called.
fn composed(versions: &[Version], from: usize) -> Terms {
    let today = versions.last().into_iter().flatten();
    let term = |(field, _): &(simulation::Field, Origin)| {
        let start = versions[from].iter().find(|(old, _)| old.id == field.id);
        let start = start.map(|(old, _)| plain(&old.name)).unwrap_or_default();
        let origins = versions[from + 1..].iter().flatten().filter(|(now, _)| now.id == field.id);
        let term = origins.fold(start, |term, (_, origin)| match origin {
            Origin::Kept => term,
            Origin::Changed(function) => format!("f{function}({term})"),
            Origin::Added(id) => format!("d{id}"),
            Origin::Default => "default".to_owned(),
        });
        (plain(&field.name), term)
    };
    today.map(term).collect()
}

#[test]
fn an_event_of_any_version_becomes_the_composition_of_the_steps() {
    let mut random = Random::from_env();
    for case in 0..cases(1_000) {
        let Simulation { versions, source } = simulate(&mut random);
        let (model, _) = derive(&source);
        let model = model.unwrap();
        let History { older, last_step, .. } = model.history.unwrap();
        let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        for (from, oldest) in older.iter().enumerate() {
            let start: Terms = names(oldest.body.fields()).into_iter().map(|name| (name.clone(), name)).collect();
            let steps = older[from + 1..].iter().map(|version| (version.body.fields(), &version.step));
            let steps = steps.chain([(model.body.fields(), &last_step)]);
            let today = steps.fold(start, |terms, (fields, step)| stepped(&terms, names(fields), step));
            assert_eq!(today, composed(&versions, from), "case {case}, from version {}: {source}", from + 1);
        }
    }
}

/// One mistake in a history that is sound is one error; nothing panics.
#[test]
fn one_mistake_is_one_error() {
    let mut random = Random::from_env();
    let mut wrong = 0;
    for _ in 0..cases(1_000) {
        let Simulation { versions, source } = simulate(&mut random);
        let newest = versions.len();
        let since: Vec<(usize, &str)> = source.match_indices("since = ").collect();
        if since.is_empty() {
            continue;
        }
        let (at, _) = since[random.below(since.len())];
        let at = at + "since = ".len();
        let version = [0, 1, newest + 1, newest + 1_000_000][random.below(4)];
        let mistaken = format!("{}{version}{}", &source[..at], &source[at + 1..]);
        assert_eq!(derive(&mistaken).1, 1, "{mistaken}");

        // The version that is next says nothing.
        let head = format!("version = {newest})");
        let unsaid = source.replacen(&head, &format!("version = {})", newest + 1 + random.below(3)), 1);
        assert_eq!(derive(&unsaid).1, 1, "{unsaid}");
        wrong += 1;
    }
    assert!(wrong > 0);
}
