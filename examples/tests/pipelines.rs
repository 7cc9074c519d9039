//! The demo's pipelines, and the examples that draw, run as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file in a folder of this test's own.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pipelines");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder.join(name)
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program starts")
}

/// A picture's colours, without alpha.
fn picture(path: &Path) -> Vec<[u8; 3]> {
    let image = image::open(path).expect("a picture was written").into_rgb8();
    image.pixels().map(|pixel| pixel.0).collect()
}

/// Fails unless the program said one line and ended with code 2.
fn assert_refused(output: &Output, words: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(words) && message.trim_end().lines().count() == 1, "{message}");
}

#[test]
fn all_pipelines_and_structures_draw_the_same() {
    let demo = env!("CARGO_BIN_EXE_demo");
    let draw = |option: &str, choice: &str| {
        let out = file(&format!("{choice}.png"));
        let size = ["--headless", "--resolution", "96", "--size", "160x90", "--frames", "2"];
        let arguments = [&size[..], &[option, choice, "--out", out.to_str().expect("the path is text")]].concat();
        let output = run(demo, &arguments);
        assert!(output.status.success(), "{choice}: {}", String::from_utf8_lossy(&output.stderr));
        picture(&out)
    };
    let compute = draw("--pipeline", "compute");
    let others = ["fragment", "rt", "hybrid", "auto"].map(|pipeline| ("--pipeline", pipeline));
    let structures = ["brick", "tree64", "esvo"].map(|structure| ("--structure", structure));
    for (option, choice) in others.into_iter().chain(structures) {
        let other = draw(option, choice);
        let differ = |(a, b): &(&[u8; 3], &[u8; 3])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 2);
        let differing = compute.iter().zip(&other).filter(differ).count();
        assert!(differing * 1000 <= compute.len(), "{choice}: {differing} pixels are not as compute draws them");
    }
    assert_refused(&run(demo, &["--headless", "--pipeline", "rt", "--structure", "esvo"]), "--structure");
}

#[test]
fn a_streamed_scene_becomes_whole() {
    let demo = env!("CARGO_BIN_EXE_demo");
    let draw = |structure: &str, frames: &str| {
        let out = file(&format!("streamed-{structure}.png"));
        let size = ["--headless", "--resolution", "96", "--size", "160x90", "--no-antialiasing", "--frames", frames];
        let arguments = ["--structure", structure, "--out", out.to_str().expect("the path is text")];
        let output = run(demo, &[&size[..], &arguments].concat());
        assert!(output.status.success(), "{structure}: {}", String::from_utf8_lossy(&output.stderr));
        picture(&out)
    };
    let whole = draw("brick", "2");
    assert!(draw("streamed", "1") != whole && draw("streamed", "12") == whole);
    let small = ["--headless", "--resolution", "96", "--structure", "streamed", "--stream-budget", "1KiB"];
    assert_refused(&run(demo, &small), "1024 bytes is too small to stream");
    assert_refused(&run(demo, &["--headless", "--stream-budget", "1MiB"]), "--structure streamed");
}

#[test]
fn a_device_that_cannot_trace_rays_is_refused_or_served_by_compute() {
    let demo = env!("CARGO_BIN_EXE_demo");
    let small = ["--headless", "--resolution", "64", "--size", "64x48", "--frames", "1"];
    for feature in ["accelerationStructure", "rayTracingPipeline"] {
        let out = file(&format!("without-{feature}.png"));
        let draw = |pipeline: &str| {
            let more = ["--without", feature, "--pipeline", pipeline, "--out", out.to_str().expect("the path is text")];
            run(demo, &[&small[..], &more].concat())
        };
        for pipeline in ["rt", "hybrid"] {
            assert_refused(&draw(pipeline), &format!("lacks the feature {feature}: choose another device"));
        }
        let output = draw("auto");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("the pipeline for this device is compute\n"), "{said}");
        assert_eq!(picture(&out).len(), 64 * 48);
    }
    let unknown = run(demo, &[&small[..], &["--without", "rays"]].concat());
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn an_edited_scene_shows_its_edits() {
    let out = file("edit.png");
    let mountains = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jacksboro-dem.png");
    let output = run(env!("CARGO_BIN_EXE_edit"), &[mountains, out.to_str().expect("the path is text")]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" 0 stalls"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let pixels = picture(&out);
    let is_red = |[red, green, blue]: &&[u8; 3]| 2 * u32::from(*red) > 3 * u32::from(*green.max(blue));
    let red = pixels.iter().filter(is_red).count();
    assert!(red > pixels.len() / 100, "only {red} pixels show what was put up");
    assert_refused(&run(env!("CARGO_BIN_EXE_edit"), &["no-such-file.png"]), "no-such-file.png");
}

#[test]
fn examples_draw_a_mesh_and_refuse_what_is_none() {
    for program in [env!("CARGO_BIN_EXE_mesh"), env!("CARGO_BIN_EXE_instances")] {
        let name = Path::new(program).file_name().expect("a program has a name").to_string_lossy().into_owned();
        let out = file(&format!("{name}.png"));
        let knot = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/knot.glb");
        let output = run(program, &[knot, out.to_str().expect("the path is text")]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        // Colours of every kind, and the background in the corner.
        let pixels = picture(&out);
        for channel in 0..3 {
            let most = |pixel: &&[u8; 3]| (0..3).all(|other| pixel[other] <= pixel[channel]);
            let count = pixels.iter().filter(most).count();
            assert!(count > pixels.len() / 200, "{name}: only {count} pixels have most of channel {channel}");
        }
        assert_refused(&run(program, &["no-such-file.glb"]), "no-such-file.glb");
        assert_refused(&run(program, &[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]), "Cargo.toml");
    }
}
