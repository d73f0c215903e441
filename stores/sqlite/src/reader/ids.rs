//! What the table `journal_ids` has of an id.

/// How many positions a block has, whose ids are entered together. The schema and the query for commands know it too.
pub(crate) const BLOCK: u64 = 64;

/// A part of an id.
pub(crate) type IdPart = [u8; 8];

/// The part of an id that the table has, as the schema takes it from older events.
pub(crate) fn id_part(id: &[u8; 16]) -> IdPart {
    let [_, t1, t2, t3, t4, t5, .., r1, r2, r3] = *id;
    [t1, t2, t3, t4, t5, r1, r2, r3]
}
