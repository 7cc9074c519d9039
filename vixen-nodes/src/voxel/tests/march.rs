//! `shaders/voxel_trace.glsl` in Rust, word by word, to find its mistakes without a GPU.

use glam::{BVec3, IVec3, Vec3};

use crate::voxel::layout::{SOLID, morton3};
use crate::voxel::{BrickMap, TopGrid};

const TINY: f32 = 1e-20;
const BRICK_SHIFT: i32 = 3;
const OCTET_SHIFT: i32 = 1;
const GROUP_SHIFT: i32 = 2;

/// Finds the first solid voxel on a ray, the face by which the ray comes in, and how far it is.
pub(super) fn trace(map: &BrickMap, grid: &TopGrid, origin: Vec3, direction: Vec3) -> Option<Seen> {
    trace_counting(map, grid, origin, direction, &mut 0)
}

/// Also counts the steps from one empty cube to the next.
pub(super) fn trace_counting(
    map: &BrickMap,
    grid: &TopGrid,
    origin: Vec3,
    direction: Vec3,
    steps: &mut u64,
) -> Option<Seen> {
    trace_from(map, grid, (origin, direction), 0.0, steps)
}

/// The voxel, the face, and how far it is.
pub(super) type Seen = (IVec3, u32, f32);

/// The same from a distance on.
pub(super) fn trace_from(
    map: &BrickMap,
    grid: &TopGrid,
    (ray_origin, direction): (Vec3, Vec3),
    start: f32,
    steps: &mut u64,
) -> Option<Seen> {
    let size = map.size.as_ivec3();
    let positive = direction.cmpge(Vec3::ZERO);
    let (grid_shift, halves) = (grid.shader_format().abs(), grid.shader_format() < 0);
    let extent = ((size - 1) >> grid_shift) + 1;
    let whole = extent << grid_shift;
    let origin = Vec3::select(positive, ray_origin, whole.as_vec3() - ray_origin);
    let direction = direction.abs().max(Vec3::splat(TINY));
    let inverse = 1.0 / direction;
    let bias = (1.0 - origin) * inverse;
    let low = IVec3::select(positive, IVec3::ZERO, whole - size);
    let high = low + size - 1;

    let near = (low.as_vec3() - origin) * inverse;
    let leave_of = |last: IVec3| last.as_vec3().mul_add(inverse, bias);
    let t_end = leave_of(high).min_element();
    let mut t = near.max_element().max(start);
    if t >= t_end {
        return None;
    }
    let mut voxel = first_voxel_at(origin + direction * t).clamp(low, high);

    let stride = IVec3::new(1, extent.x, extent.x * extent.y);
    let first_cell = IVec3::select(positive, IVec3::ZERO, (extent - 1) * stride).element_sum();
    let stride = IVec3::select(positive, stride, -stride);
    let octant = u32::from(!positive.x) | u32::from(!positive.y) << 1 | u32::from(!positive.z) << 2;
    let flip = octant * 9;

    let (mut at, mut spot) = (0, Spot { empty: 0, beyond: 0, mask: [0; 2], first: 0 });
    let mut other_brick = true;
    for _ in 0..=size.element_sum() {
        *steps += 1;
        if other_brick || grid_shift == GROUP_SHIFT {
            let number = first_cell + ((voxel >> grid_shift) * stride).element_sum();
            at = cell_at(number, grid_shift);
        }
        let word = word_of(grid.words(), at, halves);
        let mut found = false;
        let mut last;
        if grid_shift == GROUP_SHIFT {
            if word & 15 != 0 {
                last = (voxel | 3) + leap(word, octant, grid_shift, halves);
            } else {
                let number = cell_number(voxel, 0) ^ flip;
                let mask = grid.words()[at + 1 + number as usize / 32];
                found = mask >> (number & 31) & 1 != 0;
                last = voxel | IVec3::splat(i32::from(mask >> (number & 24) & 255 == 0));
            }
        } else {
            if other_brick {
                spot = look_up(map, word, (grid_shift, halves), voxel, (octant, flip));
            }
            last = (voxel | IVec3::splat(spot.empty)) + spot.beyond;
            if spot.empty == 0 {
                let number = cell_number(voxel, OCTET_SHIFT) ^ flip;
                if !has_bit(spot.mask, number) {
                    last = voxel | IVec3::splat((2 << empty_shift(spot.mask, number)) - 1);
                } else {
                    found = spot.first == SOLID;
                    if !found {
                        let octet = spot.first + rank(spot.mask, number);
                        found = map.masks[octet as usize] >> ((cell_number(voxel, 0) ^ flip) & 7) & 1 != 0;
                    }
                }
            }
        }
        if found {
            return Some(hit(voxel, whole, positive, (origin, inverse)));
        }

        let leave = leave_of(last);
        t = leave.min_element();
        if t.is_nan() || t >= t_end {
            return None;
        }
        let next = voxel_at(origin + direction * t).clamp(voxel, high);
        let next = IVec3::select(leave.cmple(Vec3::splat(t)), last + 1, next);
        let changed = voxel ^ next;
        other_brick = (changed.x | changed.y | changed.z) >> BRICK_SHIFT != 0;
        voxel = next;
    }
    panic!("the ray from {ray_origin} to {direction} did not come to an end");
}

