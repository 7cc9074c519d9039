//! Bindings, layouts and interfaces of the fixtures, each expectation read off `spirv-dis` or the language's layout rules.

#[expect(dead_code, reason = "every test binary uses another part of it")]
mod support;

use support::{bytes, fixture, shader, split, words};
use vixen_spirv::{
    Binding, Block, Count, Descriptor, Dim, ImageFormat, ImageType, Interface, Member, Scalar, Shader, SpecConstant,
    Stage, Type, reflect,
};

const F32: Type = Type::Scalar(Scalar::F32);
const U32: Type = Type::Scalar(Scalar::U32);
const VEC3: Type = Type::Vector(Scalar::F32, 3);

fn member(name: &str, offset: u32, ty: Type) -> Member {
    Member { name: Some(name.to_owned()), offset, ty }
}

fn block(name: &str, size: u32, members: Vec<Member>) -> Block {
    Block { name: Some(name.to_owned()), size, members }
}

fn array(element: Type, count: u32, stride: u32) -> Type {
    Type::Array { element: Box::new(element), count, stride }
}

fn matrix(columns: u32, rows: u32, row_major: bool) -> Type {
    Type::Matrix { scalar: Scalar::F32, columns, rows, column_stride: 16, row_major }
}

fn light() -> Type {
    let members = vec![member("position", 0, VEC3), member("power", 12, F32), member("basis", 16, matrix(3, 3, false))];
    Type::Struct(block("Light", 64, members))
}

fn image(dim: Dim, format: Option<ImageFormat>, scalar: Scalar) -> ImageType {
    ImageType { dim, arrayed: false, multisampled: false, depth: Some(false), format, scalar }
}

fn at(shader: &Shader, set: u32, binding: u32) -> &Binding {
    shader.bindings.iter().find(|it| (it.set, it.binding) == (set, binding)).expect("a binding")
}

