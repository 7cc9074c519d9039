//! The trees that the brick map is compared with hold the same voxels.

use glam::{IVec3, UVec3};

use super::random_voxel;
use crate::voxel::{BrickMap, Node64, OctreeNode, Scene, Voxel, VoxelTree, normal};

/// The voxel there, as the 64-tree tells.
fn in_tree64(tree: &VoxelTree<Node64>, at: UVec3) -> Option<u32> {
    let mut node = tree.nodes[0];
    for level in (0..tree.levels).rev() {
        if node.first & Node64::SOLID != 0 {
            break;
        }
        let cell = (at >> (2 * level)) & 3;
        let number = crate::voxel::layout::morton3(cell.x, cell.y, cell.z);
        let mask = u64::from(node.low) | u64::from(node.high) << 32;
        if mask >> number & 1 == 0 {
            return None;
        }
        let child = node.first as usize + (mask & ((1 << number) - 1)).count_ones() as usize;
        if level == 0 {
            return Some(tree.attributes[child]);
        }
        node = tree.nodes[child];
    }
    Some(tree.attributes[(node.first & !Node64::SOLID) as usize])
}

/// The voxel there, as the octree tells.
fn in_esvo(tree: &VoxelTree<OctreeNode>, at: UVec3) -> Option<u32> {
    let mut index = 0;
    for level in (0..tree.levels).rev() {
        let bits = (at >> level) & 1;
        let child = bits.x | bits.y << 1 | bits.z << 2;
        let OctreeNode { words: [first, masks] } = tree.nodes[index];
        let (valid, leaf) = (masks >> 8, masks & 0xFF);
        let below = (1 << child) - 1;
        if valid >> child & 1 == 0 {
            return None;
        }
        if leaf >> child & 1 != 0 {
            return Some(tree.attributes[(tree.attributes[index] + (leaf & below).count_ones()) as usize]);
        }
        index = (first + (valid & !leaf & below).count_ones()) as usize;
    }
    panic!("a voxel is a leaf");
}

fn word(voxel: Voxel) -> u32 {
    u32::from(voxel.material) | u32::from(voxel.normal.map_or(normal::NONE, normal::encode)) << 16
}

fn compare(map: &BrickMap) {
    let tree64 = VoxelTree::tree64(map).expect("the scene is small");
    let esvo = VoxelTree::esvo(map).expect("the scene is small");
    for at in (0..map.size.element_product())
        .map(|index| UVec3::new(index % map.size.x, index / map.size.x % map.size.y, index / map.size.x / map.size.y))
    {
        let voxel = map.get(at.as_ivec3()).map(word);
        assert_eq!(in_tree64(&tree64, at), voxel, "{at} in the 64-tree");
        assert_eq!(in_esvo(&esvo, at), voxel, "{at} in the octree");
    }
}

#[test]
fn trees_hold_what_the_brick_map_holds() {
    // Edges below, at and above those of nodes of every structure.
    let sizes = [[1, 1, 1], [2, 5, 3], [16, 16, 16], [17, 64, 30], [65, 40, 33], [128, 32, 129]];
    for (seed, size) in sizes.into_iter().enumerate() {
        let scene = Scene::from_fn("random", UVec3::from_array(size), move |at| random_voxel(seed as u64, at));
        compare(&scene.expect("the first voxel is solid").map);
    }
}

#[test]
fn solid_cubes_take_no_more_than_a_record() {
    let solid = |at: IVec3| (at.y < 64).then_some(3);
    let map = Scene::from_fn("slab", UVec3::splat(256), solid).expect("it has voxels").map;
    compare(&map);
    let tree64 = VoxelTree::tree64(&map).expect("the scene is small");
    let esvo = VoxelTree::esvo(&map).expect("the scene is small");
    assert_eq!((tree64.nodes.len(), esvo.nodes.len()), (1 + 16, 1 + 4));
}
