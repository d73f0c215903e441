//! The order of fields: codecs that write no names count on it.

use syn::Ident;

use super::track::Track;
use crate::errors::Errors;
use crate::event::attr::{Place, Since};
use crate::text;

/// The tracks in the order in which their fields stand, in every version. `places` is where the removed ones stood,
/// which are the last tracks.
pub(super) fn order(tracks: &[Track], places: &[(Since, Option<Place>)], errors: &Errors) -> Vec<usize> {
    let current = tracks.len() - places.len();
    let mut order: Vec<usize> = (0..current).collect();
    let mut waiting = Vec::new();
    for (track, (since, place)) in (current..).zip(places) {
        match place {
            None => order.push(track),
            Some(place) => {
                if let Some(other) = find(tracks, track, since.version.saturating_sub(1), place, errors) {
                    waiting.push((track, place, other));
                }
            }
        }
    }
    // What came to stand behind or before another one, in the order of their declaration.
    let mut behind: Vec<(usize, usize)> = Vec::new();
    while let Some(next) = waiting.iter().position(|(_, _, other)| order.contains(other)) {
        let (track, place, other) = waiting.remove(next);
        let Some(at) = order.iter().position(|track| *track == other) else { continue };
        let at = match place {
            Place::Before(_) => at,
            Place::After(_) => {
                let before = behind.iter().filter(|(_, target)| *target == other);
                let last = before.filter_map(|(track, _)| order.iter().position(|other| other == track)).max();
                behind.push((track, other));
                last.unwrap_or(at) + 1
            }
        };
        order.insert(at, track);
    }
    if let Some((track, place, _)) = waiting.first() {
        let name = &tracks[*track].newest.name;
        errors.at(ident(place).span(), format!("where `{name}` stood goes round in a circle"));
    }
    order
}

/// The track that `place` names: by its name in `version`, or else by its last one, or one of before.
fn find(tracks: &[Track], of: usize, version: u32, place: &Place, errors: &Errors) -> Option<usize> {
    let name = text::plain(ident(place));
    let others = || tracks.iter().enumerate().filter(|(track, _)| *track != of);
    let in_version = others().find(|(_, track)| track.at(version).is_some_and(|field| field.name == name));
    let found = in_version
        .or_else(|| others().find(|(_, track)| track.newest.name == name))
        .or_else(|| others().find(|(_, track)| track.had_name(&name)));
    if found.is_none() {
        let names: Vec<String> =
            others().filter_map(|(_, track)| track.at(version)).map(|field| format!("`{}`", field.name)).collect();
        let help =
            if names.is_empty() { "take this away".to_owned() } else { format!("the others are {}", names.join(", ")) };
        errors.at(ident(place).span(), format!("there is no field `{name}` in version {version}; {help}"));
    }
    found.map(|(track, _)| track)
}

fn ident(place: &Place) -> &Ident {
    match place {
        Place::After(ident) | Place::Before(ident) => ident,
    }
}
