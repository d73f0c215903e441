//! The journal and snapshots of `es-core` in one SQLite file.
