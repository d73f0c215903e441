//! A history as it happens, the oldest version first: what the derive makes out, the newest first, has to agree.

use std::fmt::Write as _;

use super::random::Random;

const TYPES: &[&str] = &["u8", "u64", "String", "Option<u8>", "Vec<(u8, String)>"];

/// A field, from the version in which it came.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// What it is by itself, whatever it is called.
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) ty: &'static str,
    added: Option<u32>,
    removed: Option<u32>,
    /// `renamed(..)` and `changed(..)`, as they are written.
    changes: Vec<String>,
}

/// How a field of a version came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Kept,
    /// By the function of this number.
    Changed(usize),
    /// With the default of this number.
    Added(usize),
    /// With the `Default` of its type.
    Default,
}

/// A version: the fields in their order, and how each came about.
pub(super) type Version = Vec<(Field, Origin)>;

/// A history and how it is declared.
pub(super) struct Simulation {
    /// The first is version 1.
    pub(super) versions: Vec<Version>,
    pub(super) source: String,
}

/// Lets a history happen.
pub(super) fn simulate(random: &mut Random) -> Simulation {
    let mut world = World { fields: Vec::new(), versions: Vec::new(), names: 0, functions: 0, ids: 0 };
    // Names that are used again, with what is gone at the end; or new names, with what is gone anywhere.
    let reuse = random.one_in(2);
    for _ in 0..random.below(5) {
        world.add(1, reuse, random);
    }
    world.version(Vec::new());
    let newest = 1 + u32::try_from(random.below(7)).unwrap_or(0);
    for version in 2..=newest {
        world.next(version, reuse, random);
    }
    let source = world.source(newest, reuse, random);
    Simulation { versions: world.versions, source }
}

struct World {
    /// All fields that there ever were, in the order in which they stand; removed ones with their last name.
    fields: Vec<Field>,
    versions: Vec<Version>,
    names: usize,
    functions: usize,
    ids: usize,
}

impl World {
    /// A name that no field has in `version`, or had in the one before.
    fn name(&mut self, reuse: bool, random: &mut Random) -> String {
        const POOL: &[&str] = &["a", "b", "c", "d", "r#type", "e", "f", "g", "h", "r#move"];
        let taken = |world: &Self, name: &str| {
            let before = world.versions.last().into_iter().flatten().map(|(field, _)| &field.name);
            let now = world.fields.iter().filter(|field| field.removed.is_none()).map(|field| &field.name);
            before.chain(now).any(|other| other == name)
        };
        for _ in 0..20 {
            let name = POOL[random.below(POOL.len())];
            if reuse && !taken(self, name) {
                return name.to_owned();
            }
        }
        self.names += 1;
        format!("n{}", self.names)
    }

    fn add(&mut self, version: u32, reuse: bool, random: &mut Random) -> usize {
        let name = self.name(reuse, random);
        self.ids += 1;
        let (id, ty) = (self.ids, TYPES[random.below(TYPES.len())]);
        let added = (version > 1).then_some(version);
        let field = Field { id, name, ty, added, removed: None, changes: Vec::new() };
        let at = random.below(self.fields.len() + 1);
        self.fields.insert(at, field);
        id
    }

    /// Lets something happen in `version`.
    fn next(&mut self, version: u32, reuse: bool, random: &mut Random) {
        let mut origins = Vec::new();
        let there: Vec<usize> =
            self.fields.iter().filter(|field| field.removed.is_none()).map(|field| field.id).collect();
        let mut changed = false;
        for id in there {
            let rename = random.one_in(4).then(|| self.name(reuse, random));
            let ty = random.one_in(5).then(|| TYPES[random.below(TYPES.len())]);
            let remove = random.one_in(6);
            let Some(field) = self.fields.iter_mut().find(|field| field.id == id) else { continue };
            if remove {
                field.removed = Some(version);
                changed = true;
                continue;
            }
            if let Some(name) = rename {
                field.changes.push(format!("renamed(from = {}, since = {version})", field.name));
                field.name = name;
                changed = true;
            }
            if let Some(ty) = ty {
                self.functions += 1;
                let with = format!("changed(from = {}, with = f{}, since = {version})", field.ty, self.functions);
                field.changes.push(with);
                field.ty = ty;
                origins.push((id, Origin::Changed(self.functions)));
                changed = true;
            }
        }
        for _ in 0..random.below(3) + usize::from(!changed) {
            let id = self.add(version, reuse, random);
            origins.push((id, Origin::Added(id)));
        }
        self.version(origins);
    }

    /// Notes down the version that is there now.
    fn version(&mut self, origins: Vec<(usize, Origin)>) {
        let origin = |field: &Field| {
            let found = origins.iter().find(|(id, _)| *id == field.id);
            found.map_or(Origin::Kept, |(_, origin)| origin.clone())
        };
        let there = self.fields.iter().filter(|field| field.removed.is_none());
        let version = there.map(|field| (field.clone(), origin(field))).collect();
        self.versions.push(version);
    }

    /// Declares the event of the last version with all its past.
    fn source(&mut self, newest: u32, reuse: bool, random: &mut Random) -> String {
        if reuse {
            // A stable sort: what is gone goes to the end.
            self.fields.sort_by_key(|field| field.removed.is_some());
            let place = |id| self.fields.iter().position(|field| field.id == id);
            for version in &mut self.versions {
                version.sort_by_key(|(field, _)| place(field.id));
            }
        }
        let mut source = format!("#[event(name = \"e\", version = {newest})]\n");
        let mut defaults = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let Some(removed) = field.removed else { continue };
            let Field { name, ty, .. } = field;
            write!(source, "#[event(removed({name}: {ty}, since = {removed}").ok();
            if let Some(added) = field.added {
                write!(source, ", added = {added}").ok();
                if random.one_in(2) {
                    write!(source, ", default = d{}", field.id).ok();
                } else {
                    defaults.push(field.id);
                }
            }
            match self.fields.iter().position(|field| field.removed.is_none()).filter(|_| !reuse) {
                Some(current) if current < at => write!(source, ", after = {}", self.fields[at - 1].name).unwrap(),
                Some(_) => write!(source, ", before = {}", self.fields[at + 1].name).unwrap(),
                None => {}
            }
            for change in &field.changes {
                write!(source, ", {change}").ok();
            }
            source.push_str("))]\n");
        }
        for (field, origin) in self.versions.iter_mut().flatten() {
            if defaults.contains(&field.id) && matches!(origin, Origin::Added(_)) {
                *origin = Origin::Default;
            }
        }
        source.push_str("struct E {\n");
        for Field { id, name, ty, added, changes, .. } in self.fields.iter().filter(|field| field.removed.is_none()) {
            let mut changes = changes.clone();
            changes.extend(added.map(|added| format!("added(default = d{id}, since = {added})")));
            // The order in which they are written says nothing.
            for at in (1..changes.len()).rev() {
                changes.swap(at, random.below(at + 1));
            }
            for change in changes {
                writeln!(source, "#[event({change})]").ok();
            }
            writeln!(source, "{name}: {ty},").ok();
        }
        source.push('}');
        source
    }
}
