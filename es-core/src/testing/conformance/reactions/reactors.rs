//! T6: reactors.

use std::time::Duration;

use super::super::given::{Random, seed};
use super::super::harness::{did, soak};
use super::super::read_store::ReadHarness;
use super::super::read_store::model::{Added, Sum, add, filled};
use crate::aggregate::{Command, CommandData, CommandOf};
use crate::event::Recorded;
use crate::journal::{Journal, MemoryStore};
use crate::model::CommandModel;
use crate::projection::OfAggregate;
use crate::reaction::{
    Commands, React, Reacted, ReactedBy, Reaction, ReactionStore, Reactions, Reactor, ReactorError, SentBy, Targets,
    Timer,
};
use crate::repository::Repository;
use crate::snapshot::SnapshotStore;

impl Command for Added {
    const MODEL: CommandModel = CommandModel::new("Add", "", &[]);
    const DATA: CommandData<Self> = CommandData::new();
}

impl CommandOf<Sum> for Added {}

/// Adds to the mirror of a stream what was added to it: at once, and a moment later once more.
struct Mirror;

impl ReactedBy<Mirror> for Added {}
impl SentBy<Mirror> for Sum {}

const MIRROR: &str = "mirror of ";

impl Reaction for Mirror {
    const NAME: &'static str = "mirror";
    const CHECKPOINT: &'static str = "reaction@mirror";

    fn reactions() -> Reactions<Self> {
        let mut reactions = Reactions::new();
        let (react, wake) = (<Self as React<Added>>::boxed, <Self as React<Added>>::boxed_wake);
        <Added as OfAggregate<Sum>>::route_reaction(&mut reactions, react, wake);
        reactions
    }

    fn targets<J: Journal + SnapshotStore + Clone>(journal: &J, targets: &Targets) {
        targets.add::<Sum, J>(journal);
    }
}

impl React<Added> for Mirror {
    async fn react(&self, recorded: &Recorded<Added>, commands: &mut Commands<Self>) -> Reacted {
        if !recorded.stream.id().starts_with(MIRROR) {
            let mirror = format!("{MIRROR}{}", recorded.stream.id());
            commands.send(mirror, recorded.event.clone()).await?;
            commands.after(Duration::from_micros(1), recorded.version.to_string());
        }
        Ok(())
    }

    async fn wake(&self, recorded: &Recorded<Added>, _: &Timer, commands: &mut Commands<Self>) -> Reacted {
        let mirror = format!("{MIRROR}{}", recorded.stream.id());
        commands.send(mirror, recorded.event.clone()).await?;
        Ok(())
    }
}

pub(super) async fn t6_each_command_takes_effect_once_though_reactors_end_at_any_moment<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let events = 300;
    let journal: MemoryStore = filled(events).await;
    let seed = seed();
    let mut random = Random::new(seed);
    let ends = if soak() { 2_000 } else { 100 };
    for round in 0..ends {
        let reactor = Reactor::from_start(&journal, &store, Mirror);
        // A task that is aborted drops its reactor wherever it waits; the transaction in hand goes on to its end.
        let task = tokio::spawn(reactor.run());
        tokio::time::sleep(Duration::from_micros(random.below(5_000))).await;
        task.abort();
        drop(task.await);
        if round % 10 == 0 {
            add(&journal, "alice", round).await;
        }
    }
    // The transaction of the last one may still be on the way to its end, and holds the lease until then.
    while let Err(error) = Reactor::from_start(&journal, &store, Mirror).run_until_idle().await {
        assert!(matches!(error, ReactorError::Held { .. }), "{error}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sums = Repository::<Sum, _>::new(&journal);
    let mut commands = 0;
    for stream in ["alice", "bob", "carol"] {
        let given = sums.history(stream.to_owned()).await.expect("the events are there");
        let mirror = sums.history(format!("{MIRROR}{stream}")).await.expect("the events are there");
        for recorded in &given {
            let cause = Some(recorded.id.into());
            let caused: Vec<_> = mirror.iter().filter(|mirrored| mirrored.metadata.causation_id == cause).collect();
            assert_eq!(caused.len(), 2, "{stream}, event {}, seed {seed}", recorded.version);
            assert!(caused.iter().all(|mirrored| mirrored.event == recorded.event), "seed {seed}");
        }
        assert_eq!(mirror.len(), 2 * given.len(), "seed {seed}");
        commands += mirror.len();
    }
    did(format_args!("{ends} reactors ended, {commands} commands, seed {seed}"));
}