fn name(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn uniform_block_in_std140() {
    let shader = shader("descriptors.spv");
    let camera = at(&shader, 0, 0);
    let members = vec![
        member("view", 0, matrix(4, 4, false)),
        member("eye", 64, VEC3),
        member("fov", 76, F32),
        member("lights", 80, array(light(), 2, 64)),
        member("weights", 208, array(F32, 3, 16)),
        member("model", 256, matrix(4, 3, true)),
    ];
    assert_eq!(camera.descriptor, Descriptor::UniformBuffer(block("Camera", 304, members)));
    assert_eq!((&camera.name, &camera.block_name), (&name("camera"), &name("Camera")));
    assert!(camera.used && !camera.access.writable && !camera.access.stores);
}

#[test]
fn storage_block_in_std430_with_a_runtime_array() {
    let shader = shader("descriptors.spv");
    let scene = at(&shader, 0, 1);
    let members = vec![
        member("count", 0, U32),
        member("size", 8, Type::Vector(Scalar::U32, 2)),
        member("lights", 16, Type::RuntimeArray { element: Box::new(light()), stride: 64 }),
    ];
    assert_eq!(scene.descriptor, Descriptor::StorageBuffer(block("Scene", 16, members)));
    assert!(!scene.access.writable && !scene.access.stores);
}

#[test]
fn storage_block_in_scalar_layout() {
    let shader = shader("descriptors.spv");
    let members = vec![member("a", 0, VEC3), member("b", 12, F32), member("c", 16, array(VEC3, 2, 12))];
    assert_eq!(at(&shader, 1, 1).descriptor, Descriptor::StorageBuffer(block("Tight", 40, members)));
}

#[test]
fn unnamed_instance_has_its_block_name() {
    let shader = shader("descriptors.spv");
    let plain = at(&shader, 0, 2);
    assert_eq!((&plain.name, &plain.block_name), (&None, &name("Unnamed")));
    assert!(plain.access.stores, "a store under a specialisation constant counts");
}

#[test]
fn every_descriptor_type() {
    let shader = shader("descriptors.spv");
    let found: Vec<_> = shader
        .bindings
        .iter()
        .filter(|it| it.block_name.is_none())
        .map(|it| (it.set, it.binding, it.descriptor.clone(), it.count))
        .collect();
    let sampled = Descriptor::SampledImage(image(Dim::D2, None, Scalar::F32));
    let layers = ImageType { arrayed: true, ..image(Dim::D2, None, Scalar::F32) };
    let color = image(Dim::D2, Some(ImageFormat::Rgba16Float), Scalar::F32);
    let counters = image(Dim::D3, Some(ImageFormat::R32Uint), Scalar::U32);
    let expected = vec![
        (0, 3, Descriptor::StorageImage(color), Count::One),
        (0, 4, Descriptor::StorageImage(counters), Count::One),
        (0, 5, Descriptor::SampledImage(layers), Count::One),
        (0, 6, Descriptor::Sampler, Count::One),
        (0, 7, Descriptor::CombinedImageSampler(image(Dim::Cube, None, Scalar::F32)), Count::One),
        (0, 8, Descriptor::UniformTexelBuffer, Count::One),
        (0, 9, Descriptor::StorageTexelBuffer, Count::One),
        (0, 10, Descriptor::AccelerationStructure, Count::One),
        (0, 11, sampled.clone(), Count::Array(10)),
        (1, 0, sampled, Count::Runtime),
    ];
    assert_eq!(found, expected);
}

#[test]
fn bindings_without_a_use_are_marked() {
    let shader = shader("descriptors.spv");
    let unused: Vec<_> = shader.bindings.iter().filter(|it| !it.used).map(|it| it.name.clone()).collect();
    assert_eq!(unused, [name("idle")]);
}

#[test]
fn push_constants_have_absolute_offsets() {
    let push = shader("descriptors.spv").push_constants.expect("push constants");
    let members = vec![
        member("jitter", 16, Type::Vector(Scalar::F32, 2)),
        member("frame", 24, U32),
        member("list", 32, Type::Pointer),
    ];
    assert_eq!(push.block, block("Push", 40, members));
    assert_eq!((push.name, push.used), (name("push"), true));
}

#[test]
fn specialisation_constants() {
    let shader = shader("descriptors.spv");
    let constant = |id, name: Option<&str>, scalar, is_length| {
        let name = name.map(str::to_owned);
        SpecConstant { id, name, scalar, is_length }
    };
    let expected = [
        constant(1, Some("COUNT"), Scalar::U32, true),
        constant(2, Some("SCALE"), Scalar::F32, false),
        constant(3, Some("FAST"), Scalar::Bool, false),
        constant(7, None, Scalar::U32, false),
    ];
    assert_eq!(shader.spec_constants, expected);
    assert_eq!((shader.local_size, shader.local_size_ids), (Some([8, 4, 1]), [Some(7), None, None]));
}

#[test]
fn stripped_module_lacks_names_and_nothing_else() {
    let mut named = shader("descriptors.spv");
    for binding in &mut named.bindings {
        binding.name = None;
        binding.block_name = None;
        if let Descriptor::UniformBuffer(block) | Descriptor::StorageBuffer(block) = &mut binding.descriptor {
            strip(block);
        }
    }
    let push = named.push_constants.as_mut().expect("push constants");
    push.name = None;
    strip(&mut push.block);
    named.spec_constants.iter_mut().for_each(|constant| constant.name = None);
    assert_eq!(shader("descriptors-stripped.spv"), named);
}

fn strip(block: &mut Block) {
    block.name = None;
    for member in &mut block.members {
        member.name = None;
        strip_type(&mut member.ty);
    }
}

fn strip_type(ty: &mut Type) {
    match ty {
        Type::Struct(block) => strip(block),
        Type::Array { element, .. } | Type::RuntimeArray { element, .. } => strip_type(element),
        _ => {}
    }
}

#[test]
fn order_of_annotations_does_not_matter() {
    // Names, entry points' modes and decorations stand in any order within their section.
    for fixture_name in ["descriptors.spv", "access.spv", "mesh.spv", "structured.spv"] {
        let words = words(&fixture(fixture_name));
        let (header, mut instructions) = split(&words);
        for section in [&[5, 6][..], &[71, 72], &[17]] {
            let inside = |it: &Vec<u32>| section.contains(&(it[0] & 0xffff));
            let start = instructions.iter().position(inside).expect("a section");
            let length = instructions[start..].iter().take_while(|it| inside(it)).count();
            instructions[start..start + length].reverse();
        }
        let reordered = bytes(&[header, &instructions.concat()].concat());
        assert_ne!(reordered, fixture(fixture_name));
        assert_eq!(reflect(&reordered), Ok(shader(fixture_name)), "{fixture_name}");
    }
}

#[test]
fn vertex_inputs_and_interface_blocks() {
    let shader = shader("mesh.spv");
    let plain = |columns| Type::Matrix { scalar: Scalar::F32, columns, rows: 4, column_stride: 0, row_major: false };
    let entry = |location, text: &str, ty| Interface { location, name: name(text), ty };
    let inputs = [
        entry(0, "position", VEC3),
        entry(2, "uv", Type::Vector(Scalar::F32, 2)),
        entry(3, "instance", plain(4)),
        entry(7, "joints", Type::Vector(Scalar::U32, 4)),
    ];
    let outputs = [
        entry(0, "normal", VEC3),
        entry(1, "material", U32),
        entry(2, "uv", Type::Vector(Scalar::F32, 2)),
        entry(5, "fog", F32),
    ];
    assert_eq!((shader.stage, shader.local_size), (Stage::Vertex, None));
    assert_eq!(shader.inputs, inputs);
    assert_eq!(shader.outputs, outputs);
}

#[test]
fn fragment_outputs_and_subpass_inputs() {
    let shader = shader("shade.spv");
    let outputs: Vec<_> = shader.outputs.iter().map(|it| (it.location, it.ty.clone())).collect();
    assert_eq!(outputs, [(0, Type::Vector(Scalar::F32, 4)), (1, Type::Vector(Scalar::U32, 2))]);
    assert_eq!(shader.stage, Stage::Fragment);
    assert_eq!(at(&shader, 0, 0).descriptor, Descriptor::InputAttachment);
    let shadow = ImageType { depth: Some(true), ..image(Dim::D2, None, Scalar::F32) };
    assert_eq!(at(&shader, 0, 1).descriptor, Descriptor::CombinedImageSampler(shadow));
}

#[test]
fn ray_generation() {
    let shader = shader("trace.spv");
    assert_eq!((shader.stage, shader.entry_point.as_str()), (Stage::RayGeneration, "main"));
    let scene = at(&shader, 0, 0);
    assert_eq!(scene.descriptor, Descriptor::AccelerationStructure);
    assert!(scene.access.loads && !scene.access.stores);
    let color = at(&shader, 0, 1);
    assert_eq!(color.descriptor, Descriptor::StorageImage(image(Dim::D2, Some(ImageFormat::Rgba8Unorm), Scalar::F32)));
    assert!(color.access.stores && !color.access.loads);
}

#[test]
fn hlsl_buffers() {
    let shader = shader("structured.spv");
    assert_eq!(shader.local_size, Some([32, 2, 1]));
    let settings = at(&shader, 0, 0);
    let members = vec![
        member("gravity", 0, VEC3),
        member("step", 12, F32),
        member("weights", 16, array(F32, 2, 16)),
        member("after", 48, F32),
    ];
    assert_eq!(settings.descriptor, Descriptor::UniformBuffer(block("Settings", 52, members)));
    let (source, target) = (at(&shader, 0, 1), at(&shader, 0, 2));
    assert!(!source.access.writable && source.access.loads && !source.access.stores);
    assert!(target.access.writable && target.access.stores && !target.access.loads);
    assert_eq!(at(&shader, 0, 4).descriptor, Descriptor::SampledImage(image(Dim::D2, None, Scalar::F32)));
    assert_eq!(at(&shader, 0, 5).descriptor, Descriptor::Sampler);
}

#[test]
fn slang_module() {
    let shader = shader("particles.spv");
    let found: Vec<_> = shader
        .bindings
        .iter()
        .map(|it| (it.name.as_deref().unwrap_or_default(), it.access.loads, it.access.stores))
        .collect();
    let expected = [
        ("settings", true, false),
        ("source", true, false),
        ("target", false, true),
        ("counters", true, true),
        ("only_read", true, false),
        ("raw", true, true),
        ("color", false, true),
        ("pictures", true, false),
        ("combined", true, false),
        ("smooth", true, false),
        ("world", true, false),
        ("holder.image", false, true),
        ("holder.list", true, false),
    ];
    assert_eq!(found, expected);
    assert_eq!(shader.local_size, Some([32, 2, 1]));
    let push = shader.push_constants.expect("push constants").block;
    assert_eq!(push.members, [member("frame", 0, U32), member("jitter", 8, Type::Vector(Scalar::F32, 2))]);
    // Slang wraps an array in a structure of its own.
    let Descriptor::UniformBuffer(settings) = &shader.bindings[0].descriptor else { panic!("not a uniform buffer") };
    let weights = block("_Array_std140_float2", 32, vec![member("data", 0, array(F32, 2, 16))]);
    assert_eq!(settings.members[2], member("weights", 16, Type::Struct(weights)));
}

#[test]
fn image_formats_have_distinct_glsl_names() {
    let mut names: Vec<_> = ImageFormat::ALL.iter().map(|format| format.name()).collect();
    assert_eq!(ImageFormat::Rgba16Float.name(), "rgba16f");
    assert_eq!(names.len(), 41);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 41);
}
