//! The demo as a user runs it: good input gives a picture and figures, bad input one clear line and exit code 2.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    folder
}

/// The demo, which keeps what it builds in the tests' folder.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")).env("VIXEN_VALIDATION", "1");
    command
}

/// Runs the demo without a display.
fn demo(args: &[&str]) -> Output {
    command().args(args).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().expect("cargo built the demo")
}

/// The one line that it said on failing.
fn complaint(args: &[&str]) -> String {
    let output = demo(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?} said: {said}");
    assert!(!said.contains("panicked"), "{args:?} said: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{args:?} said: {said}");
    said
}

#[test]
fn a_picture_and_its_figures() {
    let folder = folder("picture");
    let (picture, stats, drawing) = (folder.join("a.png"), folder.join("a.json"), folder.join("a.dot"));
    let paths = [&picture, &stats, &drawing].map(|path| path.to_str().expect("the path is UTF-8"));
    let output = demo(&[
        "--headless",
        "--resolution",
        "96",
        "--size",
        "160x90",
        "--frames",
        "6",
        "--out",
        paths[0],
        "--stats",
        paths[1],
        "--drawing",
        paths[2],
    ]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("VUID") && !said.contains("SYNC-HAZARD"), "the validation layer reported: {said}");

    let pixels = image::open(&picture).expect("the demo wrote a picture").to_rgb8();
    assert_eq!(pixels.dimensions(), (160, 90));
    let mut colors: Vec<_> = pixels.pixels().collect();
    colors.sort_by_key(|pixel| pixel.0);
    colors.dedup();
    assert!(colors.len() > 500, "a landscape has many colours, not {}", colors.len());

    let text = std::fs::read_to_string(&stats).expect("the demo wrote its figures");
    let figures: serde_json::Value = serde_json::from_str(&text).expect("the figures are JSON");
    assert_eq!(figures["frames"], 6);
    assert_eq!(figures["heap_allocations_max_per_frame"], 0);
    assert!(figures["voxels"].as_u64() > Some(10_000));
    assert!(figures["voxel_bytes"].as_u64() > Some(1000));
    assert!(figures["nodes"].as_u64() >= Some(4));
    assert!(figures["barrier_commands"].as_u64() >= Some(2));
    assert!(figures["device"].is_string());
    assert!(figures["cpu_us"]["median"].as_f64() > Some(0.0) && figures["cpu_us"]["p99"].as_f64() > Some(0.0));
    assert!(figures["gpu_ms"]["VoxelMarch"].as_f64() > Some(0.0), "{text}");
    assert!(std::fs::read_to_string(&drawing).expect("the demo drew its graph").starts_with("digraph"));
}

#[test]
fn a_second_start_skips_the_build() {
    let folder = folder("second");
    let cache = folder.join("cache");
    let _ = std::fs::remove_dir_all(&cache);
    let start = |picture: &Path| {
        let output = command()
            .args(["--headless", "--resolution", "64", "--size", "64x48", "--frames", "2", "--out"])
            .arg(picture)
            .env("XDG_CACHE_HOME", &cache)
            .output()
            .expect("cargo built the demo");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        (said, std::fs::read(picture).expect("the demo wrote a picture"))
    };
    let (first, built) = start(&folder.join("first.png"));
    let (second, kept) = start(&folder.join("second.png"));
    assert!(!first.contains("nothing was built") && second.contains("nothing was built"), "{first}{second}");
    let mut kinds = Vec::new();
    for file in std::fs::read_dir(cache.join("vixen")).expect("the cache is there") {
        let path = file.expect("it is there").path();
        let bytes = std::fs::read(&path).expect("it is there");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("the test's folder is writable");
        kinds.extend(path.file_name().map(|name| name.to_string_lossy().split('-').next().unwrap_or("").to_owned()));
    }
    kinds.sort();
    assert_eq!(kinds, ["pipelines", "voxels"]);
    let (third, rebuilt) = start(&folder.join("third.png"));
    assert_eq!(third.matches("is damaged").count(), 2, "{third}");
    assert_eq!(third.matches("built again").count(), 2, "{third}");
    assert!(built == kept && built == rebuilt, "the pictures are the same");
}

