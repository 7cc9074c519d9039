//! Triangles as the GPU builds scenes from them: checked once, so that shaders can trust every index, and counted, so that there is room.

use bytemuck::{Pod, Zeroable};
#[cfg(feature = "gltf")]
use glam::{UVec3, Vec3};
use vixen::Block;

#[cfg(feature = "gltf")]
use super::MAX_EDGE;
#[cfg(feature = "gltf")]
use super::voxelise;

/// A surface of triangles, in voxels.
#[derive(Clone, Debug)]
pub struct Surface {
    /// The size of its scene.
    pub(crate) size: [u32; 3],
    pub(crate) vertices: Vec<SurfaceVertex>,
    pub(crate) triangles: Vec<SurfaceTriangle>,
    /// How many bricks they may touch.
    pub(crate) bricks: u32,
    /// How many cells of 4×4×4 bricks.
    pub(crate) cells: u32,
    /// How many pairs of a triangle and a brick that it may touch.
    pub(crate) bins: u32,
}

/// A corner of triangles.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Block)]
pub struct SurfaceVertex {
    /// Where it is.
    pub position: [f32; 3],
    /// Where the surface faces; zero where it is not known.
    pub normal: [f32; 3],
}

/// A triangle.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Block)]
pub struct SurfaceTriangle {
    /// Its vertices.
    pub corners: [u32; 3],
    /// Its place in the palette, a [`MaterialIndex`](super::MaterialIndex).
    pub material: u32,
}

/// Why triangles are no surface.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SurfaceError {
    /// A scene cannot have this size.
    #[error("a scene of {}×{}×{} voxels is not possible; choose 1 to {} for each side", size[0], size[1], size[2], super::MAX_EDGE)]
    Size {
        /// The size.
        size: [u32; 3],
    },
    /// A vertex lies outside of the scene, or nowhere.
    #[error("vertex {vertex} is at {position:?}, outside of the scene of {}×{}×{} voxels; move it inside", size[0], size[1], size[2])]
    Outside {
        /// Which one.
        vertex: usize,
        /// Where it is.
        position: [f32; 3],
        /// The scene's size.
        size: [u32; 3],
    },
    /// A normal is no direction.
    #[error("the normal of vertex {vertex} is {normal:?}; give a finite one, or zeros where it is not known")]
    Normal {
        /// Of which vertex.
        vertex: usize,
        /// The normal.
        normal: [f32; 3],
    },
    /// A triangle uses a vertex or a material that does not exist.
    #[error("triangle {triangle} uses {what} {index}, of which there are {count}")]
    NoSuch {
        /// Which triangle.
        triangle: usize,
        /// "vertex" or "material".
        what: &'static str,
        /// The vertex or material.
        index: u32,
        /// How many there are.
        count: usize,
    },
    /// There are more pairs of a triangle and a brick than buffers can hold.
    #[error("the triangles touch too many bricks; choose a smaller scene")]
    TooMany,
}

vixen::debug_as_display!(SurfaceError);

#[cfg(feature = "gltf")]
impl Surface {
    /// Triangles in a scene of this size, in which all of them lie: coordinates are at least 0 and less than the size. What it takes to sort
    /// them into bricks is counted here, on all cores.
    ///
    /// # Errors
    /// When an index or a coordinate is out of bounds, or they are too many.
    pub fn new(
        size: UVec3,
        vertices: Vec<SurfaceVertex>,
        triangles: Vec<SurfaceTriangle>,
    ) -> Result<Self, SurfaceError> {
        check(size, &vertices, &triangles)?;
        let bins = voxelise::bins_of(size, &vertices, &triangles).ok_or(SurfaceError::TooMany)?;
        Ok(Self::counted(size, vertices, triangles, bins.iter().map(|bin| (bin >> 32) as u32)))
    }

