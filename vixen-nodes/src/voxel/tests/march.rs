//! `shaders/voxel_trace.glsl` in Rust, word by word, to find its mistakes without a GPU.

use glam::{IVec3, Vec3};

use crate::voxel::layout::{SOLID, morton3};
use crate::voxel::{BrickMap, Node};

const TINY: f32 = 1e-20;

pub(super) fn trace(map: &BrickMap, origin: Vec3, direction: Vec3) -> Option<(IVec3, u32, f32)> {
    trace_counting(map, origin, direction, &mut 0)
}

/// Also counts the steps from one empty cube to the next.
pub(super) fn trace_counting(
    map: &BrickMap,
    origin: Vec3,
    direction: Vec3,
    steps: &mut u64,
) -> Option<(IVec3, u32, f32)> {
    let size = map.size.as_ivec3();
    let d = Vec3::from_array(direction.to_array().map(|v| if v.abs() < TINY { TINY } else { v }));
    let inverse = 1.0 / d;
    let positive = d.cmpgt(Vec3::ZERO);
    let near = (Vec3::select(positive, Vec3::ZERO, size.as_vec3()) - origin) * inverse;
    let far = (Vec3::select(positive, size.as_vec3(), Vec3::ZERO) - origin) * inverse;
    let enter = near.max_element();
    let leave_scene = far.min_element();
    if !(enter < leave_scene && leave_scene > 0.0) {
        return None;
    }

    let mut t = enter.max(0.0);
    let mut face = 6;
    let mut voxel = (origin + d * t).floor().as_ivec3().clamp(IVec3::ZERO, size - 1);
    if enter > 0.0 {
        let axis = first_smallest(-near);
        face = face_of(axis, positive.test(axis));
        voxel[axis] = if positive.test(axis) { 0 } else { size[axis] - 1 };
    }

    // Mirrored, so that the ray goes up every axis.
    let top = cell_shift(map.levels as usize);
    let mirror = IVec3::select(positive, IVec3::ZERO, IVec3::splat((4 << top) - 1));
    let flips = [(positive.x, 9), (positive.y, 18), (positive.z, 36)];
    let flip = flips.into_iter().filter(|(positive, _)| !positive).map(|(_, bits)| bits).sum::<u32>();
    let ray_origin = origin;
    let origin = Vec3::select(positive, origin, (4 << top) as f32 - origin);
    let (d, inverse) = (d.abs(), inverse.abs());
    let leave_of = |last: IVec3| (last.as_vec3() - origin) * inverse + inverse;
    let t_end = leave_of(IVec3::select(positive, size - 1, mirror)).min_element();

    let start = t;
    let mut voxel = voxel ^ mirror;
    let (mut shift, mut path, mut root) = (top, [0u32; 6], map.nodes[0]);
    let mut found = root.first == SOLID;
    let Node { mask, first, .. } = &mut root;
    let mut octets = [0; 2];
    for _ in 0..=size.element_sum() {
        let mut number = 0;
        while !found {
            *steps += 1;
            number = cell_number(voxel, shift) ^ flip;
            if !has_bit(*mask, number) {
                break;
            }
            if shift <= 1 {
                if shift == 1 {
                    *steps += 1;
                    octets = *mask;
                    let place = rank(*mask, number);
                    let voxels = map.masks[(*first + place / 4) as usize] >> (8 * (place & 3)) & 255;
                    // At their place among the voxels of the group of octets, of which there is nothing else.
                    number = cell_number(voxel, 0) ^ flip;
                    *mask = [0; 2];
                    mask[number as usize / 32] = voxels << (number & 24);
                    shift = 0;
                }
                found = has_bit(*mask, number);
                break;
            }
            let child = *first + rank(*mask, number);
            shift -= 2;
            path[shift as usize >> 1] = child;
            (*mask, *first) = node(map, shift, child);
            found = *first == SOLID;
        }
        if found {
            let unmirrored = voxel ^ mirror;
            if t != start {
                let axis = first_smallest((origin - voxel.as_vec3()) * inverse);
                let side = (unmirrored[axis] + i32::from(!positive.test(axis))) as f32;
                face = face_of(axis, positive.test(axis));
                t = (side - ray_origin[axis]) / direction[axis];
            }
            return Some((unmirrored, face, t));
        }

        let last = voxel | IVec3::splat((1 << (shift + empty_shift(*mask, number))) - 1);
        let leave = leave_of(last);
        t = leave.min_element();
        if t >= t_end {
            return None;
        }
        let next = (origin + d * t).as_ivec3().clamp(voxel, last);
        let next = IVec3::select(leave.cmple(Vec3::splat(t)), last + 1, next);

        let changed = voxel ^ next;
        let highest = 31 - (changed.x | changed.y | changed.z).leading_zeros() as i32;
        voxel = next;
        if highest > shift + i32::from(shift > 0) {
            if highest <= 2 {
                *mask = octets;
                shift = 1;
            } else {
                shift = (highest - 1) | 1;
                if shift > top {
                    return None;
                }
                (*mask, *first) = node(map, shift, path[shift as usize >> 1]);
            }
        }
    }
    panic!("the ray from {origin} to {direction} did not come to an end");
}

fn cell_number(voxel: IVec3, shift: i32) -> u32 {
    let cell = (voxel >> shift) & 3;
    morton3(cell.x as u32, cell.y as u32, cell.z as u32)
}

/// Mask and first child of a node or brick, whose cells have an edge of 2 to the power of the shift.
fn node(map: &BrickMap, shift: i32, index: u32) -> ([u32; 2], u32) {
    if shift == 1 {
        let brick = map.bricks[index as usize];
        return (brick.mask, brick.first);
    }
    let node = map.nodes[index as usize];
    (node.mask, node.first)
}

fn first_smallest(v: Vec3) -> usize {
    if v.x <= v.y && v.x <= v.z {
        0
    } else if v.y <= v.z {
        1
    } else {
        2
    }
}

fn face_of(axis: usize, positive: bool) -> u32 {
    2 * axis as u32 + u32::from(!positive)
}

fn cell_shift(level: usize) -> i32 {
    1 + 2 * level as i32
}

fn has_bit(mask: [u32; 2], number: u32) -> bool {
    mask[number as usize / 32] >> (number & 31) & 1 != 0
}

fn rank(mask: [u32; 2], number: u32) -> u32 {
    let below = (1 << (number & 31)) - 1;
    if number < 32 { (mask[0] & below).count_ones() } else { mask[0].count_ones() + (mask[1] & below).count_ones() }
}

fn empty_shift(mask: [u32; 2], number: u32) -> i32 {
    if mask == [0, 0] { 2 } else { i32::from(mask[number as usize / 32] >> (number & 24) & 255 == 0) }
}
