//! Random planner inputs that a user's graph could have led to: what is read has been written, and a node never touches
//! what it writes a second time.

use ash::vk::{AccessFlags2 as A, ImageLayout as L, PipelineStageFlags2 as S};

use super::random::Random;
use crate::plan::{Access, Condition, Effect, Input, NodeItem, Region, Residency, ResourceId, ResourceItem, Use};

/// What a random graph may hold.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many nodes.
    pub nodes: u32,
    /// How many resources, at least one.
    pub resources: u32,
    /// How many switches.
    pub switches: u32,
    /// Every node is a sink, so that none is culled.
    pub all_sinks: bool,
}

/// A graph of 2 to 200 nodes, more often small than large.
pub fn random(seed: u64) -> Input {
    let mut random = Random::new(seed);
    let nodes = match random.below(10) {
        0..4 => 2 + random.below(9),
        4..8 => 2 + random.below(49),
        _ => 2 + random.below(199),
    };
    let resources = 1 + random.below(nodes) + random.below(4);
    let switches = if random.chance(50) { 0 } else { 1 + random.below(4) };
    generate(&mut random, Shape { nodes, resources, switches, all_sinks: false })
}

/// A graph of 7 nodes that meet often, with images, in-place writes and sub-resources.
pub fn random_of_seven(seed: u64) -> Input {
    let mut random = Random::new(seed);
    let resources = 2 + random.below(7);
    generate(&mut random, Shape { nodes: 7, resources, switches: 0, all_sinks: true })
}

/// A graph of a given shape.
pub fn generate(random: &mut Random, shape: Shape) -> Input {
    let mut builder = Builder { input: Input { switches: shape.switches, ..Input::default() }, resources: Vec::new() };
    for _ in 0..shape.resources.max(1) {
        builder.add_resource(random);
    }
    for index in 0..shape.nodes {
        let sink = shape.all_sinks || index + 1 == shape.nodes || random.chance(25);
        builder.add_node(random, sink);
    }
    builder.write_unwritten_histories();
    builder.input
}

const fn buffer(stages: S, access: A) -> Use {
    Use { stages, access, layout: L::UNDEFINED }
}

const fn image(stages: S, access: A, layout: L) -> Use {
    Use { stages, access, layout }
}

const GRAPHICS: S = S::from_raw(S::VERTEX_SHADER.as_raw() | S::FRAGMENT_SHADER.as_raw());
const SAMPLERS: S = S::from_raw(S::COMPUTE_SHADER.as_raw() | S::FRAGMENT_SHADER.as_raw());
const TESTS: S = S::from_raw(S::EARLY_FRAGMENT_TESTS.as_raw() | S::LATE_FRAGMENT_TESTS.as_raw());
const STORAGE: A = A::from_raw(A::SHADER_STORAGE_READ.as_raw() | A::SHADER_STORAGE_WRITE.as_raw());
const COLOR: A = A::from_raw(A::COLOR_ATTACHMENT_READ.as_raw() | A::COLOR_ATTACHMENT_WRITE.as_raw());
const DEPTH: A = A::from_raw(A::DEPTH_STENCIL_ATTACHMENT_READ.as_raw() | A::DEPTH_STENCIL_ATTACHMENT_WRITE.as_raw());

const BUFFER_READS: [Use; 6] = [
    buffer(S::COMPUTE_SHADER, A::SHADER_STORAGE_READ),
    buffer(S::COMPUTE_SHADER, A::UNIFORM_READ),
    buffer(GRAPHICS, A::SHADER_STORAGE_READ),
    buffer(S::DRAW_INDIRECT, A::INDIRECT_COMMAND_READ),
    buffer(S::VERTEX_ATTRIBUTE_INPUT, A::VERTEX_ATTRIBUTE_READ),
    buffer(S::COPY, A::TRANSFER_READ),
];
const BUFFER_WRITES: [Use; 3] = [
    buffer(S::COMPUTE_SHADER, A::SHADER_STORAGE_WRITE),
    buffer(S::COPY, A::TRANSFER_WRITE),
    buffer(S::FRAGMENT_SHADER, A::SHADER_STORAGE_WRITE),
];
const BUFFER_UPDATES: [Use; 2] = [buffer(S::COMPUTE_SHADER, STORAGE), buffer(GRAPHICS, STORAGE)];
const IMAGE_READS: [Use; 5] = [
    image(SAMPLERS, A::SHADER_SAMPLED_READ, L::SHADER_READ_ONLY_OPTIMAL),
    image(S::FRAGMENT_SHADER, A::SHADER_SAMPLED_READ, L::SHADER_READ_ONLY_OPTIMAL),
    image(S::COMPUTE_SHADER, A::SHADER_STORAGE_READ, L::GENERAL),
    image(S::COPY, A::TRANSFER_READ, L::TRANSFER_SRC_OPTIMAL),
    image(TESTS, A::DEPTH_STENCIL_ATTACHMENT_READ, L::DEPTH_STENCIL_READ_ONLY_OPTIMAL),
];
const IMAGE_WRITES: [Use; 4] = [
    image(S::COMPUTE_SHADER, A::SHADER_STORAGE_WRITE, L::GENERAL),
    image(S::COPY, A::TRANSFER_WRITE, L::TRANSFER_DST_OPTIMAL),
    image(S::COLOR_ATTACHMENT_OUTPUT, A::COLOR_ATTACHMENT_WRITE, L::COLOR_ATTACHMENT_OPTIMAL),
    image(TESTS, DEPTH, L::DEPTH_STENCIL_ATTACHMENT_OPTIMAL),
];
const IMAGE_UPDATES: [Use; 3] = [
    image(S::COMPUTE_SHADER, STORAGE, L::GENERAL),
    image(S::COLOR_ATTACHMENT_OUTPUT, COLOR, L::COLOR_ATTACHMENT_OPTIMAL),
    image(TESTS, DEPTH, L::DEPTH_STENCIL_ATTACHMENT_OPTIMAL),
];
const ACQUIRED: Use = image(S::COLOR_ATTACHMENT_OUTPUT, A::NONE, L::UNDEFINED);
const PRESENTED: Use = image(S::NONE, A::NONE, L::PRESENT_SRC_KHR);
const LENT: Use = image(S::FRAGMENT_SHADER, A::SHADER_SAMPLED_READ, L::SHADER_READ_ONLY_OPTIMAL);
const HOST: Use = buffer(S::HOST, A::HOST_READ);
const FOREIGN: Use = buffer(S::COMPUTE_SHADER, A::SHADER_STORAGE_WRITE);

