//! Plans by the thousand, against the oracle and against brute force. `./x bench plan` runs the full counts.

use vixen::plan::*;
use vixen::testing::broken::Breakage;
use vixen::testing::{campaign, fewest, graphs, oracle, shapes};

#[test]
fn every_small_graph_has_the_fewest_commands() {
    let count = |nodes| shapes::unlabelled_dags(nodes).len();
    assert_eq!((1..=6).map(count).collect::<Vec<_>>(), [1, 2, 6, 31, 302, 5984]);
    let minimum = campaign::minimum_of_dags(6);
    assert_eq!((minimum.graphs, minimum.over_max, minimum.under), (2 * 6326, 0, 0));
}

#[test]
fn random_graphs_of_seven_nodes_have_the_fewest_commands() {
    let minimum = campaign::minimum(20_000);
    assert_eq!((minimum.over_max, minimum.under), (0, 0));
}

#[test]
fn the_search_knows_what_the_frame_boundary_costs() {
    let count = |input: &Input| {
        let plan = plan(input, &Options::default()).expect("the input is valid");
        fewest::fewest(input, &plan)
    };
    assert_eq!(count(&shapes::chain(1)), 1);
    assert_eq!(count(&shapes::chain(4)), 3);
    assert_eq!(count(&shapes::layers_in_place(2, 3)), 3);
    assert_eq!(count(&shapes::layers_of_transients(2, 3)), 2);
}

/// No hazard in any of these, with the fewest barriers and in two random orders, and whatever the switches do.
fn assert_clean(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        assert_eq!(campaign::findings(seed), [], "seed {seed}");
    }
}

#[test]
fn random_graphs_have_no_hazards() {
    assert_clean(0..500);
}

#[test]
fn more_random_graphs_have_no_hazards() {
    assert_clean(500..1_050);
}

#[test]
fn every_broken_plan_is_caught() {
    let broken = campaign::broken(300);
    assert_eq!(broken.missed, []);
    let tried: Vec<Breakage> = broken.tried.keys().copied().collect();
    assert_eq!(tried, Breakage::ALL);
    assert!(broken.tried() > 4_000 && broken.caught() == broken.tried());
}

#[test]
fn a_seed_gives_one_plan_and_seeds_give_many() {
    let input = shapes::layers_of_transients(10, 3);
    let steps = |seed| plan(&input, &Options { seed, ..Options::default() }).expect("the input is valid").steps;
    assert_eq!(steps(Some(7)), steps(Some(7)));
    assert_ne!(steps(Some(7)), steps(Some(8)));
    assert_ne!(steps(Some(7)), steps(None));
}

#[test]
fn large_graphs_have_no_hazards() {
    for input in [shapes::chain(2_000), shapes::random_reads(2_000, 3), shapes::layers_in_place(10, 200)] {
        let plan = plan(&input, &Options::default()).expect("the input is valid");
        assert_eq!(oracle::run(&input, &plan, &[0; 3]), []);
    }
}

#[test]
fn the_oracle_sees_an_empty_plan_for_what_it_is() {
    let caught = (0..50).filter(|&seed| {
        let input = graphs::random(seed);
        let mut plan = plan(&input, &Options::default()).expect("the input is valid");
        plan.barriers.fill(0..0);
        let states = campaign::states(&input, seed);
        plan.dependencies.is_empty() || states.iter().any(|states| !oracle::run(&input, &plan, states).is_empty())
    });
    assert_eq!(caught.count(), 50);
}
