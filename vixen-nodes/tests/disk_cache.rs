//! Scenes that are kept on disk: found again, and never trusted.

mod drawn;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Once};
use std::thread;

use drawn::Drawn;
use glam::IVec3;
use vixen::testing::random::Random;
use vixen::testing::{damage, serial};
use vixen::{Device, DeviceOptions};
use vixen_nodes::VoxelScene;
use vixen_nodes::cacher::{
    Damage, DiskCache, DiskKey, PipelinesError, VoxelSceneCacher, Workers, keep_pipelines, load_pipelines,
};
use vixen_nodes::voxel::{Origin, Scene, SceneKey, SceneKind};

const RESOLUTION: u32 = 40;

fn heightmap() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/assets/jacksboro-dem.png")
}

/// A small model as a MagicaVoxel file: quick to load, so that much can be tried.
fn model() -> PathBuf {
    static WRITTEN: Once = Once::new();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk_cache.vox");
    WRITTEN.call_once(|| {
        let solid = (0..24u8).flat_map(|z| (0..24u8).flat_map(move |y| (0..24u8).map(move |x| [x, y, z])));
        let solid = solid.filter(|&[x, y, z]| z < 6 || (x / 4 + y / 5) % 3 == 0 && z < 18);
        let voxels: Vec<u8> = solid.flat_map(|[x, y, z]| [x, y, z, 1 + (x ^ y) % 40]).collect();
        let count = (voxels.len() as u32 / 4).to_le_bytes();
        let chunk = |name: &[u8; 4], content: &[u8]| {
            [name, &(content.len() as u32).to_le_bytes()[..], &[0; 4], content].concat()
        };
        let size = chunk(b"SIZE", &[24, 0, 0, 0].repeat(3));
        let inner = [size, chunk(b"XYZI", &[&count[..], &voxels].concat())].concat();
        let main = [&b"MAIN\0\0\0\0"[..], &(inner.len() as u32).to_le_bytes(), &inner].concat();
        fs::write(&path, [&b"VOX \x96\0\0\0"[..], &main].concat()).expect("cargo's folder for tests is writable");
    });
    path
}

fn model_key() -> SceneKey {
    SceneKey::new(&fs::read(model()).expect("it was written"), RESOLUTION)
}

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk_cache").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    folder
}

fn open(disk: &DiskCache) -> (Scene, Origin) {
    Scene::open_kept(&model(), RESOLUTION, Some(disk), &|_| {}).expect("the model is fine")
}

/// Opens, and expects that it was built for want of an intact file.
fn open_damaged(disk: &DiskCache) -> (Scene, Damage) {
    match open(disk) {
        (scene, Origin::Built { damage: Some(damage), not_kept: None }) => (scene, damage),
        (_, origin) => panic!("the damage went unnoticed: {origin:?}"),
    }
}

fn the_file(folder: &Path) -> PathBuf {
    let files: Vec<_> =
        fs::read_dir(folder).expect("it is there").map(|file| file.expect("it is there").path()).collect();
    assert_eq!(files.len(), 1, "one file, and nothing unfinished: {files:?}");
    files[0].clone()
}

#[test]
fn a_second_start_builds_nothing() {
    let folder = folder("second");
    let disk = DiskCache::at(&folder);
    let (built, origin) = open(&disk);
    assert!(matches!(origin, Origin::Built { damage: None, not_kept: None }), "{origin:?}");
    let (kept, origin) = open(&disk);
    assert!(
        matches!(origin, Origin::Kept) && origin.message().is_some_and(|line| line.contains("nothing was built")),
        "{origin:?}"
    );
    assert!(kept.map == built.map && (&kept.name, kept.kind) == (&built.name, built.kind));

    // The content counts, not the name; and the resolution counts.
    let copy = folder.join("copy.vox");
    fs::copy(model(), &copy).expect("the test's folder is writable");
    let (copied, origin) = Scene::open_kept(&copy, RESOLUTION, Some(&disk), &|_| {}).expect("it is a copy");
    assert!(matches!(origin, Origin::Kept) && copied.name == "copy.vox" && copied.map == built.map);
    for (resolution, is_kept) in [(20, false), (21, false), (20, true)] {
        let (scene, origin) =
            Scene::open_kept(&heightmap(), resolution, Some(&disk), &|_| {}).expect("it is in the repository");
        assert_eq!(matches!(origin, Origin::Kept), is_kept, "{origin:?}");
        assert_eq!((scene.map.size.max_element(), scene.kind), (resolution, SceneKind::Terrain));
    }
}