    /// A surface that needs no check, given the place on the Morton curve of the brick of each bin, in order.
    pub(super) fn counted(
        size: UVec3,
        vertices: Vec<SurfaceVertex>,
        triangles: Vec<SurfaceTriangle>,
        places: impl ExactSizeIterator<Item = u32>,
    ) -> Self {
        let (mut bricks, mut cells, bins, mut last) = (0, 0, places.len() as u32, None);
        for place in places {
            bricks += u32::from(last != Some(place));
            cells += u32::from(last.map(|last| last >> 6) != Some(place >> 6));
            last = Some(place);
        }
        Self { size: size.to_array(), vertices, triangles, bricks, cells, bins }
    }
}

#[cfg(feature = "gltf")]
fn check(size: UVec3, vertices: &[SurfaceVertex], triangles: &[SurfaceTriangle]) -> Result<(), SurfaceError> {
    if size.min_element() == 0 || size.max_element() > MAX_EDGE {
        return Err(SurfaceError::Size { size: size.to_array() });
    }
    let end = size.as_vec3();
    for (vertex, &SurfaceVertex { position, normal }) in vertices.iter().enumerate() {
        let at = Vec3::from(position);
        // Nothing that is no number is at least 0.
        if !(at.cmpge(Vec3::ZERO) & at.cmplt(end)).all() {
            return Err(SurfaceError::Outside { vertex, position, size: size.to_array() });
        }
        if !Vec3::from(normal).is_finite() {
            return Err(SurfaceError::Normal { vertex, normal });
        }
    }
    for (triangle, &SurfaceTriangle { corners, material }) in triangles.iter().enumerate() {
        let no_such = |what, index, count| SurfaceError::NoSuch { triangle, what, index, count };
        if let Some(&corner) = corners.iter().find(|corner| **corner as usize >= vertices.len()) {
            return Err(no_such("vertex", corner, vertices.len()));
        }
        if material > 255 {
            return Err(no_such("material", material, 256));
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "gltf"))]
mod tests {
    use super::*;

    fn vertex(position: [f32; 3]) -> SurfaceVertex {
        SurfaceVertex { position, normal: [0.0; 3] }
    }

    #[test]
    fn bricks_and_cells_are_counted() {
        let size = UVec3::new(100, 50, 40);
        let corners = [[1.0, 1.0, 1.0], [2.0, 9.0, 1.0], [1.0, 1.0, 2.0], [99.5, 49.5, 39.5]].map(vertex).to_vec();
        let triangle = |corners| SurfaceTriangle { corners, material: 0 };
        let surface = Surface::new(size, corners, vec![triangle([0, 1, 2]), triangle([3, 3, 3]), triangle([0, 0, 2])]);
        let Surface { bricks, cells, bins, .. } = surface.expect("all lie inside");
        assert_eq!((bricks, cells, bins), (3, 2, 4));
    }

    #[test]
    fn what_shaders_could_not_trust_is_refused() {
        let refused = |at: [f32; 3], normal: [f32; 3], corner, material| {
            let vertices = vec![vertex([0.0; 3]), SurfaceVertex { position: at, normal }];
            let triangles = vec![SurfaceTriangle { corners: [0, 1, corner], material }];
            Surface::new(UVec3::splat(64), vertices, triangles).map(|_| ()).expect_err("it is wrong").to_string()
        };
        let (inside, none) = ([1.0; 3], [0.0; 3]);
        for at in [[-0.5, 0.0, 0.0], [0.0, 64.0, 0.0], [0.0, 0.0, f32::NAN], [f32::INFINITY, 0.0, 0.0]] {
            let message = refused(at, none, 0, 0);
            assert!(message.starts_with("vertex 1 is at [") && message.ends_with("move it inside"), "{message}");
        }
        assert!(refused(inside, [f32::NAN, 0.0, 0.0], 0, 0).starts_with("the normal of vertex 1 is [NaN"));
        assert_eq!(refused(inside, none, 2, 0), "triangle 0 uses vertex 2, of which there are 2");
        assert_eq!(refused(inside, none, 0, 256), "triangle 0 uses material 256, of which there are 256");
        let flat = Surface::new(UVec3::new(64, 0, 64), Vec::new(), Vec::new()).map(|_| ());
        assert!(matches!(flat, Err(SurfaceError::Size { .. })));
    }
}
