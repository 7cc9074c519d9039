//! Scenes come and go, and leave nothing behind.

mod drawn;

use drawn::{Drawn, scene};
use vixen::memory::Category;
use vixen::testing::serial;
use vixen::{Device, DeviceOptions};
use vixen_nodes::VoxelScene;

#[test]
fn a_hundred_scenes_end_at_the_same_byte_count() {
    serial();
    let device = Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both");
    let budget = device.budget().clone();
    let mut after = Vec::new();
    // What of the first fifteen scenes, after which they repeat, is in use at each stage.
    let mut known: Vec<[u64; 3]> = Vec::new();
    for number in 0..100 {
        // Loaded, drawn, replaced by another while the graph of the first still runs, drawn again, unloaded.
        let (first, second) = (scene(number), scene(number + 1));
        let loaded = VoxelScene::upload(&device, &first.map).expect("the scene is small");
        assert_eq!(budget.usage().of(Category::Cacher), loaded.bytes());
        let mut drawn = Drawn::compile(&device, &first, &loaded, [32, 24]).expect("the graph is valid");
        let with_first = budget.usage().in_use;
        let pictures = [drawn.picture(2).expect("frames run"), {
            let replacement = VoxelScene::upload(&device, &second.map).expect("the scene is small");
            drawn.graph.frame().expect("the first goes on while the second is loaded");
            drawn = Drawn::compile(&device, &second, &replacement, [32, 24]).expect("the graph is valid");
            drop(loaded);
            drawn.picture(1).expect("frames run")
        }];
        assert!(pictures.iter().all(|picture| picture.len() == 32 * 24 * 4) && pictures[0] != pictures[1]);
        let with_second = budget.usage().in_use;
        drop(drawn);
        let stages = [with_first, with_second, budget.usage().in_use];
        match known.get(number as usize % 15) {
            Some(before) => assert_eq!(&stages, before, "scene {number} takes what it took before"),
            None => known.push(stages),
        }
        after.push(stages[2]);
    }
    assert_eq!(after, [0; 100]);
    let usage = budget.usage();
    assert_eq!((usage.resources, budget.live().len()), (0, 0));
    assert_eq!(device.validation_messages(), Vec::<String>::new());
}
