//! What nodes record with, side by side: with thousands of nodes recording waits for memory more than for anything else.
//!
//! It lies in the order in which nodes are recorded. What depends on the moment is kept by *group*: nodes that depend on the same
//! things have the same variants, and a group holds what all its nodes have in the first variant, then what they have in the second.

use std::collections::HashMap;
use std::mem;
use std::ops::Range;

use ash::vk;

use crate::frame::moment::{Moment, Variants};
use crate::graph::view::Resolved;

/// Where to find what a node records with.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Places {
    /// Which group is its own, once it is arranged, and what the group's nodes before it have in a variant.
    group: u32,
    at: Offset,
    /// Where its slots and its push constants begin.
    slots: u32,
    push: u32,
    /// How many bindings and descriptor sets it has in each variant.
    bindings: u32,
    sets: u16,
    /// How many bytes the push constants have.
    pushed: u16,
    slot_count: u32,
}

/// A number of bindings and of descriptor sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
struct Offset {
    bindings: u32,
    sets: u32,
}

/// Nodes that depend on the same things, and so have the same variants.
struct Group {
    variants: Variants,
    /// Where its first variant begins.
    start: Offset,
    /// What its nodes have together in each variant.
    each: Offset,
}

impl Group {
    /// Where a variant begins.
    fn variant(&self, variant: usize) -> Offset {
        let from = |start: u32, each: u32| start + variant as u32 * each;
        Offset { bindings: from(self.start.bindings, self.each.bindings), sets: from(self.start.sets, self.each.sets) }
    }
}

/// What the nodes of a graph record with. No frame changes it.
#[derive(Default)]
pub(crate) struct Gathered {
    /// For each slot of a node, its first binding and the number of them. Nodes that are wired alike share them.
    slots: Vec<(u32, u32)>,
    known_slots: HashMap<Box<[(u32, u32)]>, u32>,
    push: Vec<u8>,
    varying: Varying,
    /// For each group, where the variant begins that is the moment's.
    turned: Vec<Offset>,
}

/// What depends on the moment.
#[derive(Default)]
struct Varying {
    groups: Vec<Group>,
    /// What each binding is.
    resolved: Vec<Resolved>,
    sets: Vec<vk::DescriptorSet>,
}

impl Gathered {
    /// Adds a node, which is recorded after those that were. It is complete once it is arranged.
    pub(super) fn add(&mut self, slots: Box<[(u32, u32)]>, push: &[u8], bindings: usize, sets: usize) -> Places {
        let small = |count: usize| u16::try_from(count).expect("`#[node]` allows 128 bytes, and few sets");
        let first_pushed = self.push.len() as u32;
        self.push.extend_from_slice(push);
        Places {
            group: u32::MAX,
            at: Offset::default(),
            slot_count: slots.len() as u32,
            slots: self.add_slots(slots),
            push: first_pushed,
            bindings: bindings as u32,
            sets: small(sets),
            pushed: small(push.len()),
        }
    }

    fn add_slots(&mut self, slots: Box<[(u32, u32)]>) -> u32 {
        let all = &mut self.slots;
        *self.known_slots.entry(slots).or_insert_with_key(|slots| {
            all.extend_from_slice(slots);
            (all.len() - slots.len()) as u32
        })
    }

    /// Makes room for what all added nodes have, each in its variants. Where the variants are those of before nothing changes; else
    /// nodes whose variants stayed keep what they have.
    pub(super) fn arrange(&mut self, nodes: &mut [(&mut Places, Variants)]) {
        if nodes.iter().all(|(places, variants)| self.varying.knows(places, *variants)) {
            return;
        }
        let mut groups = Vec::new();
        let places: Vec<_> =
            nodes.iter().map(|(places, variants)| join_group(&mut groups, places, *variants)).collect();
        let before = mem::replace(&mut self.varying, Varying::new(groups));
        for ((places, variants), placed) in nodes.iter_mut().zip(places) {
            let placed_before = mem::replace(*places, placed);
            if before.knows(&placed_before, *variants) {
                for variant in 0..variants.count() {
                    self.resolved_mut(&placed, variant).copy_from_slice(before.resolved(&placed_before, variant));
                    self.sets_mut(&placed, variant).copy_from_slice(before.sets(&placed_before, variant));
                }
            }
        }
        self.turned = self.varying.groups.iter().map(|group| group.start).collect();
    }