/// A resource, and which units of it have contents; a unit is the smallest part that a region here is made of.
struct Resource {
    rows: u32,
    columns: u32,
    /// What one row counts in a region: bytes of a buffer.
    scale: u64,
    /// Ends are written as `MAX`.
    open: bool,
    defined: u64,
    /// Units written at any age.
    written: u64,
    depth: u32,
}

impl Resource {
    fn whole(&self) -> u64 {
        self.units([0, self.rows], [0, self.columns])
    }

    fn units(&self, rows: [u32; 2], columns: [u32; 2]) -> u64 {
        let mut units = 0;
        for row in rows[0]..rows[1] {
            for column in columns[0]..columns[1] {
                units |= 1 << (row * self.columns + column);
            }
        }
        units
    }

    fn region(&self, rows: [u32; 2], columns: [u32; 2]) -> Region {
        let mut major = rows.map(|row| u64::from(row) * self.scale);
        let mut minor = columns;
        if self.open && rows[1] == self.rows {
            major[1] = u64::MAX;
        }
        if self.open && self.scale == 1 && columns[1] == self.columns {
            minor[1] = u32::MAX;
        }
        Region { major, minor }
    }

    /// Mostly all of it.
    fn part(&self, random: &mut Random) -> ([u32; 2], [u32; 2]) {
        let mut range = |count: u32| {
            if random.chance(60) {
                return [0, count];
            }
            let first = random.below(count);
            [first, first + 1 + random.below(count - first)]
        };
        (range(self.rows), range(self.columns))
    }
}

struct Builder {
    input: Input,
    resources: Vec<Resource>,
}

impl Builder {
    fn add_resource(&mut self, random: &mut Random) {
        let is_image = random.chance(50);
        let mut item = ResourceItem {
            image: is_image,
            residency: Residency::Transient,
            entry: None,
            exit: None,
            sink: false,
            device: Default::default(),
        };
        let mut depth = 0;
        let outside = if is_image { LENT } else { FOREIGN };
        match random.below(20) {
            0..10 => {}
            10 => {
                // Somebody else has a part in what lives for a frame only.
                item.entry = random.chance(50).then_some(outside);
                item.exit = random.chance(50).then_some(outside);
            }
            11..14 => {
                depth = 1 + random.below(3);
                item.residency = Residency::History { depth };
                item.sink = random.chance(20);
            }
            14..17 => {
                item.residency = Residency::Persistent;
                item.sink = random.chance(50);
                item.entry = random.chance(30).then_some(outside);
                item.exit = random.chance(30).then_some(outside);
            }
            17..19 => {
                item.residency = Residency::PerSlot;
                item.entry = (is_image && random.chance(20)).then_some(outside);
                item.exit = random.chance(60).then_some(if is_image { outside } else { HOST });
            }
            _ => {
                item.residency = Residency::Swapchain;
                item.image = true;
                item.entry = random.chance(80).then_some(ACQUIRED);
                item.exit = Some(PRESENTED);
            }
        }
        // Mostly somebody wants the contents as well.
        item.sink |= item.exit.is_some() && random.chance(70);
        // An import whose contents are of no use.
        if let Some(entry) = item.entry.as_mut().filter(|_| is_image && random.chance(20)) {
            entry.layout = L::UNDEFINED;
        }
        let lent = item.residency == Residency::Swapchain;
        let split = !lent && random.chance(40);
        let rows = if split { 1 + random.below(8) } else { 1 };
        let columns = if split && item.image { 1 + random.below(6) } else { 1 };
        let scale = if item.image { 1 } else { 256 };
        let resource = Resource { rows, columns, scale, open: random.chance(50), defined: 0, written: 0, depth };
        // Anything but these keeps contents from frame to frame, or has them from elsewhere.
        let undefined = match (item.residency, item.entry) {
            (Residency::Swapchain, _) | (Residency::Transient, None) => true,
            (Residency::PerSlot, None) => item.image,
            (_, entry) => item.image && entry.is_some_and(|entry| entry.layout == L::UNDEFINED),
        };
        let defined = if undefined { 0 } else { resource.whole() };
        self.resources.push(Resource { defined, ..resource });
        self.input.resources.push(item);
    }

