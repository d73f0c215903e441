use std::time::{Duration, Instant};

use crate::folder::{Folder, figures, long_log};

#[test]
fn an_import_killed_at_any_moment_goes_on_and_the_figures_come_out_the_same() {
    const KILLS: u32 = 25;
    let folder = Folder::new();
    folder.write("whole.csv", long_log(12));
    folder.write("log.csv", long_log(12));
    let began = Instant::now();
    let expected = folder.ok("whole.csv");
    let whole = began.elapsed();

    let (mut killed, mut at_work) = (0, 0);
    for kill in 1..=KILLS {
        let mut run = folder.command("log.csv").spawn().unwrap();
        // At a moment that is another one each time, from the start to beyond what a share of the work takes.
        std::thread::sleep(whole * kill / (KILLS * 6) + Duration::from_millis(u64::from(kill) % 7));
        let ended = run.try_wait().unwrap().is_some();
        run.kill().unwrap();
        run.wait().unwrap();
        killed += u32::from(!ended);
        at_work += u32::from(!ended && folder.path("log.db").exists());
    }
    let rest = folder.run("log.csv");
    assert_eq!((rest.code, figures(&rest.out)), (Some(0), figures(&expected)));
    println!(
        "{KILLS} kills, {killed} of them before it had ended, {at_work} with the journal there; then: {}",
        rest.err
    );
    assert!(at_work > 0, "some were killed at work");
}
