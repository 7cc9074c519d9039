//! A brick map seen coarsely: where each brick is, and the one voxel of 8×8×8 that stands for it where its own are missing.

use glam::{UVec3, Vec3};

use super::brick_map::{BrickMap, cell_edge};
use super::layout::{BRICK_EDGE, BRICK_VOXELS, Brick, LOOKS_COARSE, LOOKS_STORED, SOLID};
use super::looks::{self, Looks};
use super::normal;
use super::source::MaterialIndex;

/// All bricks of a map, in its order.
pub(crate) struct Coarse {
    /// Where they are, in bricks.
    pub places: Vec<[u16; 3]>,
    /// What stands for them. Where that is the brick itself, nothing is ever missing.
    pub bricks: Vec<Brick>,
}

/// Voxels of a brick that are looked at for what it looks like, at most.
const SAMPLES: usize = 64;

impl Coarse {
    /// Of a map.
    pub fn of(map: &BrickMap) -> Self {
        let mut places = vec![[0; 3]; map.bricks.len()];
        let mut waiting = vec![(0_u32, map.levels, UVec3::ZERO)];
        while let Some((index, level, origin)) = waiting.pop() {
            let (node, edge) = (&map.nodes[index as usize], cell_edge(level));
            if node.first == SOLID {
                continue;
            }
            for (child, cell) in node.children() {
                let corner = origin + cell * edge;
                if level > 1 {
                    waiting.push((child, level - 1, corner));
                } else {
                    places[child as usize] = (corner / BRICK_EDGE).to_array().map(|at| at as u16);
                }
            }
        }
        let bricks = map.bricks.iter().map(|brick| map.coarse(brick)).collect();
        Self { places, bricks }
    }
}

impl BrickMap {
    /// What stands for a brick.
    fn coarse(&self, brick: &Brick) -> Brick {
        if brick.is_whole() {
            return *brick;
        }
        let (material, normal) = self.looks(brick);
        let look = u32::from(material) | u32::from(normal) << 8;
        Brick { mask: [u32::MAX; 2], first: SOLID, looks: LOOKS_COARSE | look }
    }

    /// The most frequent material of a brick's surface and its mean normal, from some of its voxels.
    fn looks(&self, brick: &Brick) -> (MaterialIndex, u16) {
        let (voxels, looks) = (self.voxels_of(brick), Looks::of(brick, &self.attributes));
        let step = voxels.div_ceil(SAMPLES).max(1);
        let (mut sum, mut votes) = (Vec3::ZERO, [0_u16; 256]);
        for rank in (0..voxels).step_by(step) {
            let normal = looks.normal(rank).and_then(normal::decode);
            sum += normal.unwrap_or_default();
            // Voxels with a normal are those that are seen.
            votes[usize::from(looks.material(rank))] += if normal.is_some() { SAMPLES as u16 } else { 1 };
        }
        let most = (0..=u8::MAX).rev().max_by_key(|&material| votes[usize::from(material)]).unwrap_or_default();
        (most, if sum.length_squared() > 0.01 { normal::encode(sum) } else { normal::NONE })
    }

    /// How many voxels of a brick are solid.
    fn voxels_of(&self, brick: &Brick) -> usize {
        if brick.first == SOLID { BRICK_VOXELS } else { brick.look_up(&self.masks, BRICK_VOXELS as u32).1 as usize }
    }

    /// What a brick has besides its record: its masks, and the words of its looks.
    pub(crate) fn contents_of(&self, brick: &Brick) -> (&[u8], &[u32]) {
        (self.masks_of(brick), self.looks_of(brick))
    }

    /// How many words those take, each of the two from a word on.
    pub(crate) fn words_of(&self, brick: &Brick) -> u32 {
        let (masks, looks) = self.contents_of(brick);
        (masks.len().div_ceil(4) + looks.len()) as u32
    }

    /// A brick's masks; and, where there are some, those behind them that fill the last word, since whole words are copied faster.
    fn masks_of(&self, brick: &Brick) -> &[u8] {
        if brick.first == SOLID {
            return &[];
        }
        let masks = &self.masks[brick.first as usize..];
        &masks[..brick.octet_count().next_multiple_of(4).min(masks.len())]
    }

