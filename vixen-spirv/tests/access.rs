//! Which bindings a shader may read and store to.

mod support;

use support::{bytes, fixture, shader, split, uses, words};
use vixen_spirv::{ReflectError, reflect, reflect_entry};

const NOTHING: [bool; 3] = [false, false, false];
const MENTIONED: [bool; 3] = [true, false, false];
const LOADS: [bool; 3] = [true, true, false];
const STORES: [bool; 3] = [true, false, true];
const BOTH: [bool; 3] = [true, true, true];

#[track_caller]
fn assert_uses(found: &[(String, [bool; 3])], expected: &[(&str, [bool; 3])]) {
    let found: Vec<_> = found.iter().map(|(name, uses)| (name.as_str(), *uses)).collect();
    assert_eq!(found, expected);
}

const ACCESS: &[(&str, [bool; 3])] = &[
    ("declared_readonly", LOADS),
    ("plain_read", LOADS),
    ("plain_store", STORES),
    ("atomic_add", BOTH),
    ("only_length", MENTIONED),
    ("image_dead_store", LOADS),
    ("image_store", STORES),
    ("image_load", LOADS),
    ("image_atomic", BOTH),
    ("image_array", STORES),
    ("image_by_parameter", STORES),
    ("image_size", MENTIONED),
    ("declared_writeonly", STORES),
    ("atomic_directly", BOTH),
    ("mixed", LOADS),
    ("blocks", STORES),
    ("never_used", NOTHING),
    ("copy_from", LOADS),
    ("modf_target", STORES),
];

#[test]
fn stores_are_told_from_reads() {
    assert_uses(&uses(&shader("access.spv").bindings), ACCESS);
}

#[test]
fn storage_buffers_of_spirv_1_0_are_the_same() {
    assert_eq!(shader("access-1.0.spv").bindings, shader("access.spv").bindings);
}

#[test]
fn debug_information_changes_nothing() {
    assert_eq!(shader("access-debug.spv").bindings, shader("access.spv").bindings);
}

#[test]
fn optimisation_changes_nothing_but_what_it_removes() {
    let expected: Vec<_> = ACCESS.iter().copied().filter(|(_, uses)| *uses != NOTHING).collect();
    let mut found = uses(&shader("access-optimised.spv").bindings);
    found.retain(|(_, uses)| *uses != NOTHING);
    // A read whose result nobody uses is gone.
    let expected: Vec<_> = expected.into_iter().filter(|(name, _)| *name != "image_dead_store").collect();
    found.retain(|(name, _)| name != "image_dead_store");
    assert_uses(&found, &expected);
}

#[test]
fn declarations_say_what_is_allowed() {
    let shader = shader("access.spv");
    let allowed = |name: &str| {
        let binding = shader.bindings.iter().find(|it| it.name.as_deref() == Some(name)).expect(name);
        (binding.access.readable, binding.access.writable)
    };
    assert_eq!(allowed("declared_readonly"), (true, false));
    assert_eq!(allowed("declared_writeonly"), (false, true));
    assert_eq!(allowed("plain_read"), (true, true));
    assert_eq!(allowed("mixed"), (true, true));
    assert_eq!(allowed("image_by_parameter"), (false, true));
}

const POINTERS: &[(&str, [bool; 3])] = &[
    ("atomic_by_parameter", BOTH),
    ("only_loaded", LOADS),
    ("selected_left", STORES),
    ("selected_right", STORES),
    ("phi_left", STORES),
    ("phi_right", STORES),
    ("copied_from", LOADS),
    ("copied_to", STORES),
    ("returned", STORES),
    ("kept_in_memory", BOTH),
    ("only_in_second", NOTHING),
    ("only_in_dead", NOTHING),
    ("deep_parameter", BOTH),
    ("copied_object", STORES),
    ("never_mentioned", NOTHING),
    ("atomic_load", LOADS),
    ("image_in_composite", STORES),
    ("texture_behind_sampled_image", LOADS),
    ("sampler_beside_texture", LOADS),
];

#[test]
fn pointers_are_followed() {
    let shader = reflect_entry(&fixture("pointers.spv"), Some("first")).expect("first");
    assert_uses(&uses(&shader.bindings), POINTERS);
    assert_eq!(shader.local_size, Some([4, 2, 1]));
    assert!(shader.bindings.iter().all(|it| it.set == 2), "the set comes from a decoration group");
}

#[test]
fn every_entry_point_has_its_own_uses() {
    let shader = reflect_entry(&fixture("pointers.spv"), Some("second")).expect("second");
    for (name, found) in uses(&shader.bindings) {
        assert_eq!(found, if name == "only_in_second" { STORES } else { NOTHING }, "{name}");
    }
}

#[test]
fn an_unclear_entry_point_is_an_error_that_lists_them() {
    let names = vec!["first".to_owned(), "second".to_owned()];
    let module = fixture("pointers.spv");
    assert_eq!(reflect(&module), Err(ReflectError::SeveralEntryPoints { names: names.clone() }));
    let missing = ReflectError::NoSuchEntryPoint { name: "third".to_owned(), names };
    assert_eq!(missing.to_string(), "the SPIR-V module has no entry point `third`; it has `first`, `second`");
    assert_eq!(reflect_entry(&module, Some("third")), Err(missing));
}

#[test]
fn an_unknown_instruction_is_assumed_to_do_everything() {
    const COPY_OBJECT: u32 = 83;
    let words = words(&fixture("pointers.spv"));
    let (header, mut instructions) = split(&words);
    let copy = instructions.iter_mut().find(|it| it[0] & 0xffff == COPY_OBJECT).expect("an OpCopyObject");
    copy[0] = copy[0] & 0xffff_0000 | 0x7fff;
    let module = bytes(&[header, &instructions.concat()].concat());
    let shader = reflect_entry(&module, Some("first")).expect("first");
    let expected: Vec<_> =
        POINTERS.iter().map(|&(name, uses)| (name, if name == "copied_object" { BOTH } else { uses })).collect();
    assert_uses(&uses(&shader.bindings), &expected);
}
