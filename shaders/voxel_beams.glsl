// How far all rays of a block of pixels go before any of them can come near a voxel: together they leap through the scene's distance
// field. Include voxel_view.glsl and voxel_distances.glsl first. Uses binding 7 of set 0.

layout(local_size_x = 8, local_size_y = 4) in;

layout(set = 0, binding = 7, r32f) writeonly uniform image2D starts;

// From which distance on rays may hit a voxel whose directions lie between two. Distances count in lengths of the directions,
// which are 1 at least.
float beam_start(vec3 origin, vec3 least, vec3 most, ivec3 size) {
    // Rounding moves no point of a ray farther than this.
    const float MARGIN = 0.02;
    int shift = int(distances.data[0]);
    ivec3 extent = ivec3(distances.data[1], distances.data[2], distances.data[3]);
    vec3 middle = 0.5 * vec3(size);
    float beyond = distance(origin, middle) + length(middle);
    vec3 outside = max(max(-origin, origin - vec3(size)), vec3(0.0));
    float t = length(outside) / length(max(abs(least), abs(most)));

    // A beam leaves a box by a side when the fastest of its rays does.
    vec3 up = 1.0 / max(most, vec3(1e-20));
    vec3 down = 1.0 / min(least, vec3(-1e-20));
    for (int leaps = 256; leaps > 0 && t < beyond; --leaps) {
        vec3 center = origin + 0.5 * (least + most) * t;
        ivec3 cube = clamp(ivec3(floor(center)) >> shift, ivec3(0), extent - 1);
        int away = distance_at(cube);
        if (away == 0) {
            return t;
        }
        // All between these corners is empty; and what lies outside of the scene is so too.
        ivec3 low = cube - (away - 1);
        ivec3 high = cube + away;
        vec3 far_low = mix(vec3(low << shift) + MARGIN, vec3(-1e20), lessThanEqual(low, ivec3(0)));
        vec3 far_high = mix(vec3(high << shift) - MARGIN, vec3(1e20), greaterThanEqual(high, extent));
        vec3 leave_up = mix((far_high - origin) * up, vec3(1e30), lessThanEqual(most, vec3(0.0)));
        vec3 leave_down = mix((far_low - origin) * down, vec3(1e30), greaterThanEqual(least, vec3(0.0)));
        vec3 leave = min(leave_up, leave_down);
        float next = min(leave.x, min(leave.y, leave.z));
        // The box must hold the beam where it is now, too.
        bool holds = all(greaterThan(origin + least * t, far_low)) && all(lessThan(origin + most * t, far_high));
        if (!holds || next <= t) {
            return t;
        }
        t = next;
    }
    return t < beyond ? t : 1e30;
}

void write_start(ivec2 extent) {
    ivec2 beam = ivec2(gl_GlobalInvocationID.xy);
    ivec2 first = beam * BEAM;
    if (any(greaterThanEqual(first, extent))) {
        return;
    }
    ivec2 last = min(first + BEAM, extent) - 1;
    vec3 a = primary_direction(first, extent);
    vec3 b = primary_direction(ivec2(last.x, first.y), extent);
    vec3 c = primary_direction(ivec2(first.x, last.y), extent);
    vec3 d = primary_direction(last, extent);
    vec3 least = min(min(a, b), min(c, d));
    vec3 most = max(max(a, b), max(c, d));
    imageStore(starts, beam, vec4(beam_start(camera.position.xyz, least, most, ivec3(params.scene_size))));
}
