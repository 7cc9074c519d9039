//! Uploads for setting up.

use vixen::ash::vk;
use vixen::device::{Device, DeviceError};
use vixen::memory::{
    Buffer, BufferDesc, Category, Image, ImageDesc, ImageRegion, Location, MemoryError, Wait, upload_buffer,
    upload_buffers, upload_image,
};

use crate::{assert_silent, device, plane, storage};

/// Bytes that differ from their neighbours, so that a wrong offset shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|index| (index.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect()
}

/// What a buffer in the device's memory holds.
fn download(device: &Device, buffer: &Buffer, offset: u64, len: usize) -> Vec<u8> {
    let region = vk::BufferCopy { src_offset: offset, dst_offset: 0, size: len as u64 };
    receive(device, len, |commands, target| {
        // SAFETY: the commands are being recorded, and both buffers live until they are done.
        unsafe { device.raw().cmd_copy_buffer(commands, buffer.raw(), target, &[region]) };
    })
}

/// What a level of an image holds, which is in the layout `TRANSFER_SRC_OPTIMAL`.
fn download_level(device: &Device, image: &Image, region: ImageRegion, [width, height, depth]: [u32; 3]) -> Vec<u8> {
    let copy = vk::BufferImageCopy::default()
        .image_subresource(vk::ImageSubresourceLayers {
            aspect_mask: vk::ImageAspectFlags::COLOR,
            mip_level: region.mip,
            base_array_layer: region.layer,
            layer_count: 1,
        })
        .image_extent(vk::Extent3D { width, height, depth });
    receive(device, (width * height * depth * 4) as usize, |commands, target| {
        let layout = vk::ImageLayout::TRANSFER_SRC_OPTIMAL;
        // SAFETY: the commands are being recorded, and image and buffer live until they are done.
        unsafe { device.raw().cmd_copy_image_to_buffer(commands, image.raw(), layout, target, &[copy]) };
    })
}