#[test]
fn bad_arguments() {
    assert!(complaint(&["--headless", "--resolution", "0"]).contains("resolution"));
    assert!(complaint(&["--headless", "--resolution", "100000"]).contains("8192"));
    assert!(complaint(&["--headless", "--device", "no such thing"]).contains("no device matches"));
    let huge = complaint(&["--headless", "--resolution", "32", "--size", "100000x8"]);
    assert!(huge.contains("100000") && huge.contains("maxImageDimension2D"), "{huge}");
    for (argument, value) in
        [("--size", "0x5"), ("--size", "5"), ("--frames", "0"), ("--resolution", "x"), ("--nosuch", "1")]
    {
        assert!(complaint(&[argument, value]).contains(argument), "{argument} {value}");
    }
}

#[test]
fn files_that_cannot_be_written() {
    // Said before anything is drawn, which may take long: there is no scene of that name.
    let folder = folder("unwritable");
    let folder = folder.to_str().expect("the path is UTF-8");
    for argument in ["--out", "--stats", "--memory", "--drawing"] {
        for file in ["/nowhere/a", folder] {
            let said = complaint(&["--headless", "--scene", "/no/such/file.vox", argument, file]);
            assert!(said.contains("cannot write") && said.contains(file), "{said}");
        }
    }
    for (argument, file, instead) in
        [("--out", "a.jpg", ".png"), ("--drawing", "a.svg", ".mmd"), ("--memory", "a.png", ".svg")]
    {
        let said = complaint(&["--headless", "--scene", "/no/such/file.vox", argument, file]);
        assert!(said.contains(file) && said.contains(instead), "{said}");
    }
    let twice = complaint(&["--headless", "--out", "a.png", "--stats", "a.png"]);
    assert!(twice.contains("a.png is to be written twice"), "{twice}");
}

#[test]
fn bad_scenes() {
    let folder = folder("scenes");
    let asset = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    let heightmap = std::fs::read(asset("jacksboro-dem.png")).expect("the heightmap is in the repository");
    let cases: [(&str, &[u8]); 6] = [
        ("empty.vox", b""),
        ("foreign.png", b"this is no picture at all"),
        ("truncated.png", &heightmap[..heightmap.len() / 2]),
        ("truncated.vox", b"VOX \x96\0\0\0MAIN\0\0\0\0"),
        ("truncated.glb", b"glTF\x02\0\0\0\xff\0\0\0"),
        ("empty.glb", b"glTF\x02\0\0\0\x0c\0\0\0"),
    ];
    for (name, bytes) in cases {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("the test's folder is writable");
        let said = complaint(&["--headless", "--scene", path.to_str().expect("the path is UTF-8")]);
        assert!(said.contains(name), "it names the file: {said}");
    }
    assert!(complaint(&["--headless", "--scene", "/no/such/file.vox"]).contains("/no/such/file.vox"));
}

#[test]
fn no_driver() {
    let output = command()
        .args(["--headless", "--resolution", "32"])
        .env("VK_DRIVER_FILES", "/nowhere.json")
        .env("VK_ICD_FILENAMES", "/nowhere.json")
        .output()
        .expect("cargo built the demo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no Vulkan driver was found"), "{said}");
}

#[test]
fn a_window() {
    assert!(std::env::var_os("DISPLAY").is_some(), "this test needs a display: `./x test` starts one (Xvfb)");
    let picture = folder("window").join("a.png");
    let output = command()
        .args(["--resolution", "64", "--size", "200x120", "--frames", "4", "--out"])
        .arg(&picture)
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("cargo built the demo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("VUID") && !said.contains("SYNC-HAZARD"), "the validation layer reported: {said}");
    assert!(image::open(&picture).expect("the demo wrote a picture").to_rgb8().dimensions().0 > 0);
}