    fn add_node(&mut self, random: &mut Random, sink: bool) {
        let first = self.input.accesses.len() as u32;
        // What the node touches already: resource, age, units, and whether it writes them.
        let mut touched: Vec<(u32, u32, u64, bool)> = Vec::new();
        let mut slots = 1 + random.below(4);
        while slots > 0 {
            slots -= 1;
            if self.input.switches > 0 && random.chance(25) {
                // A wire that a switch selects: one of several.
                for condition in self.alternatives(random) {
                    self.add_access(random, slots, condition, &mut touched);
                }
            } else {
                self.add_access(random, slots, Condition::ALWAYS, &mut touched);
            }
        }
        self.input.nodes.push(NodeItem {
            accesses: first..self.input.accesses.len() as u32,
            device: Default::default(),
            queue: Default::default(),
            rate: Default::default(),
            dynamic: random.chance(15),
            sink,
        });
    }

    /// The states in which each of the wires between which a switch selects is there; one of them may itself be selected by
    /// another switch.
    fn alternatives(&self, random: &mut Random) -> Vec<Condition> {
        let switch = 1 << random.below(self.input.switches);
        let [on, off] = [switch, 0].map(|value| Condition { mask: switch, value });
        let inner = 1 << random.below(self.input.switches);
        if inner == switch || random.chance(50) {
            return vec![on, off];
        }
        let within = |value| Condition { mask: switch | inner, value: switch | value };
        vec![within(inner), within(0), off]
    }

    /// Adds an access if one can be found that does not get in the way of the others.
    fn add_access(
        &mut self,
        random: &mut Random,
        slot: u32,
        condition: Condition,
        touched: &mut Vec<(u32, u32, u64, bool)>,
    ) {
        let id = random.below(self.resources.len() as u32);
        let (resource, item) = (&mut self.resources[id as usize], &self.input.resources[id as usize]);
        let (rows, columns) = resource.part(random);
        let units = resource.units(rows, columns);
        let age = if resource.depth > 0 && random.chance(60) { random.below(resource.depth + 1) } else { 0 };
        let defined = age > 0 || units & !resource.defined == 0;
        let effect = match random.below(10) {
            0..5 if defined => Effect::Read,
            // An older copy is hardly ever changed.
            5..7 if defined && (age == 0 || random.chance(10)) => Effect::ReadWrite,
            _ if age > 0 => Effect::Read,
            // A switch selects what is read; what it selects to be changed must have contents as well.
            _ if condition != Condition::ALWAYS && !defined => return,
            _ => Effect::Write,
        };
        let clashes = |&(other, at, mask, writes): &(u32, u32, u64, bool)| {
            other == id && at == age && mask & units != 0 && (writes || effect.writes())
        };
        if touched.iter().any(clashes) {
            return;
        }
        touched.push((id, age, units, effect.writes()));
        if effect.writes() {
            resource.written |= units;
            if age == 0 {
                resource.defined |= units;
            }
        }
        let uses: &[Use] = match (item.image, effect) {
            (false, Effect::Read) => &BUFFER_READS,
            (false, Effect::Write) => &BUFFER_WRITES,
            (false, Effect::ReadWrite) => &BUFFER_UPDATES,
            (true, Effect::Read) => &IMAGE_READS,
            (true, Effect::Write) => &IMAGE_WRITES,
            (true, Effect::ReadWrite) => &IMAGE_UPDATES,
        };
        let usage = *random.pick(uses);
        let region = resource.region(rows, columns);
        self.input.accesses.push(Access { resource: ResourceId(id), age, region, effect, usage, condition, slot });
    }

    /// A history that nobody writes is a mistake, so somebody does.
    fn write_unwritten_histories(&mut self) {
        for (id, resource) in self.resources.iter().enumerate() {
            if resource.depth == 0 || resource.written == resource.whole() {
                continue;
            }
            let first = self.input.accesses.len() as u32;
            let usage = if self.input.resources[id].image { IMAGE_WRITES[0] } else { BUFFER_WRITES[0] };
            self.input.accesses.push(Access {
                resource: ResourceId(id as u32),
                age: 0,
                region: resource.region([0, resource.rows], [0, resource.columns]),
                effect: Effect::Write,
                usage,
                condition: Condition::ALWAYS,
                slot: 0,
            });
            self.input.nodes.push(NodeItem {
                accesses: first..first + 1,
                device: Default::default(),
                queue: Default::default(),
                rate: Default::default(),
                dynamic: false,
                sink: false,
            });
        }
    }
}
