//! Two devices have nothing to do with each other's memory. Two software drivers stand for two GPUs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use vixen::ash::vk;
use vixen::device::{DeviceError, Select};
use vixen::graph::CompileError;
use vixen::memory::{
    BufferDesc, Category, Location, MemoryError, ScatterPolicy, StagingPool, Uploader, UploaderOptions, upload_buffer,
};
use vixen::{Device, DeviceOptions, Graph};

use crate::storage;

/// Set for the process that the test starts, whose loader finds two drivers.
const CHILD: &str = "VIXEN_TEST_TWO_DEVICES";

#[test]
fn two_devices_share_no_budget() {
    if std::env::var_os(CHILD).is_some() {
        return two_devices();
    }
    let Some(driver) = software_driver() else {
        assert!(std::env::var_os("VIXEN_REQUIRE_ALL").is_none(), "there is no lvp_icd*.json");
        return println!("skipped: there is no software driver to use twice");
    };
    // The same driver under another name.
    let second = std::env::temp_dir().join(format!("vixen-second-driver-{}.json", std::process::id()));
    std::fs::copy(&driver, &second).expect("the temporary folder can be written to");
    let drivers = std::env::join_paths([&driver, &second]).expect("paths have no colons here");
    let child = Command::new(std::env::current_exe().expect("a test knows its own path"))
        .args(["--exact", "devices::two_devices_share_no_budget", "--nocapture"])
        .env(CHILD, "1")
        .env("VK_DRIVER_FILES", &drivers)
        .env("VK_ICD_FILENAMES", &drivers)
        .output();
    std::fs::remove_file(&second).expect("the file is still there");
    let child = child.expect("a test can run itself");
    let said = format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && said.contains("two devices"), "{said}");
}

fn software_driver() -> Option<PathBuf> {
    let folders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let files = folders.into_iter().filter_map(|folder| Path::new(folder).read_dir().ok()).flatten().flatten();
    files
        .map(|file| file.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lvp_icd")))
}

/// In a process whose loader finds two drivers.
fn two_devices() {
    let found = Device::list().expect("there are drivers");
    assert!(found.len() >= 2, "the loader found {found:?}");
    let open = |index| {
        Device::new(&DeviceOptions::new().validation(true).select(Select::Index(index))).expect("the device opens")
    };
    let (a, b) = (open(0), open(1));
    let (budget_a, budget_b) = (a.budget().clone(), b.budget().clone());
    println!("two devices: {} and {}", a.info().name, b.info().name);

    let in_a = budget_a.buffer(&storage("in a", 1 << 20).at(Location::Upload), Category::Cacher).unwrap();
    assert_eq!((budget_a.usage().in_use, budget_b.usage().in_use), (in_a.bytes(), 0));
    assert_eq!((budget_a.live().len(), budget_b.live().len()), (1, 0));
    // A full device refuses; the other one does not notice.
    budget_a.set_limit(in_a.bytes());
    budget_a.buffer(&storage("too much", 1), Category::Other).unwrap_err();
    let in_b = budget_b.buffer(&storage("in b", 1 << 20).at(Location::Upload), Category::Cacher).unwrap();
    assert_eq!((budget_a.usage().refusals, budget_b.usage().refusals), (1, 0));
    let heard = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let ears = heard.clone();
    budget_b.on_warning(move |_| {
        ears.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    budget_a.set_warning(1);
    budget_b.set_staging_quota(7);
    assert_ne!(budget_a.staging_usage().limit, 7);
    in_a.write(0, &[1; 16]).unwrap();
    in_b.write(0, &[2; 16]).unwrap();
    // Nor can one upload to the other's memory.
    let options = UploaderOptions { frame_bytes: 0, scatter: ScatterPolicy::Never, ..UploaderOptions::default() };
    let uploader = Uploader::new(&a, &StagingPool::new(&a), options).unwrap();
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let foreign = Arc::new(budget_b.buffer(&BufferDesc::new("foreign", 64, usage), Category::Other).unwrap());
    for refused in [
        uploader.buffer(&foreign, 0, &[0; 4]).map(drop),
        uploader.fresh_buffer_pieces(&foreign, &[(0, &[0; 4])]).map(drop),
        upload_buffer(&a, &foreign, &[0; 4]),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, DeviceError::Memory(MemoryError::OtherDevice { .. })), "{error}");
        assert!(error.to_string().contains("'foreign' does not belong to"), "{error}");
    }
    // Nor let a graph on one read what the other has.
    let read_on = |device| {
        let graph = Graph::without_output();
        let shared = graph.share_buffer::<[u32]>(&foreign);
        let _ = graph.read_back(&shared);
        graph.compile(device)
    };
    let error = read_on(&a).map(drop).expect_err("it lies elsewhere");
    assert!(matches!(error, CompileError::OtherDevice { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains("devices.rs:") && error.contains("make it on the device"), "{error}");
    let mut graph = read_on(&b).expect("it lies here");
    let error = graph.attach_uploader(&uploader).expect_err("it uploads elsewhere").to_string();
    assert!(error.contains("'the uploader' does not belong to"), "{error}");
    drop(graph);
    drop((uploader, foreign));
    let log = a.validation_log().clone();
    drop((a, budget_a, in_a));
    assert_eq!(log.messages(), Vec::<String>::new());

    // One is gone, the other goes on.
    let mut bytes = [0; 16];
    in_b.read(0, &mut bytes).unwrap();
    assert_eq!((bytes, budget_b.usage().resources), ([2; 16], 1));
    drop(budget_b.buffer(&storage("late", 64), Category::Other).unwrap());
    assert_eq!(heard.load(std::sync::atomic::Ordering::Relaxed), 0);
    let log = b.validation_log().clone();
    drop((b, budget_b, in_b));
    assert_eq!(log.messages(), Vec::<String>::new());
}
