#version 460

// Temporal anti-aliasing (Karis 2014, "High Quality Temporal Supersampling"): the camera looks through another place of each pixel in
// every frame, and what frames before saw is carried along to where it is now.

layout(local_size_x = 8, local_size_y = 8) in;

struct View {
    vec4 position;
    vec4 right;
    vec4 up;
    vec4 forward;
};

layout(set = 0, binding = 0, std140) uniform Views {
    View now;
    View before;
} views;
// Light, and how far away it comes from; 0 where that is endless.
layout(set = 0, binding = 1, rgba16f) readonly uniform image2D hdr;
// What the frame before resolved.
layout(set = 0, binding = 2) uniform sampler2D history;
// The mean of frames, and how many they are.
layout(set = 0, binding = 3, rgba16f) writeonly uniform image2D resolved;

const float MOST_STILL = 64.0;
const float MOST_MOVING = 8.0;

// Bright light is squeezed before it is averaged, so that no single sample outshines the others.
vec3 squeeze(vec3 light) {
    return light / (1.0 + max(light.r, max(light.g, light.b)));
}

vec3 stretch(vec3 light) {
    return light / max(1.0 - max(light.r, max(light.g, light.b)), 1e-3);
}

// Where the frame before saw what a pixel's centre sees at a distance, in pixels.
vec2 seen_before(ivec2 pixel, vec2 extent, float way) {
    float aspect = extent.x / extent.y;
    vec2 at = (vec2(pixel) + 0.5) / extent * 2.0 - 1.0;
    vec3 direction = views.now.forward.xyz + views.now.right.xyz * (at.x * aspect) - views.now.up.xyz * at.y;
    vec3 arm = way > 0.0 ? views.now.position.xyz - views.before.position.xyz + normalize(direction) * way : direction;
    float depth = dot(arm, views.before.forward.xyz);
    float scale = dot(views.before.up.xyz, views.before.up.xyz);
    vec2 there = vec2(dot(arm, views.before.right.xyz) / aspect, -dot(arm, views.before.up.xyz)) / (scale * max(depth, 1e-6));
    return depth > 0.0 ? (there * 0.5 + 0.5) * extent : vec2(-1.0);
}

void main() {
    ivec2 pixel = ivec2(gl_GlobalInvocationID.xy);
    ivec2 extent = imageSize(resolved);
    if (any(greaterThanEqual(pixel, extent))) {
        return;
    }
    // The nine pixels around bound what may have been here, and an edge moves with the nearer of its sides.
    vec3 middle = squeeze(max(imageLoad(hdr, pixel).rgb, vec3(0.0)));
    vec3 least = middle;
    vec3 most = middle;
    float way = 0.0;
    for (int y = -1; y <= 1; ++y) {
        for (int x = -1; x <= 1; ++x) {
            vec4 near = imageLoad(hdr, clamp(pixel + ivec2(x, y), ivec2(0), extent - 1));
            vec3 light = squeeze(max(near.rgb, vec3(0.0)));
            least = min(least, light);
            most = max(most, light);
            way = near.a > 0.0 && (way == 0.0 || near.a < way) ? near.a : way;
        }
    }
    bool still = views.now.position == views.before.position && views.now.forward == views.before.forward
        && views.now.right.xyz == views.before.right.xyz;
    vec2 from = still ? vec2(pixel) + 0.5 : seen_before(pixel, vec2(extent), way);
    bool inside = all(greaterThanEqual(from, vec2(0.0))) && all(lessThan(from, vec2(extent)));
    vec4 before = inside ? textureLod(history, from / vec2(extent), 0.0) : vec4(0.0);
    // The farther something moved, the less is what was there the same, and the less are its edges looked at.
    float moving = MOST_MOVING * (1.0 - smoothstep(4.0, 16.0, distance(from, vec2(pixel) + 0.5)));
    float count = min(floor(before.a + 0.5), still ? MOST_STILL : moving) + 1.0;
    vec3 kept = clamp(squeeze(max(before.rgb, vec3(0.0))), least, most);
    imageStore(resolved, pixel, vec4(stretch(mix(kept, middle, 1.0 / count)), count));
}
