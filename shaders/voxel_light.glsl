// Sun, sky, haze and the darkness of corners. Include voxel_view.glsl and voxel_surface.glsl first.

// What the air near the sun throws towards the eye.
vec3 glow(vec3 direction) {
    float towards_sun = max(dot(direction, params.sun_direction), 0.0);
    float low = pow(1.0 - max(direction.y, 0.0), 3.0);
    return params.sun_color * (0.035 * pow(towards_sun, 6.0) * (0.4 + low) + 0.06 * pow(towards_sun, 90.0));
}

// The sky in a direction of length 1, without the sun itself. It goes on below the horizon, where scenes end in the air.
vec3 sky(vec3 direction) {
    float up = clamp((direction.y + 0.25) / 1.25, 0.0, 1.0);
    return mix(params.sky_zenith, params.sky_horizon, pow(1.0 - up, 5.0)) + glow(direction);
}

vec3 sun_disc(vec3 direction) {
    return params.sun_color * 12.0 * smoothstep(0.99994, 0.99998, dot(direction, params.sun_direction));
}

// Light from all around on a surface: the sky from above, what the ground throws back from below.
vec3 ambient(vec3 normal) {
    vec3 above = 0.55 * params.sky_zenith + 0.33 * params.sky_horizon;
    vec3 below = 0.10 * params.sun_color * max(params.sun_direction.y, 0.0) * vec3(0.9, 1.0, 0.7) + 0.12 * params.sky_horizon;
    return mix(below, above, 0.5 + 0.5 * normal.y);
}

// The light that is left after a way through haze that thins with height.
float transmittance(float height, vec3 direction, float way) {
    float rate = direction.y / params.haze_height;
    float depth = abs(rate * way) < 1e-3 ? way : (1.0 - exp(-rate * way)) / rate;
    return exp(-params.haze * exp(-height / params.haze_height) * depth);
}

vec3 through_haze(vec3 color, vec3 origin, vec3 direction, float way) {
    if (params.haze <= 0.0) {
        return color;
    }
    // Blue is scattered out of the way and in from the side before red is.
    float clear = transmittance(max(origin.y, 0.0), direction, way);
    vec3 left = pow(vec3(clear), vec3(0.75, 1.0, 1.45));
    return color * left + 0.85 * (params.sky_horizon + glow(direction)) * (1.0 - left);
}

// How open the surroundings of a point on a face are, from the eight voxels around the one in front of it: 0 to 1.
// Each corner of the face counts the three voxels that meet there, and the point lies between the corners.
float openness(ivec3 size, int levels, ivec3 voxel, uint face, vec3 point) {
    int axis = int(min(face >> 1, 2u));
    ivec3 front = voxel;
    front[axis] += (face & 1u) == 0u ? -1 : 1;
    ivec3 u = ivec3(0);
    ivec3 v = ivec3(0);
    u[(axis + 1) % 3] = 1;
    v[(axis + 2) % 3] = 1;
    float west = float(is_solid(size, levels, front - u));
    float east = float(is_solid(size, levels, front + u));
    float south = float(is_solid(size, levels, front - v));
    float north = float(is_solid(size, levels, front + v));
    float south_west = max(float(is_solid(size, levels, front - u - v)), west * south);
    float south_east = max(float(is_solid(size, levels, front + u - v)), east * south);
    float north_west = max(float(is_solid(size, levels, front - u + v)), west * north);
    float north_east = max(float(is_solid(size, levels, front + u + v)), east * north);
    vec4 hidden = vec4(west + south + south_west, east + south + south_east, west + north + north_west, east + north + north_east);
    vec2 at = clamp(vec2(dot(point - vec3(voxel), vec3(u)), dot(point - vec3(voxel), vec3(v))), 0.0, 1.0);
    vec2 rows = mix(hidden.xz, hidden.yw, at.x);
    return 1.0 - mix(rows.x, rows.y, at.y) / 3.0;
}

// The light that a voxel sends towards the start of the ray that hit it. `footprint` is the size of a pixel there, in voxels.
vec3 shade(ivec3 size, int levels, vec3 origin, vec3 direction, Hit hit, float footprint) {
    vec3 own_normal;
    Material material = surface(hit, own_normal);
    vec3 flat_normal = face_normal(hit.face);
    // A normal may be that of the other side of something thin.
    if (dot(own_normal, flat_normal) < 0.0 && dot(own_normal, direction) > 0.0) {
        own_normal = -own_normal;
    }
    int axis = int(min(hit.face >> 1, 2u));

    // On the face, and away from its edges, so that the next ray starts in the voxel in front of it.
    vec3 point = clamp(origin + direction * hit.t, vec3(hit.voxel) + 2e-3, vec3(hit.voxel) + 0.998);
    point[axis] = float(hit.voxel[axis]) + (flat_normal[axis] > 0.0 ? 1.0 : 0.0);

    // Near by, voxels are cubes; from where they are a few pixels, their own normals stand for many faces.
    float distant = smoothstep(0.2, 1.2, footprint);
    vec3 normal = normalize(mix(flat_normal, own_normal, mix(0.7, 1.0, smoothstep(0.05, 0.4, footprint))));

    float sun = max(dot(normal, params.sun_direction), 0.0);
    if (sun > 0.0) {
        // A surface with a normal of its own is smooth: its steps must not shade it. Those of a plane stand out of it by a voxel's
        // height along the plane's normal.
        bool smooth_surface = any(notEqual(own_normal, flat_normal));
        float height = dot(abs(own_normal), vec3(1.0));
        vec3 start = point + flat_normal * 2e-3 + (smooth_surface ? own_normal * (height + mix(0.1, 0.3, distant)) : vec3(0.0));
        Hit blocker;
        if (trace(size, levels, start, params.sun_direction, 1e30, blocker)) {
            sun = 0.0;
        }
    }
    float open = openness(size, levels, hit.voxel, hit.face, point);
    float occlusion = 1.0 - params.occlusion * (1.0 - mix(open, 0.85, distant));
    vec3 light = params.sun_color * sun + ambient(normal) * occlusion;
    return material.color.rgb * (light + material.color.a * 4.0);
}

// The floor that a model stands on, seen where a ray passes the model by: its shadow, and then the sky's own colour far out.
vec3 add_floor(vec3 behind, ivec3 size, int levels, vec3 origin, vec3 direction) {
    if (params.floor_radius <= 0.0 || direction.y >= -1e-4 || origin.y <= 0.0) {
        return behind;
    }
    vec3 point = origin - direction * (origin.y / direction.y);
    float away = length(point.xz - 0.5 * vec2(size.xz)) / params.floor_radius;
    float here = 1.0 - smoothstep(0.0, 1.0, away);
    if (here <= 0.0) {
        return behind;
    }
    Hit blocker;
    bool shaded = trace(size, levels, vec3(point.x, 2e-3, point.z), params.sun_direction, 1e30, blocker);
    vec3 light = (shaded ? vec3(0.0) : params.sun_color * params.sun_direction.y) + ambient(vec3(0.0, 1.0, 0.0));
    return mix(behind, params.floor_color * light, here);
}
