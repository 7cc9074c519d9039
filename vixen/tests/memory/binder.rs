//! The binder: which descriptors it writes, and which it leaves alone.

use vixen::ash::vk;
use vixen::bind::{BindError, Binder, Bound, DescriptorSlot};
use vixen::graph::BindingDeclaration;
use vixen::memory::{Category, ManagedBuffer, Strategy};

use crate::{assert_silent, device, storage};

fn slot(name: &'static str, set: u32, binding: u32, count: u32) -> DescriptorSlot {
    let descriptor = vk::DescriptorType::STORAGE_BUFFER;
    let stages = vk::ShaderStageFlags::COMPUTE;
    DescriptorSlot { name, binding: BindingDeclaration { set, binding, descriptor, count, stages } }
}

#[test]
fn only_descriptors_of_another_generation_are_written() {
    let Some(device) = device() else { return };
    let raw = device.raw();
    let slots = [slot("one", 0, 0, 1), slot("many", 1, 2, 100), slot("last", 1, 0, 1)];
    let layout = |of: u32| {
        let bindings: Vec<_> = slots
            .iter()
            .filter(|slot| slot.binding.set == of)
            .map(|slot| {
                vk::DescriptorSetLayoutBinding::default()
                    .binding(slot.binding.binding)
                    .descriptor_type(slot.binding.descriptor)
                    .descriptor_count(slot.binding.count)
                    .stage_flags(slot.binding.stages)
            })
            .collect();
        let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        // SAFETY: the device is alive.
        unsafe { raw.create_descriptor_set_layout(&info, device.callbacks()) }.unwrap()
    };
    let layouts = [layout(0), layout(1)];
    let sizes = [vk::DescriptorPoolSize { ty: vk::DescriptorType::STORAGE_BUFFER, descriptor_count: 204 }];
    let pool = vk::DescriptorPoolCreateInfo::default().max_sets(4).pool_sizes(&sizes);
    // SAFETY: the device is alive.
    let pool = unsafe { raw.create_descriptor_pool(&pool, device.callbacks()) }.unwrap();
    let all = [layouts[0], layouts[1], layouts[0], layouts[1]];
    let sets = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool).set_layouts(&all);
    // SAFETY: the pool has room for these sets.
    let sets = unsafe { raw.allocate_descriptor_sets(&sets) }.unwrap();

    let buffer =
        |name| ManagedBuffer::new(&device, &storage(name, 64), Category::Cacher, Strategy::DeviceLocal).unwrap();
    let (a, b) = (buffer("a"), buffer("b"));
    let mut binder = Binder::new(slots);
    binder.give_sets(sets.clone(), 2);
    assert_eq!((binder.sets(0), binder.sets(1)), (&sets[..2], &sets[2..]));
    // SAFETY: sets and buffers are alive, and no commands use the sets.
    let bind = |binder: &mut Binder, variant, name, first, resources: &[(Bound, u64)]| unsafe {
        binder.bind(&device, variant, name, first, resources)
    };
    let many = |changed: &ManagedBuffer| -> Vec<_> {
        (0..100).map(|index| Bound::managed(if index % 3 == 0 { changed } else { &b })).collect()
    };
    assert_eq!(bind(&mut binder, 0, "one", 0, &[Bound::managed(&a)]), Ok(1));
    assert_eq!(bind(&mut binder, 0, "one", 0, &[Bound::managed(&a)]), Ok(0));
    assert_eq!(bind(&mut binder, 1, "one", 0, &[Bound::managed(&a)]), Ok(1), "another variant is another set");
    assert_eq!(bind(&mut binder, 0, "many", 0, &many(&a)), Ok(100));
    assert_eq!(bind(&mut binder, 0, "many", 0, &many(&a)), Ok(0));
    assert_eq!(bind(&mut binder, 0, "last", 0, &[Bound::managed(&b)]), Ok(1));

    // New contents write nothing; a new size writes what points to it.
    a.update(0, &[1; 64]).unwrap();
    assert_eq!(bind(&mut binder, 0, "many", 0, &many(&a)), Ok(0));
    let old = a.resize(128).unwrap();
    assert_eq!(bind(&mut binder, 0, "many", 0, &many(&a)), Ok(34));
    assert_eq!(bind(&mut binder, 0, "one", 0, &[Bound::managed(&a)]), Ok(1));
    assert_eq!(bind(&mut binder, 0, "one", 0, &[Bound::managed(&a)]), Ok(0));
    // SAFETY: as above.
    let by_index = unsafe { binder.bind(&device, 1, 0, 0, &[Bound::managed(&a)]) };
    assert_eq!((by_index, binder.slot("last"), binder.slot(1)), (Ok(1), Ok(2), Ok(1)));
    assert_eq!(
        bind(&mut binder, 0, "many", 98, &[Bound::managed(&a), Bound::managed(&a)]),
        Ok(1),
        "element 98 changes"
    );
    assert_eq!(binder.rewritten(), 1 + 1 + 100 + 1 + 34 + 1 + 1 + 1);

    let error = bind(&mut binder, 0, "on", 0, &[]).unwrap_err();
    assert_eq!(error.to_string(), "there is no binding `on`: the bindings are one, many, last");
    assert_eq!(binder.slot(3), Err(BindError::NoSuchSlot { index: 3, count: 3 }));
    let error = bind(&mut binder, 0, "many", 99, &[Bound::managed(&a), Bound::managed(&a)]).unwrap_err();
    assert!(error.to_string().contains("`many` has 100 descriptors: 2 from element 99"), "{error}");
    let image = (Bound::Image(vk::DescriptorImageInfo::default()), 1);
    let error = bind(&mut binder, 0, "one", 0, &[image]).unwrap_err();
    assert_eq!(error.to_string(), "binding `one` is a STORAGE_BUFFER, which cannot point to an image");

    // SAFETY: nothing uses them any more.
    unsafe {
        raw.destroy_descriptor_pool(pool, device.callbacks());
        layouts.into_iter().for_each(|layout| raw.destroy_descriptor_set_layout(layout, device.callbacks()));
    }
    drop(old);
    assert_silent(&device);
}
