// Which triangles may touch which bricks: vixen-nodes/src/voxel/voxelise/bins.rs. The program of passes that go through all such pairs, an
// invocation a triangle. Include build_triangle.glsl first, and say what becomes of a pair: visit().

layout(local_size_x = 64) in;

// Bricks of a box that one invocation tests, and of one that so many share.
const uint FEW = 32u;
const uint MANY = 4096u;
const uint SHARERS = 8u;

void visit(uvec3 brick, uint triangle);

// Triangles whose boxes hold more than few bricks, and those that the whole workgroup shares.
shared uint wide[64];
shared uint wide_count;
shared uint widest[64];
shared uint widest_count;

// The bricks, counted in bricks, of the box around a triangle.
struct Bricks {
    ivec3 first;
    ivec3 size;
};

Bricks bricks_of(Triangle triangle) {
    vec3 a = position_of(triangle.corners[0]);
    vec3 b = position_of(triangle.corners[1]);
    vec3 c = position_of(triangle.corners[2]);
    ivec3 first = ivec3(min(min(a, b), c)) >> 3;
    ivec3 last = ivec3(max(max(a, b), c)) >> 3;
    return Bricks(first, last - first + 1);
}

uint count_of(Bricks bricks) {
    return uint(bricks.size.x * bricks.size.y * bricks.size.z);
}

ivec3 place_in(ivec3 size, uint number) {
    uint x = number % uint(size.x);
    uint rest = number / uint(size.x);
    return ivec3(x, rest % uint(size.y), rest / uint(size.y));
}

// Goes through the bricks of a large box with so many invocations: each has a cell of 4×4×4 bricks at a time.
void visit_wide(uint index, uint sharer, uint sharers) {
    Triangle triangle = triangles.data[index];
    Bricks bricks = bricks_of(triangle);
    Corners corners = corners_of(triangle, vec3(bricks.first * 8));
    Tests of_cells = tests_of(corners, 32.0);
    Tests of_bricks = tests_of(corners, 8.0);
    ivec3 last = bricks.first + bricks.size - 1;
    ivec3 first_cell = bricks.first >> 2;
    ivec3 cells = (last >> 2) - first_cell + 1;
    for (uint i = sharer; i < uint(cells.x * cells.y * cells.z); i += sharers) {
        ivec3 cell = (first_cell + place_in(cells, i)) * 4;
        if (!touches(of_cells, vec3((cell - bricks.first) * 8))) {
            continue;
        }
        ivec3 low = max(cell, bricks.first);
        ivec3 size = min(cell + 3, last) - low + 1;
        for (uint j = 0u; j < uint(size.x * size.y * size.z); ++j) {
            ivec3 brick = low + place_in(size, j);
            if (touches(of_bricks, vec3((brick - bricks.first) * 8))) {
                visit(uvec3(brick), index);
            }
        }
    }
}

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint index = workgroup() * 64u + thread;
    if (thread == 0u) {
        wide_count = 0u;
        widest_count = 0u;
    }
    barrier();
    if (index < uint(triangles.data.length())) {
        Triangle triangle = triangles.data[index];
        Bricks bricks = bricks_of(triangle);
        uint count = count_of(bricks);
        if (count == 1u) {
            visit(uvec3(bricks.first), index);
        } else if (count <= FEW) {
            Tests tests = tests_of(corners_of(triangle, vec3(bricks.first * 8)), 8.0);
            for (uint i = 0u; i < count; ++i) {
                ivec3 brick = place_in(bricks.size, i);
                if (touches(tests, vec3(brick * 8))) {
                    visit(uvec3(bricks.first + brick), index);
                }
            }
        } else if (count <= MANY) {
            wide[atomicAdd(wide_count, 1u)] = index;
        } else {
            widest[atomicAdd(widest_count, 1u)] = index;
        }
    }
    barrier();
    for (uint i = thread / SHARERS; i < wide_count; i += 64u / SHARERS) {
        visit_wide(wide[i], thread % SHARERS, SHARERS);
    }
    for (uint i = 0u; i < widest_count; ++i) {
        visit_wide(widest[i], thread, 64u);
    }
}
