//! Regions cut into cells, for the checkers: apart from `model` nothing here is shared with the planner.

use ash::vk;

use crate::plan::{Access, Input, NodeId, Plan, Region, Residency, ResourceId, ResourceItem, Use};

/// The cells of all resources, cut along every edge that an access or a dependency has.
#[derive(Clone, Debug)]
pub struct Cells {
    /// For each resource the smallest regions that no edge crosses.
    of: Vec<Vec<Region>>,
}

impl Cells {
    /// Cuts all resources.
    pub fn of(input: &Input, plan: &Plan) -> Self {
        let mut regions = vec![Vec::new(); input.resources.len()];
        let dependencies = plan.dependencies.iter().chain(&plan.initial).map(|one| (one.resource, one.region));
        for (id, region) in input.accesses.iter().map(|one| (one.resource, one.region)).chain(dependencies) {
            if !regions[id.0 as usize].contains(&region) {
                regions[id.0 as usize].push(region);
            }
        }
        Self { of: regions.iter().map(|regions| cells(regions)).collect() }
    }

    /// The cells of a resource.
    pub fn all(&self, resource: ResourceId) -> &[Region] {
        &self.of[resource.0 as usize]
    }

    /// The cells within a region.
    pub fn within(&self, resource: ResourceId, region: Region) -> impl Iterator<Item = usize> + '_ {
        self.all(resource).iter().enumerate().filter(move |(_, cell)| cell.overlaps(region)).map(|(index, _)| index)
    }
}

fn cells(regions: &[Region]) -> Vec<Region> {
    let mut majors: Vec<u64> = regions.iter().flat_map(|region| region.major).collect();
    let mut minors: Vec<u32> = regions.iter().flat_map(|region| region.minor).collect();
    majors.sort_unstable();
    majors.dedup();
    minors.sort_unstable();
    minors.dedup();
    let columns: Vec<[u32; 2]> = minors.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    let rows = majors.windows(2).map(|pair| [pair[0], pair[1]]);
    let all = rows.flat_map(|major| columns.iter().map(move |&minor| Region { major, minor }));
    all.filter(|cell| regions.iter().any(|region| region.overlaps(*cell))).collect()
}

/// How many copies of a resource take turns.
pub fn copies(resource: &ResourceItem) -> u32 {
    match resource.residency {
        Residency::History { depth } => depth + 1,
        _ => 1,
    }
}

/// What touches a resource from outside before a frame and after it, as `Residency` and `ResourceItem` state it.
pub fn outside(input: &Input, plan: &Plan, id: ResourceId) -> (Option<Use>, Option<Use>) {
    let resource = &input.resources[id.0 as usize];
    let blank = Use {
        stages: vk::PipelineStageFlags2::NONE,
        access: vk::AccessFlags2::NONE,
        layout: vk::ImageLayout::UNDEFINED,
    };
    let entry = match resource.residency {
        Residency::Swapchain => resource.entry.or(Some(blank)),
        Residency::PerSlot if resource.image && is_written(input, plan, id) => resource.entry.or(Some(blank)),
        Residency::Transient | Residency::Persistent => resource.entry.or(resource.exit),
        _ => resource.entry,
    };
    (entry, resource.exit)
}

/// Whether frames meet in a resource with nothing from outside between them.
pub fn meets_itself(input: &Input, plan: &Plan, id: ResourceId) -> bool {
    let inside = matches!(
        input.resources[id.0 as usize].residency,
        Residency::Transient | Residency::Persistent | Residency::History { .. }
    );
    inside && outside(input, plan, id).0.is_none()
}

/// The accesses that can happen at all, each with its index and its node.
pub fn happening<'a>(input: &'a Input, plan: &'a Plan) -> impl Iterator<Item = (usize, NodeId, &'a Access)> {
    let ids = (0..).map(NodeId).zip(&input.nodes).flat_map(|(id, node)| node.accesses.clone().map(move |at| (at, id)));
    let all = ids.map(|(at, node)| (at as usize, node, &input.accesses[at as usize]));
    all.filter(|(_, node, access)| happens(plan, *node, access))
}

/// Whether there are switch positions in which the node runs and makes this access.
pub fn happens(plan: &Plan, node: NodeId, access: &Access) -> bool {
    let Some(runs) = plan.conditions[node.0 as usize] else { return false };
    let shared = runs.mask & access.condition.mask;
    runs.value & shared == access.condition.value & shared
}

fn is_written(input: &Input, plan: &Plan, id: ResourceId) -> bool {
    happening(input, plan).any(|(_, _, access)| access.resource == id && access.effect.writes())
}

/// The access types that change memory.
pub fn writes_of(access: vk::AccessFlags2) -> vk::AccessFlags2 {
    access
        & (vk::AccessFlags2::SHADER_STORAGE_WRITE
            | vk::AccessFlags2::SHADER_WRITE
            | vk::AccessFlags2::TRANSFER_WRITE
            | vk::AccessFlags2::COLOR_ATTACHMENT_WRITE
            | vk::AccessFlags2::DEPTH_STENCIL_ATTACHMENT_WRITE
            | vk::AccessFlags2::HOST_WRITE
            | vk::AccessFlags2::MEMORY_WRITE
            | vk::AccessFlags2::ACCELERATION_STRUCTURE_WRITE_KHR)
}