    /// Makes a moment the one whose variants nodes give.
    pub fn turn(&mut self, moment: &Moment) -> &Self {
        for (turned, group) in self.turned.iter_mut().zip(&self.varying.groups) {
            // A swapchain can have come back with more images, and its nodes are not arranged yet.
            *turned = group.variant(group.variants.index(moment).min(group.variants.count() - 1));
        }
        self
    }

    /// A node as it is at the moment that was turned to.
    ///
    /// # Safety
    /// The places are of this, and the node was arranged.
    #[inline]
    pub(super) unsafe fn now<'n>(&'n self, places: &'n Places) -> NodeNow<'n> {
        // SAFETY: arranging has given it one of the groups, of which each is turned.
        let turned = unsafe { *self.turned.get_unchecked(places.group as usize) };
        NodeNow { places, gathered: self, turned }
    }

    /// For each slot of a node, its first binding and the number of them.
    pub(super) fn slots(&self, places: &Places) -> &[(u32, u32)] {
        &self.slots[range(places.slots, places.slot_count)]
    }

    /// What each binding of a node is in a variant.
    pub(super) fn resolved(&self, places: &Places, variant: usize) -> &[Resolved] {
        self.varying.resolved(places, variant)
    }

    /// The same, to be changed.
    pub(super) fn resolved_mut(&mut self, places: &Places, variant: usize) -> &mut [Resolved] {
        let range = self.varying.bindings_of(places, variant);
        &mut self.varying.resolved[range]
    }

    /// A node's descriptor sets in a variant.
    pub(super) fn sets(&self, places: &Places, variant: usize) -> &[vk::DescriptorSet] {
        self.varying.sets(places, variant)
    }

    /// The same, to be changed.
    pub(super) fn sets_mut(&mut self, places: &Places, variant: usize) -> &mut [vk::DescriptorSet] {
        let range = self.varying.sets_of(places, variant);
        &mut self.varying.sets[range]
    }
}

/// Puts a node into the group of its variants, after the nodes that are there.
fn join_group(groups: &mut Vec<Group>, places: &Places, variants: Variants) -> Places {
    let known = groups.iter().position(|group| group.variants == variants);
    let index = known.unwrap_or_else(|| {
        groups.push(Group { variants, start: Offset::default(), each: Offset::default() });
        groups.len() - 1
    });
    let each = &mut groups[index].each;
    let placed = Places { group: index as u32, at: *each, ..*places };
    each.bindings += places.bindings;
    each.sets += u32::from(places.sets);
    placed
}

impl Varying {
    /// Exactly the room that groups need, one after the other.
    fn new(mut groups: Vec<Group>) -> Self {
        let mut end = Offset::default();
        for group in &mut groups {
            group.start = end;
            end = group.variant(group.variants.count());
        }
        let (resolved, sets) = (Resolved::default(), vk::DescriptorSet::null());
        Self { groups, resolved: vec![resolved; end.bindings as usize], sets: vec![sets; end.sets as usize] }
    }

    /// Whether a node was arranged with these variants.
    fn knows(&self, places: &Places, variants: Variants) -> bool {
        self.groups.get(places.group as usize).is_some_and(|group| group.variants == variants)
    }

    fn resolved(&self, places: &Places, variant: usize) -> &[Resolved] {
        &self.resolved[self.bindings_of(places, variant)]
    }

    fn sets(&self, places: &Places, variant: usize) -> &[vk::DescriptorSet] {
        &self.sets[self.sets_of(places, variant)]
    }

    fn bindings_of(&self, places: &Places, variant: usize) -> Range<usize> {
        let start = self.groups[places.group as usize].variant(variant);
        range(start.bindings + places.at.bindings, places.bindings)
    }

    fn sets_of(&self, places: &Places, variant: usize) -> Range<usize> {
        let start = self.groups[places.group as usize].variant(variant);
        range(start.sets + places.at.sets, places.sets.into())
    }
}

/// The indices from the first one on.
#[inline]
fn range(first: u32, count: u32) -> Range<usize> {
    first as usize..first as usize + count as usize
}

/// A node as it is at a moment. What it has is looked up when it is asked for: recording asks for one thing after the other, with
/// calls of the driver between them.
#[derive(Clone, Copy)]
pub(crate) struct NodeNow<'n> {
    places: &'n Places,
    gathered: &'n Gathered,
    /// Where a variant of its group begins.
    turned: Offset,
}

