//! Inputs by hand, in few words.

use ash::vk::{AccessFlags2 as A, ImageLayout as L, PipelineStageFlags2 as S};
use vixen::plan::*;
use vixen::testing::{exact, oracle};

/// Reads a storage buffer in a compute shader.
pub const LOAD: Use = Use { stages: S::COMPUTE_SHADER, access: A::SHADER_STORAGE_READ, layout: L::GENERAL };
/// Writes a storage buffer or image in a compute shader.
pub const STORE: Use = Use { stages: S::COMPUTE_SHADER, access: A::SHADER_STORAGE_WRITE, layout: L::GENERAL };
/// Reads and writes in a compute shader.
pub const UPDATE: Use = Use {
    stages: S::COMPUTE_SHADER,
    access: A::from_raw(A::SHADER_STORAGE_READ.as_raw() | A::SHADER_STORAGE_WRITE.as_raw()),
    layout: L::GENERAL,
};
/// Samples in a fragment shader.
pub const SAMPLE: Use =
    Use { stages: S::FRAGMENT_SHADER, access: A::SHADER_SAMPLED_READ, layout: L::SHADER_READ_ONLY_OPTIMAL };
/// Tests against a depth image that does not change.
pub const TEST_DEPTH: Use = Use {
    stages: S::EARLY_FRAGMENT_TESTS,
    access: A::DEPTH_STENCIL_ATTACHMENT_READ,
    layout: L::DEPTH_STENCIL_READ_ONLY_OPTIMAL,
};
/// Copies from.
pub const COPY_FROM: Use = Use { stages: S::COPY, access: A::TRANSFER_READ, layout: L::TRANSFER_SRC_OPTIMAL };
/// Copies into.
pub const COPY_TO: Use = Use { stages: S::COPY, access: A::TRANSFER_WRITE, layout: L::TRANSFER_DST_OPTIMAL };
/// Draws into.
pub const DRAW: Use =
    Use { stages: S::COLOR_ATTACHMENT_OUTPUT, access: A::COLOR_ATTACHMENT_WRITE, layout: L::COLOR_ATTACHMENT_OPTIMAL };

/// An input under construction.
#[derive(Default)]
pub struct Builder {
    pub input: Input,
}

impl Builder {
    fn resource(&mut self, image: bool, residency: Residency) -> ResourceId {
        self.input.resources.push(ResourceItem {
            image,
            residency,
            entry: None,
            exit: None,
            sink: false,
            device: DeviceIndex(0),
        });
        ResourceId(self.input.resources.len() as u32 - 1)
    }

    pub fn buffer(&mut self, residency: Residency) -> ResourceId {
        self.resource(false, residency)
    }

    pub fn image(&mut self, residency: Residency) -> ResourceId {
        self.resource(true, residency)
    }

    /// An image that is acquired before the frame and presented after it.
    pub fn swapchain(&mut self) -> ResourceId {
        let id = self.image(Residency::Swapchain);
        let item = &mut self.input.resources[id.0 as usize];
        item.entry = Some(Use { access: A::NONE, layout: L::UNDEFINED, ..DRAW });
        item.exit = Some(Use { stages: S::NONE, access: A::NONE, layout: L::PRESENT_SRC_KHR });
        id
    }

    /// A node, a sink, with its accesses.
    pub fn node(&mut self, accesses: &[Access]) -> NodeId {
        let first = self.input.accesses.len() as u32;
        let slots = accesses.iter().zip(0..).map(|(access, slot)| Access { slot, ..*access });
        self.input.accesses.extend(slots);
        self.input.nodes.push(NodeItem {
            accesses: first..self.input.accesses.len() as u32,
            device: DeviceIndex(0),
            queue: Queue::Main,
            rate: Rate(0),
            dynamic: false,
            sink: true,
        });
        NodeId(self.input.nodes.len() as u32 - 1)
    }

    /// A node that is alive only if something needs what it writes.
    pub fn useful_node(&mut self, accesses: &[Access]) -> NodeId {
        let id = self.node(accesses);
        self.input.nodes[id.0 as usize].sink = false;
        id
    }

    pub fn dynamic_node(&mut self, accesses: &[Access]) -> NodeId {
        let id = self.node(accesses);
        self.input.nodes[id.0 as usize].dynamic = true;
        id
    }

    /// The plan, which the oracle has nothing to say against.
    pub fn plan(&self) -> Plan {
        let plan = plan(&self.input, &Options::default()).expect("the input is valid");
        assert_eq!(exact::check(&self.input, &plan), []);
        for states in vixen::testing::campaign::states(&self.input, 0) {
            assert_eq!(oracle::run(&self.input, &plan, &states), []);
        }
        plan
    }
}

fn access(resource: ResourceId, effect: Effect, usage: Use) -> Access {
    let (age, region, condition, slot) = (0, Region::WHOLE, Condition::ALWAYS, 0);
    Access { resource, age, region, effect, usage, condition, slot }
}

pub fn read(resource: ResourceId, usage: Use) -> Access {
    access(resource, Effect::Read, usage)
}

pub fn write(resource: ResourceId, usage: Use) -> Access {
    access(resource, Effect::Write, usage)
}

pub fn update(resource: ResourceId, usage: Use) -> Access {
    access(resource, Effect::ReadWrite, usage)
}

/// The same access of only some mip levels.
pub fn levels(levels: std::ops::Range<u64>, access: Access) -> Access {
    Access { region: Region { major: [levels.start, levels.end], minor: [0, 1] }, ..access }
}

/// The same access of an older copy.
pub fn aged(age: u32, access: Access) -> Access {
    Access { age, ..access }
}

/// The same access while a switch is in a position.
pub fn when(switch: u32, on: bool, access: Access) -> Access {
    let mask = 1 << switch;
    Access { condition: Condition { mask, value: if on { mask } else { 0 } }, ..access }
}

/// The dependencies of each barrier command.
pub fn commands(plan: &Plan) -> Vec<&[Dependency]> {
    plan.barriers.iter().map(|range| &plan.dependencies[range.start as usize..range.end as usize]).collect()
}

/// All dependencies for a resource.
pub fn for_resource(plan: &Plan, id: ResourceId) -> Vec<Dependency> {
    plan.dependencies.iter().filter(|one| one.resource == id).copied().collect()
}
