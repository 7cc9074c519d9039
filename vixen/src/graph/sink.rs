//! Sinks: what keeps nodes alive.

use std::marker::PhantomData;
use std::panic::Location;

use ash::vk;

use crate::graph::builder::Graph;
use crate::graph::builtin;
use crate::graph::error::DeclarationError;
use crate::graph::extent::OutputId;
use crate::graph::format::Format;
use crate::graph::handles::{Readback, Retained};
use crate::graph::resource::{Image, Resource};
use crate::graph::tables::{Part, Shape};
use crate::graph::wire::Wire;
use crate::plan::{Residency, Use};

/// How a retained image is left: as a source of copies.
const RETAINED: Use = Use {
    stages: vk::PipelineStageFlags2::ALL_TRANSFER,
    access: vk::AccessFlags2::TRANSFER_READ,
    layout: vk::ImageLayout::TRANSFER_SRC_OPTIMAL,
};

impl Graph {
    /// Shows an image in the graph's first output.
    #[track_caller]
    pub fn present<F: Format>(&self, image: Wire<Image<F>>) {
        self.present_at(OutputId(0), image, Location::caller());
    }

    /// Shows an image in an output, scaled to its size. Without a window it only keeps the image alive.
    #[track_caller]
    pub fn present_to<F: Format>(&self, output: OutputId, image: Wire<Image<F>>) {
        self.present_at(output, image, Location::caller());
    }

    fn present_at<F: Format>(&self, output: OutputId, image: Wire<Image<F>>, at: crate::graph::tables::CallSite) {
        let parts = self.take_parts(&image.handle, "present", at);
        let window = {
            let mut declared = self.tables.declared.borrow_mut();
            let outputs = declared.outputs.len();
            // A graph without an output presents to nothing: the image is only kept.
            if output.0 as usize >= outputs && output != OutputId(0) {
                declared.errors.push(DeclarationError::NoSuchOutput { output: output.0, outputs, at });
            }
            if declared.presented.contains(&output) {
                declared.errors.push(DeclarationError::PresentedTwice { output: output.0, at });
            }
            declared.presented.push(output);
            declared.outputs.get(output.0 as usize).is_some_and(|output| output.surface.is_some())
        };
        if window {
            builtin::present(self, output, parts, at);
        } else {
            self.keep(parts, at);
        }
    }

    /// Copies a wire's contents, in every frame, to where the CPU can read them: of an image the first mip level and all
    /// layers, rows tightly packed.
    #[track_caller]
    pub fn read_back<R: Resource>(&self, wire: &Wire<R>) -> Readback<R> {
        let at = Location::caller();
        let parts = self.take_parts(&wire.handle, "read_back", at);
        let resource = builtin::read_back(self, parts, at);
        Readback { graph: self.tables.id, resource, kind: PhantomData }
    }

    /// Keeps a wire's contents after the frame, for the application to look at. An image is left in
    /// `TRANSFER_SRC_OPTIMAL`.
    #[track_caller]
    pub fn retain<R: Resource>(&self, wire: Wire<R>) -> Retained<R> {
        let at = Location::caller();
        let parts = self.take_parts(&wire.handle, "retain", at);
        let index = {
            let mut declared = self.tables.declared.borrow_mut();
            for part in &parts {
                let resource = &mut declared.resources[part.resource.0 as usize];
                if resource.residency == Residency::Transient {
                    resource.residency = Residency::Persistent;
                    if matches!(resource.shape, Shape::Image { .. }) {
                        resource.exit = Some(RETAINED);
                    }
                }
            }
            declared.retained.push(parts.clone());
            declared.retained.len() as u32 - 1
        };
        self.keep(parts, at);
        Retained { graph: self.tables.id, index, kind: PhantomData }
    }

    /// Makes contents wanted after the frame. What a switch selects is kept by a node, since only the selected one runs.
    fn keep(&self, parts: Vec<Part>, at: crate::graph::tables::CallSite) {
        for part in &parts {
            let resource = &mut self.tables.declared.borrow_mut().resources[part.resource.0 as usize];
            resource.kept = true;
            resource.sink |= parts.len() == 1;
        }
        if parts.len() > 1 {
            builtin::keep(self, parts, at);
        }
    }
}