    /// The words of a brick's looks.
    fn looks_of(&self, brick: &Brick) -> &[u32] {
        if brick.looks & LOOKS_STORED == 0 {
            return &[];
        }
        let words = Looks::of(brick, &self.attributes).words(self.voxels_of(brick)).expect("the map is valid");
        &self.attributes[looks::place(brick)..][..words]
    }
}

impl Brick {
    /// Octets of a brick that is not full, at most: bytes of masks.
    pub(crate) const MOST_OCTETS: u64 = 64;

    /// Whether it is solid all through, of one material and without normals: then it has nothing besides its record.
    pub(crate) fn is_whole(&self) -> bool {
        self.first == SOLID && self.looks & LOOKS_STORED == 0
    }

    /// The same brick with its masks from some byte on, and its looks from some word of attributes on.
    pub(crate) fn moved(&self, first: u32, looks: u32) -> Self {
        Self {
            mask: self.mask,
            first: if self.first == SOLID { SOLID } else { first },
            looks: if self.looks & LOOKS_STORED == 0 { self.looks } else { LOOKS_STORED | looks },
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::{IVec3, UVec3, Vec3};

    use super::super::layout::unmorton3;
    use super::*;
    use crate::voxel::{BrickVoxels, Content, Cube, Scene, SceneSource, VoxelSource, build};

    #[test]
    fn every_brick_is_where_it_says_and_looks_like_its_voxels() {
        // Two layers of stone under one of grass, and walls between.
        let voxel = |at: IVec3| match at.y {
            0..2 => Some(3),
            2 => Some(5),
            _ => (at.x % 40 == 7).then_some(9),
        };
        let map = Scene::from_fn("yard", UVec3::new(100, 30, 70), voxel).expect("it has voxels").map;
        let coarse = Coarse::of(&map);
        assert_eq!((coarse.places.len(), coarse.bricks.len()), (map.bricks.len(), map.bricks.len()));
        for (index, place) in coarse.places.iter().enumerate() {
            let brick = &map.bricks[index];
            let origin = UVec3::from_array(place.map(u32::from)) * BRICK_EDGE;
            for number in 0..512 {
                let at = (origin + UVec3::from_array(unmorton3(number))).as_ivec3();
                assert_eq!(map.get(at), map.voxel_of(brick, number), "{at}");
            }
            let looks = coarse.bricks[index].looks;
            assert_eq!(looks >> 30, LOOKS_COARSE >> 30);
            assert_eq!(looks & 255, if place[1] == 0 { 3 } else { 9 }, "the most of {place:?}");
        }
        assert_eq!(map.coarse(&map.bricks[0]).looks >> 8 & 0xFFFF, u32::from(normal::NONE));
    }

    /// Voxels in one layer of a brick, with a normal each; under them stone without.
    struct Slope(Vec3);

    impl VoxelSource for Slope {
        fn size(&self) -> UVec3 {
            UVec3::splat(8)
        }

        fn content(&self, _: Cube) -> Content {
            Content::Mixed
        }

        fn fill(&self, _: UVec3, brick: &mut BrickVoxels) {
            for (z, x) in (0..8).flat_map(|z| (0..8).map(move |x| (z, x))) {
                (0..5).for_each(|y| brick.set(UVec3::new(x, y, z), 1));
                brick.set_with_normal(UVec3::new(x, 5, z), 2, self.0);
            }
        }
    }

    #[test]
    fn a_slope_keeps_its_material_and_direction() {
        let up = Vec3::new(0.6, 0.8, 0.0);
        let palette = SceneSource::from_fn("", UVec3::ONE, |_| None).palette;
        let map = build("slope", &Slope(up), &palette, &|_| {}).expect("it has voxels");
        let looks = Coarse::of(&map).bricks[0].looks;
        assert_eq!((looks & 255, looks >> 8 & 0xFFFF), (2, u32::from(normal::encode(up))));
        assert_eq!(map.looks_of(&map.bricks[0]).len(), map.attributes.len());
        assert_eq!(map.masks_of(&map.bricks[0]).len(), map.masks.len());
    }
}