#[test]
fn made_up_scenes_are_kept_too() {
    let disk = DiskCache::at(folder("made_up"));
    let open = |name: &str| {
        let scene = name.parse().expect("there is such a scene");
        Scene::procedural_kept(scene, Some(&disk), &|_| {}).expect("it can be built")
    };
    for name in ["cornell:32", "noise:32", "noise:48", "noise:32:2"] {
        let (built, origin) = open(name);
        assert!(matches!(origin, Origin::Built { damage: None, not_kept: None }), "{name}: {origin:?}");
        let (kept, origin) = open(name);
        assert!(matches!(origin, Origin::Kept), "{name}: {origin:?}");
        assert!(kept.map == built.map && (&kept.name, kept.kind) == (&built.name, built.kind), "{name}");
    }
}

#[test]
fn unfinished_files_of_another_process_with_the_same_number_are_left_alone() {
    let folder = folder("same_number");
    let disk = DiskCache::at(&folder);
    open(&disk);
    let file = the_file(&folder);
    fs::remove_file(&file).expect("it was just written");
    let others: Vec<_> = (0..1000).map(|n| file.with_extension(format!("{}.{n}.tmp", std::process::id()))).collect();
    others.iter().for_each(|other| fs::write(other, "unfinished").expect("the test's folder is writable"));
    let (_, origin) = open(&disk);
    assert!(matches!(origin, Origin::Built { damage: None, not_kept: None }), "{origin:?}");
    assert!(file.exists() && others.iter().all(|other| other.exists()));
}

#[test]
fn each_kind_of_damage_is_noticed_once() {
    let folder = folder("damage");
    let disk = DiskCache::at(&folder);
    let truth = open(&disk).0;
    let path = the_file(&folder);
    let good = fs::read(&path).expect("it was just written");
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases: [(&str, Vec<u8>); 9] = [
        ("empty", vec![]),
        ("none of Vixen's", b"some other file that is long enough to be one of these".to_vec()),
        ("another version of Vixen", changed(8)),
        ("header", changed(12)),
        ("header", changed(40)),
        ("no sense", [&good[..20], &[0xFF; 100]].concat()),
        ("ends too early", good[..50].to_vec()),
        ("as long as it should be", good[..good.len() - 1].to_vec()),
        ("content was changed", changed(good.len() - 1)),
    ];
    for (says, bytes) in cases {
        fs::write(&path, &bytes).expect("the test's folder is writable");
        let (scene, damage) = open_damaged(&disk);
        let said = damage.to_string();
        let name = path.to_str().expect("the path is UTF-8");
        assert!(
            (says == "empty" || said.contains(says)) && said.contains(name) && said.contains("built again"),
            "{said}"
        );
        assert!(scene.map == truth.map);
        assert!(matches!(open(&disk).1, Origin::Kept), "after {says} the file is good again");
    }
    // Whole files, but of another key or version of content.
    let (other, key) = (DiskCache::at(folder.join("other")), SceneKey::new(b"another", RESOLUTION));
    let model = model_key();
    let newer = DiskKey { version: model.on_disk().version + 1, ..model.on_disk() };
    for (key, says) in [(key.on_disk(), "another key"), (newer, "another version")] {
        other.store(&key, &[b"content"]).expect("the folder is writable");
        fs::rename(other.path(&key), &path).expect("the folder is writable");
        assert!(open_damaged(&disk).1.to_string().contains(says));
    }
}

#[test]
fn random_corruptions_are_noticed() {
    let folder = folder("random");
    let disk = DiskCache::at(&folder);
    let truth = open(&disk).0;
    let path = the_file(&folder);
    let good = fs::read(&path).expect("it was just written");
    let mut random = Random::new(4);
    // `./x bench cachers` tries 10,000.
    for number in 0..1000 {
        let mut bytes = good.clone();
        damage(&mut bytes, &mut random);
        if bytes == good {
            continue;
        }
        fs::write(&path, &bytes).expect("the test's folder is writable");
        let (scene, _) = open_damaged(&disk);
        assert!(scene.map == truth.map, "corruption {number}");
    }
}

