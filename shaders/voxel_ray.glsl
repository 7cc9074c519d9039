// What the stages of the ray-tracing pipelines have in common. Include voxel_step.glsl first.

// In Hit.face of a ray that has hit nothing.
const uint FACE_NONE = 7u;