impl<'n> NodeNow<'n> {
    /// For each slot, its first binding and the number of them.
    #[inline]
    pub fn slots(&self) -> &'n [(u32, u32)] {
        // SAFETY: `add` has added as many, and nothing is ever taken out again.
        unsafe { self.gathered.slots.get_unchecked(range(self.places.slots, self.places.slot_count)) }
    }

    /// What each binding is.
    #[inline]
    pub fn resolved(&self) -> &'n [Resolved] {
        let first = self.turned.bindings + self.places.at.bindings;
        // SAFETY: `join_group` has counted as many for this node in each variant, and `Varying::new` has made as many of each.
        unsafe { self.gathered.varying.resolved.get_unchecked(range(first, self.places.bindings)) }
    }

    /// Its descriptor sets.
    #[inline]
    pub fn sets(&self) -> &'n [vk::DescriptorSet] {
        let first = self.turned.sets + self.places.at.sets;
        // SAFETY: as for what is resolved.
        unsafe { self.gathered.varying.sets.get_unchecked(range(first, self.places.sets.into())) }
    }

    /// Its push constants.
    #[inline]
    pub fn push(&self) -> &'n [u8] {
        // SAFETY: `add` has added as many, and nothing is ever taken out again.
        unsafe { self.gathered.push.get_unchecked(range(self.places.push, self.places.pushed.into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::moment::MAX_OUTPUTS;

    const IMAGES: Variants = Variants { images: 3, ..Variants::ONE };
    const SLOTS: Variants = Variants { slots: 2, ..Variants::ONE };

    /// Nodes with as many bindings as their numbers say, each of which is marked with a number of its own.
    fn marked(gathered: &mut Gathered, nodes: &[(usize, Variants)]) -> Vec<Places> {
        let mut places: Vec<_> =
            nodes.iter().map(|&(bindings, _)| gathered.add(Box::default(), &[], bindings, 0)).collect();
        arrange(gathered, &mut places, nodes);
        let mut next = 0;
        for (places, (_, variants)) in places.iter().zip(nodes) {
            for variant in 0..variants.count() {
                for resolved in gathered.resolved_mut(places, variant) {
                    next += 1;
                    resolved.size = next;
                }
            }
        }
        places
    }

    fn arrange(gathered: &mut Gathered, places: &mut [Places], nodes: &[(usize, Variants)]) {
        let mut nodes: Vec<_> =
            places.iter_mut().zip(nodes).map(|(places, &(_, variants))| (places, variants)).collect();
        gathered.arrange(&mut nodes);
    }

    fn marks(gathered: &Gathered, places: &Places) -> Vec<u64> {
        // SAFETY: the node was arranged.
        let now = unsafe { gathered.now(places) };
        now.resolved().iter().map(|resolved| resolved.size).collect()
    }

    #[test]
    fn a_node_has_what_was_resolved_for_its_variant() {
        let mut gathered = Gathered::default();
        let nodes = [(2, IMAGES), (1, Variants::ONE), (3, SLOTS), (1, IMAGES)];
        let places = marked(&mut gathered, &nodes);
        let all = 2 * 3 + 1 + 3 * 2 + 3;
        assert_eq!(gathered.varying.resolved.len(), all);
        assert!(gathered.varying.resolved.iter().all(|resolved| resolved.size > 0), "no two have the same place");
        gathered.turn(&Moment { slot: 1, images: [2; MAX_OUTPUTS], ..Moment::default() });
        let found: Vec<_> = places.iter().map(|places| marks(&gathered, places)).collect();
        assert_eq!(found, [vec![5, 6], vec![7], vec![11, 12, 13], vec![16]]);
    }

    #[test]
    fn whatever_the_moment_there_is_such_a_variant() {
        let mut gathered = Gathered::default();
        let places = marked(&mut gathered, &[(1, IMAGES)]);
        gathered.turn(&Moment { images: [3; MAX_OUTPUTS], ..Moment::default() });
        assert_eq!(marks(&gathered, &places[0]), [3]);
    }

    #[test]
    fn nodes_whose_variants_stayed_keep_what_they_have() {
        let mut gathered = Gathered::default();
        let mut places = marked(&mut gathered, &[(1, SLOTS), (1, IMAGES), (2, SLOTS)]);
        let more = Variants { images: 4, ..IMAGES };
        arrange(&mut gathered, &mut places, &[(1, SLOTS), (1, more), (2, SLOTS)]);
        assert_eq!(gathered.varying.resolved.len(), 2 + 4 + 4);
        for (slot, expected) in [(0, [vec![1], vec![0], vec![6, 7]]), (1, [vec![2], vec![0], vec![8, 9]])] {
            gathered.turn(&Moment { slot, ..Moment::default() });
            let found: Vec<_> = places.iter().map(|places| marks(&gathered, places)).collect();
            assert_eq!(found, expected);
        }
    }
}
