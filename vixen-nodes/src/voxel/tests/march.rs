//! `shaders/voxel_trace.glsl` in Rust, word by word, to find its mistakes without a GPU.

use glam::{IVec3, Vec3};

use crate::voxel::layout::{SOLID, morton3};
use crate::voxel::{BrickMap, TopGrid};

const TINY: f32 = 1e-20;
const BRICK_SHIFT: i32 = 3;
const OCTET_SHIFT: i32 = 1;
const GRID_HEAD: i32 = 4;

/// Finds the first solid voxel on a ray, the face by which the ray comes in, and how far it is.
pub(super) fn trace(map: &BrickMap, grid: &TopGrid, origin: Vec3, direction: Vec3) -> Option<(IVec3, u32, f32)> {
    trace_counting(map, grid, origin, direction, &mut 0)
}

/// Also counts the steps from one empty cube to the next.
pub(super) fn trace_counting(
    map: &BrickMap,
    grid: &TopGrid,
    ray_origin: Vec3,
    direction: Vec3,
    steps: &mut u64,
) -> Option<(IVec3, u32, f32)> {
    let size = map.size.as_ivec3();
    let slope = Vec3::from_array(direction.to_array().map(|v| if v.abs() < TINY { TINY } else { v }));
    let positive = slope.cmpgt(Vec3::ZERO);
    let grid_shift = grid.words()[0] as i32;
    let extent = ((size - 1) >> grid_shift) + 1;
    let whole = extent << grid_shift;
    let origin = Vec3::select(positive, ray_origin, whole.as_vec3() - ray_origin);
    let (direction, inverse) = (slope.abs(), (1.0 / slope).abs());
    let bias = (1.0 - origin) * inverse;
    let low = IVec3::select(positive, IVec3::ZERO, whole - size);
    let high = low + size - 1;

    let near = (low.as_vec3() - origin) * inverse;
    let leave_of = |last: IVec3| last.as_vec3().mul_add(inverse, bias);
    let t_end = leave_of(high).min_element();
    let mut t = near.max_element().max(0.0);
    if t >= t_end {
        return None;
    }
    let voxel = (origin + direction * t).as_ivec3().clamp(low, high);
    let mut voxel = IVec3::select(near.cmpeq(Vec3::splat(t)), low, voxel);

    let stride = IVec3::new(1, extent.x, extent.x * extent.y);
    let first_cell = GRID_HEAD + IVec3::select(positive, IVec3::ZERO, (extent - 1) * stride).element_sum();
    let stride = IVec3::select(positive, stride, -stride);
    let octant = u32::from(!positive.x) | u32::from(!positive.y) << 1 | u32::from(!positive.z) << 2;
    let flip = octant * 9;

    let mut spot = Spot { leaps: 0, shift: 0, mask: [0; 2], first: 0 };
    let mut other_brick = true;
    for _ in 0..=size.element_sum() {
        *steps += 1;
        if other_brick {
            let cell = first_cell + ((voxel >> grid_shift) * stride).element_sum();
            spot = spot_in(map, grid.words()[cell as usize], grid_shift, voxel, flip);
        }
        let last = if spot.leaps != 0 {
            let more = (spot.leaps >> (4 * octant) & 15) as i32 - 1;
            (voxel | IVec3::splat((1 << spot.shift) - 1)) + (more << spot.shift)
        } else if spot.first == SOLID {
            return Some(hit(ray_origin, slope, voxel, whole));
        } else {
            let number = cell_number(voxel, OCTET_SHIFT) ^ flip;
            if has_bit(spot.mask, number) {
                let rank = rank(spot.mask, number);
                let voxels = map.masks[(spot.first + (rank >> 2)) as usize] >> (8 * (rank & 3)) & 255;
                if voxels >> ((cell_number(voxel, 0) ^ flip) & 7) & 1 != 0 {
                    return Some(hit(ray_origin, slope, voxel, whole));
                }
                voxel
            } else {
                voxel | IVec3::splat((1 << (OCTET_SHIFT + empty_shift(spot.mask, number))) - 1)
            }
        };

        let last = last.min(high);
        let leave = leave_of(last);
        t = leave.min_element();
        if t >= t_end {
            return None;
        }
        let next = (origin + direction * t).as_ivec3().clamp(voxel, last);
        let next = IVec3::select(leave.cmple(Vec3::splat(t)), last + 1, next);
        let changed = voxel ^ next;
        other_brick = (changed.x | changed.y | changed.z) >> BRICK_SHIFT != 0;
        voxel = next;
    }
    panic!("the ray from {ray_origin} to {direction} did not come to an end");
}

fn hit(origin: Vec3, slope: Vec3, voxel: IVec3, whole: IVec3) -> (IVec3, u32, f32) {
    let positive = slope.cmpgt(Vec3::ZERO);
    let own = IVec3::select(positive, voxel, whole - 1 - voxel);
    let enter = (IVec3::select(positive, own, own + 1).as_vec3() - origin) * (1.0 / slope);
    let axis = first_smallest(-enter);
    let t = enter.max_element();
    if t > 0.0 { (own, 2 * axis as u32 + u32::from(!positive.test(axis)), t) } else { (own, 6, 0.0) }
}

/// `shaders/voxel_grid.glsl`.
struct Spot {
    leaps: u32,
    shift: i32,
    mask: [u32; 2],
    first: u32,
}

fn spot_in(map: &BrickMap, word: u32, shift: i32, voxel: IVec3, flip: u32) -> Spot {
    if word & 15 != 0 {
        return Spot { leaps: word, shift, mask: [0; 2], first: SOLID };
    }
    if (word as i32) < 0 {
        return Spot { leaps: 0, shift, mask: [0; 2], first: SOLID };
    }
    let mut brick = word >> 4;
    if shift > BRICK_SHIFT {
        let node = map.nodes[brick as usize];
        let number = cell_number(voxel, BRICK_SHIFT) ^ flip;
        if !has_bit(node.mask, number) {
            let shift = BRICK_SHIFT + empty_shift(node.mask, number);
            return Spot { leaps: 0x1111_1111, shift, mask: [0; 2], first: SOLID };
        }
        brick = node.first + rank(node.mask, number);
    }
    let brick = &map.bricks[brick as usize];
    Spot { leaps: 0, shift, mask: brick.mask, first: brick.first }
}

fn cell_number(voxel: IVec3, shift: i32) -> u32 {
    let cell = (voxel >> shift) & 3;
    morton3(cell.x as u32, cell.y as u32, cell.z as u32)
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
