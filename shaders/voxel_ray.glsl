// What the stages of the ray-tracing pipelines have in common. Include voxel_step.glsl first.

// In Hit.face of a ray that has hit nothing.
const uint FACE_NONE = 7u;

// What an intersection shader tells of a hit besides its distance and face.
struct Found {
    ivec3 voxel;
    uint brick;
    uint material;
};
