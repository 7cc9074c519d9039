//! The counts that `./x bench plan` prints and the tests check.

use std::collections::BTreeMap;

use super::broken::{Breakage, break_plan};
use super::oracle::Finding;
use super::random::Random;
use super::shapes::{self, Wiring};
use super::{exact, fewest, graphs, oracle, recordings};
use crate::plan::{Input, Options, plan};

/// How a comparison with the fewest barrier commands went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minimum {
    /// How many graphs were planned and searched.
    pub graphs: u32,
    /// The most that a plan had over the fewest.
    pub over_max: u32,
    /// How many plans had fewer than the search found, which means that one of the two is wrong.
    pub under: u32,
}

impl Minimum {
    fn add(&mut self, input: &Input) {
        let plan = plan(input, &Options::default()).expect("the generators make valid inputs");
        let (found, fewest) = (plan.barriers.len() as u32, fewest::fewest(input, &plan));
        self.graphs += 1;
        self.over_max = self.over_max.max(found.saturating_sub(fewest));
        self.under += u32::from(found < fewest);
    }
}

/// Compares the number of barrier commands with the fewest that there can be: every unlabelled directed acyclic graph of up
/// to `nodes` nodes, in both wirings.
pub fn minimum_of_dags(nodes: u32) -> Minimum {
    let mut minimum = Minimum::default();
    for count in 1..=nodes {
        for edges in shapes::unlabelled_dags(count) {
            minimum.add(&shapes::of_dag(count, &edges, Wiring::PerProducer));
            minimum.add(&shapes::of_dag(count, &edges, Wiring::PerEdge));
        }
    }
    minimum
}

/// The same for random graphs of 7 nodes with images, in-place writes and sub-resources.
pub fn minimum(cases: u32) -> Minimum {
    let mut minimum = Minimum::default();
    (0..cases).for_each(|seed| minimum.add(&graphs::random_of_seven(seed.into())));
    minimum
}

/// What the oracle found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hazards {
    /// How many graphs were planned, each without a seed and with one.
    pub graphs: u32,
    /// How many hazards there were.
    pub hazards: u32,
    /// The seed of the first graph with one, for a closer look.
    pub first: Option<u64>,
}

/// Looks for hazards in plans of random graphs of 2 to 200 nodes, with the fewest barriers and in a random order, with every
/// switch flipped between the frames.
pub fn hazards(graphs: u32) -> Hazards {
    let mut hazards = Hazards { graphs, ..Hazards::default() };
    for seed in 0..u64::from(graphs) {
        let findings = findings(seed);
        hazards.hazards += findings.len() as u32;
        if !findings.is_empty() {
            hazards.first.get_or_insert(seed);
        }
    }
    hazards
}

/// All that is wrong with the plans of one random graph.
pub fn findings(seed: u64) -> Vec<Finding> {
    let input = graphs::random(seed);
    let orders = [None, Some(seed), Some(!seed)];
    orders.into_iter().flat_map(|order| findings_of(&input, seed, order)).collect()
}

fn findings_of(input: &Input, seed: u64, order: Option<u64>) -> Vec<Finding> {
    let options = Options { seed: order, pieces: (seed % 4) as u32 };
    let plan = plan(input, &options).expect("the generators make valid inputs");
    let mut findings = exact::check(input, &plan);
    findings.extend(recordings::check(input, &plan));
    states(input, seed).iter().for_each(|states| findings.extend(oracle::run(input, &plan, states)));
    findings
}

/// How the oracle did with broken plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// How many plans were broken, for each way.
    pub tried: BTreeMap<Breakage, u32>,
    /// In how many of them the oracle found a hazard.
    pub caught: BTreeMap<Breakage, u32>,
    /// Those that it missed, as the seed of the graph and the way.
    pub missed: Vec<(u64, Breakage)>,
}

impl Broken {
    /// How many plans were broken.
    pub fn tried(&self) -> u32 {
        self.tried.values().sum()
    }

    /// How many of them were caught.
    pub fn caught(&self) -> u32 {
        self.caught.values().sum()
    }
}

/// Breaks the plans of random graphs, each in every way that applies, and shows them to the oracle.
pub fn broken(graphs: u32) -> Broken {
    let mut broken = Broken::default();
    for seed in 0..u64::from(graphs) {
        for (how, is_caught) in broken_of(seed) {
            *broken.tried.entry(how).or_default() += 1;
            *broken.caught.entry(how).or_default() += u32::from(is_caught);
            if !is_caught {
                broken.missed.push((seed, how));
            }
        }
    }
    broken
}

/// The ways in which the plan of one random graph was broken, and whether the oracle found a hazard.
pub fn broken_of(seed: u64) -> Vec<(Breakage, bool)> {
    let input = graphs::random(seed);
    let options = Options { seed: (seed % 2 == 1).then_some(seed), ..Options::default() };
    let plan = plan(&input, &options).expect("the generators make valid inputs");
    let mut random = Random::new(seed);
    let broken = Breakage::ALL.into_iter().filter_map(|how| Some((how, break_plan(&input, &plan, how, &mut random)?)));
    let is_caught = |plan| states(&input, seed).iter().any(|states| !oracle::run(&input, &plan, states).is_empty());
    broken.map(|(how, plan)| (how, is_caught(plan))).collect()
}

/// Switch positions frame by frame: all on, all off, all flipped in every frame, and random ones.
pub fn states(input: &Input, seed: u64) -> Vec<Vec<u32>> {
    let frames = oracle::frames(input);
    if input.switches == 0 {
        return vec![vec![0; frames]];
    }
    let mut random = Random::new(seed ^ 0x5eed);
    let flip = |first: u32| (0..frames).map(|frame| if frame % 2 == 0 { first } else { !first }).collect();
    let first = random.bits();
    vec![
        vec![0; frames],
        vec![u32::MAX; frames],
        flip(first),
        flip(!first),
        (0..frames).map(|_| random.bits()).collect(),
        vec![random.bits(); frames],
    ]
}