/// `shaders/voxel_step.glsl`.
fn voxel_at(place: Vec3) -> IVec3 {
    const ONES: f32 = 8_388_608.0;
    let bits = |ones: f32| ones.to_bits() as i32;
    IVec3::from_array((place + (ONES - 0.5)).to_array().map(|shifted| bits(shifted).wrapping_sub(bits(ONES))))
}

fn first_voxel_at(place: Vec3) -> IVec3 {
    voxel_at(place * (1.0 + f32::EPSILON))
}

/// A voxel of the mirror image, as it is without it, the face by which the ray comes in, and how far it is.
fn hit(voxel: IVec3, whole: IVec3, positive: BVec3, (origin, inverse): (Vec3, Vec3)) -> Seen {
    let own = IVec3::select(positive, voxel, whole - 1 - voxel);
    let enter = (voxel.as_vec3() - origin) * inverse;
    let t = enter.max_element();
    let axis = (0..3).find(|&axis| enter[axis] == t).unwrap_or(2);
    if t > 0.0 { (own, 2 * axis as u32 + u32::from(!positive.test(axis)), t) } else { (own, 6, 0.0) }
}

/// `shaders/voxel_grid.glsl`.
struct Spot {
    empty: i32,
    beyond: i32,
    mask: [u32; 2],
    first: u32,
}

fn cell_at(number: i32, grid_shift: i32) -> usize {
    (if grid_shift == GROUP_SHIFT { 3 } else { 1 } * number) as usize
}

fn word_of(words: &[u32], at: usize, halves: bool) -> u32 {
    if halves { (words[at / 2] >> (16 * (at % 2))) as i16 as u32 } else { words[at] }
}

fn leap(word: u32, octant: u32, grid_shift: i32, halves: bool) -> i32 {
    let cells = if halves {
        (1 << (word >> (2 * octant) & 3) >> i32::from(octant == 0)) - 1
    } else {
        (word >> (4 * octant) & 15) as i32 - 1
    };
    cells << grid_shift
}

fn look_up(
    map: &BrickMap,
    word: u32,
    (grid_shift, halves): (i32, bool),
    voxel: IVec3,
    (octant, flip): (u32, u32),
) -> Spot {
    let beyond = leap(word, octant, grid_shift, halves);
    let bits = if halves { 2 } else { 4 };
    let mut spot = Spot { empty: (1 << grid_shift) - 1, beyond, mask: [u32::MAX; 2], first: SOLID };
    if word & ((1 << bits) - 1) != 0 {
        return spot;
    }
    (spot.empty, spot.beyond) = (0, 0);
    if (word as i32) < 0 {
        return spot;
    }
    let mut brick = word >> bits;
    if grid_shift == 4 {
        let eighths = brick & 255;
        let eighth = cell_number(voxel, BRICK_SHIFT) & 7 ^ octant;
        spot.empty = if eighths >> eighth & 1 != 0 { 0 } else { 7 };
        brick = (brick >> 8) + (eighths & ((1 << eighth) - 1)).count_ones();
    } else if grid_shift == 5 {
        let node = map.nodes[brick as usize];
        let number = cell_number(voxel, BRICK_SHIFT) ^ flip;
        spot.empty = if has_bit(node.mask, number) { 0 } else { (8 << empty_shift(node.mask, number)) - 1 };
        brick = node.first + rank(node.mask, number);
    }
    if spot.empty == 0 {
        let brick = &map.bricks[brick as usize];
        (spot.mask, spot.first) = (brick.mask, brick.first);
    }
    spot
}

fn cell_number(voxel: IVec3, shift: i32) -> u32 {
    let cell = (voxel >> shift) & 3;
    morton3(cell.x as u32, cell.y as u32, cell.z as u32)
}

fn has_bit(mask: [u32; 2], number: u32) -> bool {
    mask[number as usize / 32] >> (number & 31) & 1 != 0
}

fn rank(mask: [u32; 2], number: u32) -> u32 {
    let below = (1 << (number & 31)) - 1;
    if number < 32 { (mask[0] & below).count_ones() } else { mask[0].count_ones() + (mask[1] & below).count_ones() }
}

fn empty_shift(mask: [u32; 2], number: u32) -> i32 {
    i32::from(mask[number as usize / 32] >> (number & 24) & 255 == 0)
}