fn receive(device: &Device, len: usize, copy: impl FnOnce(vk::CommandBuffer, vk::Buffer)) -> Vec<u8> {
    let desc = BufferDesc::new("received", len as u64, vk::BufferUsageFlags::TRANSFER_DST).at(Location::Readback);
    let buffer = device.budget().buffer(&desc, Category::Readback).unwrap();
    let to_host = [vk::MemoryBarrier2::default()
        .src_stage_mask(vk::PipelineStageFlags2::COPY)
        .src_access_mask(vk::AccessFlags2::TRANSFER_WRITE)
        .dst_stage_mask(vk::PipelineStageFlags2::HOST)
        .dst_access_mask(vk::AccessFlags2::HOST_READ)];
    device
        .submit_once(|commands| {
            copy(commands, buffer.raw());
            let dependencies = vk::DependencyInfo::default().memory_barriers(&to_host);
            // SAFETY: the commands are being recorded.
            unsafe { device.raw().cmd_pipeline_barrier2(commands, &dependencies) };
        })
        .unwrap();
    let mut bytes = vec![0; len];
    buffer.read(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn buffers_are_uploaded_whole_however_large() {
    let Some(device) = device() else { return };
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let chunk = 64 << 20;
    for len in [1, 1000, chunk + 12_345] {
        let bytes = pattern(len);
        let desc = BufferDesc::new("uploaded", len as u64, usage);
        let buffer = device.budget().buffer(&desc, Category::Cacher).unwrap();
        upload_buffer(&device, &buffer, &bytes).unwrap();
        // All of a small one; of a large one both ends and where two chunks meet.
        for start in [0, len.saturating_sub(1000), (chunk - 500).min(len.saturating_sub(1000))] {
            let part = &bytes[start..len.min(start + 1000)];
            assert!(download(&device, &buffer, start as u64, part.len()) == part, "{len} bytes, at {start}");
        }
        upload_buffer(&device, &buffer, &[]).unwrap();
        assert_eq!(device.budget().usage().of(Category::Staging), 0);
    }
    assert_silent(&device);
}

#[test]
fn several_buffers_are_uploaded_together() {
    let Some(device) = device() else { return };
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let make = |name, location| {
        let desc = BufferDesc::new(name, 1000, usage).at(location);
        device.budget().buffer(&desc, Category::Cacher).unwrap()
    };
    let [a, b] = ["a", "b"].map(|name| make(name, Location::Device));
    let mapped = make("mapped", Location::Upload);
    let bytes = pattern(3000);
    let parts: Vec<&[u8]> = bytes.chunks(1000).collect();
    upload_buffers(&device, &[]).unwrap();
    // What comes twice has its last bytes, and the rest of what came before.
    upload_buffers(&device, &[(&a, parts[0]), (&mapped, parts[1]), (&b, parts[2]), (&a, &parts[1][..10])]).unwrap();
    assert_eq!(download(&device, &a, 0, 1000), [&parts[1][..10], &parts[0][10..]].concat());
    assert_eq!(download(&device, &b, 0, 1000), parts[2]);
    let mut found = vec![0; 1000];
    mapped.read(0, &mut found).unwrap();
    assert_eq!(found, parts[1]);
    // Where one does not fit, none is uploaded.
    let error = upload_buffers(&device, &[(&b, parts[0]), (&a, &bytes)]).unwrap_err();
    assert!(matches!(error, DeviceError::Memory(MemoryError::OutOfRange { .. })), "{error}");
    assert_eq!(download(&device, &b, 0, 1000), parts[2]);
    assert_silent(&device);
}

#[test]
fn uploads_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    let buffer = device.budget().buffer(&storage("plain", 16), Category::Other).unwrap();
    let error = upload_buffer(&device, &buffer, &[0; 16]).unwrap_err();
    assert!(error.to_string().contains("add the usage TRANSFER_DST"), "{error}");
    let error = upload_buffer(&device, &buffer, &[0; 17]).unwrap_err();
    assert!(matches!(error, DeviceError::Memory(MemoryError::OutOfRange { len: 17, size: 16, .. })), "{error}");

    let image = device.budget().image(&plane("image", 8, 8), Category::Other).unwrap();
    let upload = |region, len| upload_image(&device, &image, region, &vec![0; len], vk::ImageLayout::GENERAL);
    let whole = ImageRegion::default();
    assert!(upload(whole, 255).unwrap_err().to_string().contains("needs 256 bytes"));
    assert!(upload(ImageRegion { mip: 1, ..whole }, 64).unwrap_err().to_string().contains("no level 1"));
    assert!(upload(ImageRegion { layer: 1, ..whole }, 256).unwrap_err().to_string().contains("of layer 1"));
    assert_silent(&device);
}

#[test]
fn images_are_uploaded_level_by_level() {
    let Some(device) = device() else { return };
    let mipped = ImageDesc { mips: 3, layers: 2, ..plane("mipped", 17, 9) };
    let volume = ImageDesc { image_type: vk::ImageType::TYPE_3D, extent: [8, 4, 5], ..plane("volume", 1, 1) };
    // Two chunks: 67 MB in rows of one slice.
    let large = plane("large", 4096, 4100);
    for desc in [mipped, volume, large] {
        let image = device.budget().image(&desc, Category::Cacher).unwrap();
        for (mip, layer) in (0..desc.mips).flat_map(|mip| (0..desc.layers).map(move |layer| (mip, layer))) {
            let region = ImageRegion { mip, layer };
            let extent = desc.extent.map(|side| (side >> mip).max(1));
            let texels = pattern(extent.into_iter().product::<u32>() as usize * 4);
            upload_image(&device, &image, region, &texels, vk::ImageLayout::TRANSFER_SRC_OPTIMAL).unwrap();
            assert!(download_level(&device, &image, region, extent) == texels, "{} {region:?}", desc.name);
        }
        assert_eq!(device.budget().usage().of(Category::Staging), 0);
    }
    assert_silent(&device);
}

#[test]
fn waiting_uploads_stay_within_the_staging_quota() {
    let Some(device) = device() else { return };
    let budget = device.budget();
    budget.set_staging_quota(100_000);
    let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
    let buffer = budget.buffer(&BufferDesc::new("uploaded", 1_000_000, usage), Category::Cacher).unwrap();
    let bytes = pattern(1_000_000);
    upload_buffer(&device, &buffer, &bytes).unwrap();
    assert!(download(&device, &buffer, 0, bytes.len()) == bytes);
    assert_eq!((budget.staging_usage().peak, budget.staging_usage().reserved), (100_000, 0));

    // Half of a quota that others hold is enough, and without any of it they are waited for.
    for (held, waits) in [(30_000, 0), (100_000, 1)] {
        let reservation = budget.staging("test", held, Wait::Fail).unwrap();
        let other = pattern(1_000_001);
        std::thread::scope(|scope| {
            let upload = scope.spawn(|| upload_buffer(&device, &buffer, &other[1..]));
            while budget.staging_usage().waits < waits {
                std::thread::yield_now();
            }
            let held = (waits == 0).then_some(reservation);
            upload.join().expect("it does not panic").unwrap();
            drop(held);
        });
        assert!(download(&device, &buffer, 0, 1_000_000) == other[1..]);
        assert_eq!((budget.staging_usage().peak, budget.staging_usage().waits), (100_000, waits));
    }

    // Rows of 1024 bytes, of which at least one has to fit.
    let image = budget.image(&plane("image", 256, 256), Category::Cacher).unwrap();
    let (whole, layout) = (ImageRegion::default(), vk::ImageLayout::TRANSFER_SRC_OPTIMAL);
    let texels = pattern(256 * 256 * 4);
    for quota in [100_000, 1024] {
        budget.set_staging_quota(quota);
        upload_image(&device, &image, whole, &texels, layout).unwrap();
        assert!(download_level(&device, &image, whole, [256, 256, 1]) == texels);
    }
    budget.set_staging_quota(1023);
    upload_buffer(&device, &buffer, &bytes[..5000]).unwrap();
    assert!(download(&device, &buffer, 0, 5000) == bytes[..5000]);
    let error = upload_image(&device, &image, whole, &texels, layout).unwrap_err();
    let refused = MemoryError::StagingQuota { name: "image".into(), requested: 1024, reserved: 0, quota: 1023 };
    assert!(matches!(&error, DeviceError::Memory(error) if *error == refused), "{error}");
    budget.set_staging_quota(0);
    let error = upload_buffer(&device, &buffer, &bytes).unwrap_err();
    assert!(matches!(error, DeviceError::Memory(MemoryError::StagingQuota { quota: 0, .. })), "{error}");
    assert_eq!((budget.staging_usage().reserved, budget.usage().of(Category::Staging)), (0, 0));
    assert_silent(&device);
}
