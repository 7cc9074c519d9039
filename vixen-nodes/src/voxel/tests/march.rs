//! `shaders/voxel_trace.glsl` in Rust, word by word, to find its mistakes without a GPU.

use glam::{IVec3, Vec3};

use crate::voxel::BrickMap;
use crate::voxel::layout::{SOLID, morton3};

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

    let mut path = [0u32; 6];
    let mut level = map.levels as usize;
    let mut mask = SOLID;
    for _ in 0..=size.element_sum() {
        *steps += 1;
        let mut shift = 0;
        if mask == SOLID {
            loop {
                let node = map.nodes[path[level] as usize];
                if node.first == SOLID {
                    return Some((voxel, face, t));
                }
                let cell = (voxel >> cell_shift(level)) & 3;
                let number = morton3(cell.x as u32, cell.y as u32, cell.z as u32);
                if !has_bit(node.mask, number) {
                    shift = cell_shift(level) + empty_shift(node.mask, number);
                    break;
                }
                let child = node.first + rank(node.mask, number);
                if level == 1 {
                    mask = map.bricks[child as usize].mask;
                    if mask == SOLID {
                        return Some((voxel, face, t));
                    }
                    break;
                }
                level -= 1;
                path[level] = child;
            }
        }
        if mask != SOLID {
            let number = morton3(voxel.x as u32, voxel.y as u32, voxel.z as u32);
            let group = map.masks[mask as usize].groups[number as usize >> 6];
            if has_bit(group, number & 63) {
                return Some((voxel, face, t));
            }
            shift = empty_shift(group, number & 63);
        }

        let low = voxel >> shift << shift;
        let high = low + ((1 << shift) - 1);
        let leave = (IVec3::select(IVec3::cmpgt(d.signum().as_ivec3(), IVec3::ZERO), high + 1, low).as_vec3() - origin)
            * inverse;
        let axis = first_smallest(leave);
        t = leave[axis];
        face = face_of(axis, positive.test(axis));
        let ahead = (origin + d * t).floor().as_ivec3();
        let mut next = voxel;
        for i in 0..3 {
            let (least, most) = if positive.test(i) { (voxel[i], high[i]) } else { (low[i], voxel[i]) };
            next[i] = ahead[i].clamp(least, most);
        }
        next[axis] = if positive.test(axis) { high[axis] + 1 } else { low[axis] - 1 };
        if next[axis] < 0 || next[axis] >= size[axis] {
            return None;
        }

        let changed = voxel ^ next;
        let highest = 31 - (changed.x | changed.y | changed.z).leading_zeros() as i32;
        if highest >= 3 {
            mask = SOLID;
            level = level.max((highest - 1) as usize >> 1);
        }
        voxel = next;
    }
    panic!("the ray from {origin} to {direction} did not come to an end");
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