#[test]
fn forged_structures_lead_nowhere() {
    let folder = folder("forged");
    let disk = DiskCache::at(&folder);
    open(&disk);
    let key = model_key();
    let key = key.on_disk();
    let mut stored = disk.load(&key).expect("it is intact").expect("it is there");
    let good: [Vec<u8>; 6] = std::array::from_fn(|_| stored.section().expect("it is intact"));
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    let (mut random, mut accepted, mut refused) = (Random::new(5), 0, 0);
    for _ in 0..400 {
        let mut sections = good.clone();
        for _ in 0..=random.below(3) {
            let section = &mut sections[random.below(6) as usize];
            let at = 4 * random.below(section.len() as u32 / 4) as usize;
            match random.below(4) {
                0 => section[at..at + 4].fill(0xFF),
                1 => section[at..at + 4].copy_from_slice(&(random.bits() >> random.below(32)).to_le_bytes()),
                2 => section[at] ^= 1 << random.below(8),
                _ => drop(section.drain(at..at + 4)),
            }
        }
        let sections = sections.each_ref().map(|section| &section[..]);
        disk.store(&key, &sections).expect("the folder is writable");
        let (scene, origin) = open(&disk);
        let Origin::Kept = origin else {
            refused += 1;
            continue;
        };
        // Its checksums are right and its structure is one: another scene, but a scene.
        accepted += 1;
        let size = scene.map.size.as_ivec3();
        let mut solid = 0;
        for z in 0..size.z {
            for (x, y) in (0..size.x).flat_map(|x| (0..size.y).map(move |y| (x, y))) {
                solid += u64::from(scene.map.get(IVec3::new(x, y, z)).is_some());
            }
        }
        assert!(solid <= scene.map.solid_voxels, "cells may leave the scene, but none come in");
        if accepted % 8 == 0 {
            let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
            let mut drawn = Drawn::compile(&device, &scene, &voxels, [32, 24]).expect("the graph is valid");
            assert_eq!(drawn.picture(1).expect("the frame runs").len(), 32 * 24 * 4);
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 20 && refused > 100, "{accepted} accepted, {refused} refused");
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}

#[test]
fn a_folder_that_cannot_be_used_is_no_error() {
    let folder = folder("unusable");
    let file = folder.join("file");
    fs::write(&file, b"not a folder").expect("the test's folder is writable");
    let (scene, origin) = open(&DiskCache::at(&file));
    assert!(matches!(origin, Origin::Built { not_kept: Some(_), .. }) && scene.map.solid_voxels > 0, "{origin:?}");
    assert!(origin.message().is_some_and(|line| line.contains("cannot be kept")), "{origin:?}");

    // Something else in the file's place: a folder, and a pipe to which nobody writes.
    let disk = DiskCache::at(folder.join("cache"));
    open(&disk);
    let path = the_file(&folder.join("cache"));
    fs::remove_file(&path).expect("the folder is writable");
    fs::create_dir_all(path.join("inside")).expect("the folder is writable");
    let (_, origin) = open(&disk);
    assert!(matches!(origin, Origin::Built { damage: Some(Damage::Foreign { .. }), not_kept: Some(_) }), "{origin:?}");
    fs::remove_dir_all(&path).expect("the folder is writable");
    if Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()) {
        assert!(matches!(open_damaged(&disk).1, Damage::Foreign { .. }));
        assert!(matches!(open(&disk).1, Origin::Kept), "the pipe gave way to a file");
    }
}

