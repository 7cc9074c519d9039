//! What figures should be, and what is found by comparing them.

use std::thread;

use vixen_nodes::{RayKind, Structure};

use super::figure::Figure;
use super::results::{Entry, Place, Results};
use super::subjects::Like;
use super::work::{Through, Work};
use crate::report::Goal;

/// Speed of the brick map beside the other structures, which took turns with it.
pub fn compare(works: &[Work], place: &Place, results: &mut Results) {
    let of = |structure| {
        let mut marches = works.iter().filter(|work| work.through == Through::Compute && work.traces(RayKind::Primary));
        marches.find(|work| work.structure == structure)
    };
    let Some(brick) = of(Structure::BrickMap) else { return };
    let others = [(Structure::Tree64, "speed_over_tree64", 1.2), (Structure::Esvo, "speed_over_esvo", 1.5)];
    for (other, metric, least) in others {
        if let Some(other) = of(other) {
            let place = place_of(place);
            results.add(&place, metric, "ratio", brick.faster_than(other));
            set_goal(results, Goal::AtLeast(least));
        }
    }
    let iterations = |structure| {
        let here = |entry: &&Entry| {
            entry.metric == "iterations_per_ray"
                && entry.place.structure == Some(structure)
                && entry.place.scene == place.scene
                && entry.place.size == place.size
                && entry.place.resolution == place.resolution
        };
        results.entries.iter().find(here).map(|entry| entry.figure.median)
    };
    if let (Some(own), Some(other)) = (iterations(Structure::BrickMap), iterations(Structure::Tree64)) {
        results.add(&place_of(place), "iterations_over_tree64", "ratio", Figure::exact(own / other));
        set_goal(results, Goal::AtMost(1.0));
    }
}

/// The brick map's march, there.
fn place_of(place: &Place) -> Place {
    Place { pipeline: Some(Through::Compute), structure: Some(Structure::BrickMap), ..place.clone() }
}

fn set_goal(results: &mut Results, goal: Goal) {
    if let Some(last) = results.entries.last_mut() {
        last.goal = Some(goal);
    }
}

/// Sets the goals of all figures that have one; `gpu` says whether speed counts.
pub fn judge(results: &mut Results, gpu: bool) {
    let two_cores = thread::available_parallelism().is_ok_and(|threads| threads.get() <= 2);
    for entry in results.entries.iter_mut().filter(|entry| entry.goal.is_none()) {
        entry.goal = goal_of(entry, gpu, two_cores);
    }
    if gpu {
        best_pipelines(results);
    }
}

fn goal_of(entry: &Entry, gpu: bool, two_cores: bool) -> Option<Goal> {
    const HUGE: u64 = 100_000_000;
    let place = &entry.place;
    let march = place.pipeline == Some(Through::Compute) && place.structure == Some(Structure::BrickMap);
    let at_4k = gpu && march && place.solid_voxels >= HUGE && place.resolution == Some([3840, 2160]);
    match entry.metric {
        "primary_grays_per_s" | "primary_grays_per_s_of_frames" if at_4k => Some(Goal::AtLeast(10.0)),
        "bounce_grays_per_s" | "bounce_grays_per_s_of_frames" if at_4k => Some(Goal::AtLeast(6.0)),
        "geometry_bytes_per_voxel" if place.structure == Some(Structure::BrickMap) => match place.like {
            Like::Surface => Some(Goal::AtMost(0.6)),
            Like::Terrain if place.solid_voxels >= HUGE => Some(Goal::AtMost(0.15)),
            _ => None,
        },
        "stream_stalls" | "stream_stalls_with_a_tenth" | "build_buffers_unlike_cpu" => Some(Goal::AtMost(0.0)),
        "build_peak_over_result" if place.like == Like::Surface && place.size >= 4096 => Some(Goal::AtMost(4.0)),
        // Less is over before all threads have begun.
        "build_mvoxels_per_s" if place.solid_voxels >= 1_000_000 => match place.builder {
            Some("cpu") if two_cores => Some(Goal::AtLeast(50.0)),
            Some("gpu") if gpu => Some(Goal::AtLeast(1000.0)),
            _ => None,
        },
        _ => None,
    }
}

/// The fastest pipeline of each made-up scene at the size and resolution by which others are known.
fn best_pipelines(results: &mut Results) {
    let known = |entry: &&Entry| {
        let place = &entry.place;
        entry.metric == "primary_grays_per_s"
            && place.like == Like::MadeUp
            && place.structure == Some(Structure::BrickMap)
            && (place.size, place.resolution) == (256, Some([1920, 1080]))
    };
    let mut best: Vec<(Place, Figure)> = Vec::new();
    for entry in results.entries.iter().filter(known) {
        match best.iter_mut().find(|(place, _)| place.scene == entry.place.scene) {
            Some((_, figure)) if figure.median >= entry.figure.median => {}
            Some(slot) => *slot = (entry.place.clone(), entry.figure),
            None => best.push((entry.place.clone(), entry.figure)),
        }
    }
    for (place, figure) in best {
        results.add(&place, "best_primary_grays_per_s", "Grays/s", figure);
        set_goal(results, Goal::AtLeast(5.7));
    }
}
