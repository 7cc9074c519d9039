//! What a plan needs, made at compile: resources and their views, the nodes with their descriptor sets, and the account of it all.

pub(super) mod account;
pub(super) mod descriptors;
pub(super) mod gathered;
mod initial;
mod make;
pub(super) mod node;
pub(super) mod resources;
pub(super) mod usages;
pub(super) mod view;