#[test]
fn old_files_leave_beyond_the_limit() {
    let folder = folder("limit");
    let disk = DiskCache::at(&folder).with_limit(3500);
    let keys = [b"a", b"b", b"c", b"d"];
    let key = |key: &'static [u8; 1]| DiskKey { kind: "test", version: 1, key };
    for name in keys {
        disk.store(&key(name), &[&[7; 1000]]).expect("the folder is writable");
        // Files that are written at once may have one time.
        thread::sleep(std::time::Duration::from_millis(20));
        assert!(disk.load(&key(b"a")).expect("it is intact").is_some(), "what is used stays");
        thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(keys.map(|name| disk.load(&key(name)).expect("it is intact").is_some()), [true, false, true, true]);
}

#[test]
fn readers_see_one_version_or_the_other() {
    let disk = DiskCache::at(folder("concurrent"));
    let key = DiskKey { kind: "test", version: 1, key: b"key" };
    thread::scope(|scope| {
        for number in 0..2u8 {
            let (disk, key) = (&disk, &key);
            scope.spawn(move || (0..100).for_each(|_| disk.store(key, &[&[number; 50_000]]).expect("it is writable")));
            scope.spawn(move || {
                let mut seen = 0;
                while seen < 100 {
                    let Some(mut stored) = disk.load(key).expect("a file is whole") else { continue };
                    let bytes: Vec<u8> = stored.section().expect("a file is whole");
                    assert!(bytes.len() == 50_000 && bytes.iter().all(|byte| *byte == bytes[0]));
                    seen += 1;
                }
            });
        }
    });
}

#[test]
fn a_cacher_of_scenes_uses_it() {
    let folder = folder("cacher");
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    let copy = folder.join("copy.png");
    fs::copy(heightmap(), &copy).expect("the test's folder is writable");
    for run in 0..2 {
        let scenes = Arc::new(VoxelSceneCacher::new(&device, Some(DiskCache::at(folder.join("cache")))));
        let workers = Workers::default();
        let requested = scenes.request(&workers, &heightmap(), RESOLUTION);
        let first = requested.wait().expect("the workers live").expect("the scene is small");
        let second = scenes.open(&copy, RESOLUTION, &|_| {}).expect("it is a copy");
        assert!(Arc::ptr_eq(&first, &second), "files of one content are one scene");
        assert_eq!(matches!(first.origin, Origin::Kept), run == 1, "{:?}", first.origin);
        let (core, small) = (scenes.scenes(), scenes.open(&copy, 20, &|_| {}).expect("the scene is small"));
        assert_eq!((core.statistics().entries, core.statistics().misses), (2, 2));
        assert_eq!(core.statistics().bytes, first.voxels.bytes() + small.voxels.bytes());

        // A graph that draws one keeps it. Without another byte to spare, the other makes room for what is new.
        let drawn = Drawn::compile(&device, &small.scene, &small.voxels, [32, 24]).expect("the graph is valid");
        drop((first, second, small));
        device.budget().set_limit(device.budget().usage().in_use);
        let third = scenes.open(&copy, 10, &|_| {}).map(|scene| scene.scene.map.solid_voxels);
        device.budget().set_limit(u64::MAX);
        assert!(
            third.as_ref().is_ok_and(|voxels| *voxels > 0) && core.statistics().evictions == 1,
            "{third:?} {:?}",
            core.statistics()
        );
        drop(drawn);
        assert!(core.evict(u64::MAX) > 0 && core.statistics().entries == 0);
    }
    assert_eq!((device.budget().usage().in_use, device.validation_messages()), (0, vec![]));
}

#[test]
fn pipelines_are_kept_for_the_same_device_and_driver() {
    let folder = folder("pipelines");
    let disk = DiskCache::at(&folder);
    let scene = drawn::scene(1);
    let start = || {
        serial();
        let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
            .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
        let loaded = load_pipelines(&device, &disk);
        let voxels = VoxelScene::upload(&device, &scene.map).expect("the scene is small");
        let mut drawn = Drawn::compile(&device, &scene, &voxels, [32, 24]).expect("the graph is valid");
        let picture = drawn.picture(1).expect("the frame runs");
        let kept = keep_pipelines(&device, &disk).expect("the folder is writable");
        drop((drawn, voxels));
        assert_eq!(device.validation_messages(), Vec::<String>::new());
        (loaded, kept, picture)
    };
    let (loaded, kept, picture) = start();
    assert!(matches!(loaded, Ok(0)) && kept >= 32, "{loaded:?}, {kept} bytes");
    let (loaded, again, same_picture) = start();
    assert!(matches!(loaded, Ok(bytes) if bytes == kept) && again >= kept, "{loaded:?}, {kept} and {again} bytes");
    assert_eq!(picture, same_picture);

    let path = the_file(&folder);
    let good = fs::read(&path).expect("it was just written");
    let mut random = Random::new(6);
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    for number in 0..300 {
        let mut bytes = good.clone();
        damage(&mut bytes, &mut random);
        if bytes != good {
            fs::write(&path, &bytes).expect("the test's folder is writable");
            let loaded = load_pipelines(&device, &disk);
            assert!(matches!(loaded, Err(PipelinesError::Damage(_))), "corruption {number}: {loaded:?}");
        }
    }
    // Intact, and yet of another device: the driver never sees it.
    let device_key = device.pipeline_cache_key();
    let key = DiskKey { kind: "pipelines", version: 1, key: &device_key };
    for foreign in [&[][..], &[0; 31], &[1; 200]] {
        disk.store(&key, &[foreign]).expect("the folder is writable");
        let loaded = load_pipelines(&device, &disk).expect_err("it is foreign").to_string();
        assert!(loaded.contains("not of this device"), "{loaded}");
    }
    let (loaded, ..) = start();
    assert!(matches!(loaded, Err(PipelinesError::Damage(_))));
    assert!(matches!(start().0, Ok(bytes) if bytes > 0), "what was damaged was kept anew");
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
