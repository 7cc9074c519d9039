//! The crate outside of the workspace, built, tested and run as its author does.

use std::path::Path;
use std::process::Command;

#[test]
fn a_crate_of_somebody_elses_builds_and_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("custom-node");
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().expect("cargo's folder for tests lies in the target folder");
    // The workspace's profile, so that what the workspace has built of other crates serves here too.
    let mut profile = vec!["profile.dev.debug=\"line-tables-only\"".to_owned()];
    profile.push("profile.dev.package.\"*\".opt-level=2".to_owned());
    let ours = ["vixen", "vixen-macros", "vixen-spirv"];
    profile.extend(ours.map(|name| format!("profile.dev.package.{name}.opt-level=0")));
    // Its test proves that its frames allocate nothing.
    for verb in ["build", "test"] {
        let done = Command::new(env!("CARGO"))
            .current_dir(&folder)
            .args([verb, "--quiet", "--locked", "--target-dir"])
            .arg(target)
            .args(profile.iter().flat_map(|setting| ["--config", setting]))
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.is_empty(), "{said}\n{}", String::from_utf8_lossy(&done.stdout));
    }

    let picture = temporary.join("rings.ppm");
    let program = target.join("debug").join(format!("custom-node{}", std::env::consts::EXE_SUFFIX));
    let ran = Command::new(&program).arg(&picture).env("VIXEN_VALIDATION", "1").output().expect("it was just built");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && !said.contains("VUID") && !said.contains("SYNC-HAZARD"), "{said}");
    let ran = Command::new(program).arg(temporary.join("no-folder/rings.ppm")).output().expect("it was just built");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.code() == Some(2) && said.starts_with("error: cannot write ") && said.lines().count() == 1,
        "{said}"
    );
    let bytes = std::fs::read(picture).expect("it wrote a picture");
    let texels = bytes.strip_prefix(b"P6 320 200 255\n").expect("of this size").as_chunks::<3>().0;
    assert_eq!(texels.len(), 320 * 200);
    for (index, texel) in (0..).zip(texels) {
        let expected = expected((index % 320) as f32 + 0.5, (index / 320) as f32 + 0.5);
        let near = texel.iter().zip(expected).all(|(&is, should)| (f32::from(is) - should).abs() <= 2.0);
        assert!(near, "texel {index} is {texel:?}, not {expected:?}");
    }
}

/// What `rings.comp` does twice, from 0 to 255.
fn expected(x: f32, y: f32) -> [f32; 3] {
    let light = |[center_x, center_y]: [f32; 2], width: f32| {
        let distance = (x - 320.0 * center_x).hypot(y - 200.0 * center_y) / width;
        (-0.4 * distance.floor()).exp() * (1.0 - distance.fract())
    };
    let (first, second) = (light([0.35, 0.4], 16.0), light([0.7, 0.65], 24.0));
    let channel = |background: f32, color: f32| {
        let once = (background + first * color).min(1.0);
        255.0 * (once + second * color).min(1.0)
    };
    [channel(0.02, 0.8), channel(0.1, 0.7), channel(0.2, 0.4)]
}
