//! From the layout of a graph to what is computed, step by step, and the memory it is computed in.

use std::mem::take;

use skintree_cpu::{Constants, Conv, Number, Places, Pool, PoolKind, View, Window, copy, flatten};

use super::helpers::{Helped, Helpers, Remote};
use super::layout::Layout;
use super::weights::Constant;
use crate::engine::outputs::FeatureMap;
use crate::onnx::{Node, Weight};
use crate::operators::pool::pool_kind;
use crate::operators::window_of;

/// What is done, one after the other.
#[derive(Debug)]
enum Step<N: Number> {
    Conv(Conv<N>),
    Remote(Remote),
    Pool(Pool),
    Copy(View, View),
    Relu(View, View),
    Flatten(View, View),
}

/// Steps, and the memory in which the maps lie that they read and make.
#[derive(Debug)]
pub(super) struct Program<N: Number> {
    input: View,
    steps: Vec<Step<N>>,
    /// Each ends with [`Self::zeros`] values that stay 0.
    slots: Vec<Vec<N>>,
    /// As many as a pixel has at most.
    zeros: usize,
    /// Memory to work with.
    places: Vec<Places>,
    sums: Vec<N::Sum>,
    /// Those who have the convolutions, if there are any.
    helped: Option<Helped<N>>,
}

impl<N: Constant> Program<N> {
    /// `view` says where a tensor lies and what its numbers stand for. Helpers are given the convolutions.
    ///
    /// # Errors
    /// Why one of the nodes cannot be computed so, or is not taken by the helpers.
    pub(super) fn of<'a>(
        layout: &Layout<'a>,
        nodes: impl Iterator<Item = &'a Node>,
        view: &impl Fn(&'a str) -> Result<View, String>,
        helpers: Option<Box<dyn Helpers>>,
    ) -> Result<Self, String> {
        let builder = Builder { layout, view };
        let mut helped = helpers.map(Helped::new);
        let mut steps = Vec::new();
        for node in nodes {
            builder.add(node, &mut steps)?;
            if let (Some(helped), Some(step)) = (&mut helped, steps.last_mut())
                && let Step::Conv(conv) = step
            {
                *step = Step::Remote(helped.add(conv)?);
            }
        }
        if steps.iter().map(Step::ends).any(|[from, to]| from.slot == to.slot) {
            return Err("a map is read and written at the same time".to_owned());
        }
        let zeros =
            steps.iter().map(|step| step.ends()[0].channels.next_multiple_of(N::STEP)).max().unwrap_or_default();
        let slots = layout.sizes.iter().map(|size| vec![N::default(); size + zeros]).collect();
        let (places, sums) = (Vec::new(), Vec::new());
        Ok(Self { input: view(layout.graph().input())?, steps, slots, zeros, places, sums, helped })
    }

    /// What reports say of how it is computed.
    pub(super) fn kernels(&self) -> String {
        let helped = self.helped.as_ref().and_then(|helped| helped.helpers().kernels());
        [N::NAME.to_owned()].into_iter().chain(helped).collect::<Vec<_>>().join(", ")
    }

    /// How many threads compute its convolutions.
    pub(super) fn threads(&self) -> usize {
        self.helped.as_ref().map_or(1, |helped| helped.helpers().count())
    }

    /// Computes all maps from the input's planes.
    ///
    /// # Errors
    /// The input has another number of values, or the helpers failed.
    pub(super) fn run(&mut self, input: &[f32]) -> Result<(), String> {
        self.read_input(input)?;
        let Self { steps, slots, zeros, places, sums, helped, .. } = self;
        for step in steps {
            let [from, to] = step.ends();
            // Not read meanwhile: Self::of has seen to it.
            let mut result = take(&mut slots[to.slot]);
            let image = &slots[from.slot];
            let mut done = Ok(());
            match step {
                Step::Remote(remote) => {
                    let helped = helped.as_mut().ok_or_else(|| "there are no helpers".to_owned());
                    done = helped.and_then(|helped| helped.run(remote, image, &mut result));
                }
                Step::Conv(conv) => conv.run(image, image.len() - *zeros, &mut result, places),
                Step::Pool(pool) => pool.run(image, &mut result, sums),
                Step::Copy(from, to) => copy(from, to, f32::NEG_INFINITY, image, &mut result),
                Step::Relu(from, to) => copy(from, to, 0.0, image, &mut result),
                Step::Flatten(from, to) => flatten(from, to, image, &mut result),
            }
            slots[to.slot] = result;
            done?;
        }
        Ok(())
    }

    /// The values of a map's pixels, one after the other.
    pub(super) fn pixels(&self, view: View) -> impl Iterator<Item = &[N]> {
        view.pixels(&self.slots[view.slot])
    }

    /// From pixels to planes.
    pub(super) fn planes(&self, view: &View) -> FeatureMap {
        let mut data = vec![0.0; view.channels * view.area()];
        for (pixel, values) in self.pixels(*view).enumerate() {
            for (channel, &value) in values.iter().enumerate() {
                data[channel * view.area() + pixel] = value.value() * view.scale;
            }
        }
        FeatureMap { shape: [view.channels, view.height, view.width], data }
    }

    /// From planes to pixels.
    fn read_input(&mut self, input: &[f32]) -> Result<(), String> {
        let view = self.input;
        if input.len() != view.channels * view.area() {
            return Err(format!("the input has {} values instead of {}", input.len(), view.channels * view.area()));
        }
        let slot = &mut self.slots[view.slot];
        for (channel, plane) in input.chunks_exact(view.area()).enumerate() {
            for (pixel, &value) in plane.iter().enumerate() {
                slot[view.at(pixel) + channel] = N::of(value / view.scale, &view);
            }
        }
        Ok(())
    }
}

impl<N: Number> Step<N> {
    /// What it reads and what it makes.
    fn ends(&self) -> [View; 2] {
        match self {
            Self::Conv(conv) => [conv.from, conv.to],
            Self::Remote(remote) => [remote.from, remote.to],
            Self::Pool(pool) => [pool.from, pool.to],
            Self::Copy(from, to) | Self::Relu(from, to) | Self::Flatten(from, to) => [*from, *to],
        }
    }
}

struct Builder<'l, 'a, V> {
    layout: &'l Layout<'a>,
    view: &'l V,
}

impl<'a, V: Fn(&'a str) -> Result<View, String>> Builder<'_, 'a, V> {
    fn add<N: Constant>(&self, node: &'a Node, steps: &mut Vec<Step<N>>) -> Result<(), String> {
        let to = (self.view)(&node.output)?;
        let from = |node: &'a Node| (self.view)(node.inputs.first().ok_or("it has no input")?);
        match node.op.as_str() {
            "Conv" => steps.push(Step::Conv(self.conv(node, from(node)?, to, false)?)),
            "Relu" => steps.push(match self.layout.convolution(node) {
                Some(conv) => Step::Conv(self.conv(conv, from(conv)?, to, true)?),
                None => Step::Relu(from(node)?, to),
            }),
            "MaxPool" | "AveragePool" => {
                let (window, kind) = (window_of(node)?, pool_kind(node));
                steps.push(Step::Pool(Pool { from: from(node)?, to, window, kind }));
            }
            "GlobalAveragePool" => {
                let from = from(node)?;
                let window = Window { kernel: [from.height, from.width], strides: [1, 1], pads: [0; 4] };
                steps.push(Step::Pool(Pool { from, to, window, kind: PoolKind::Average }));
            }
            "Concat" => self.copies(node, to, steps)?,
            "Flatten" => steps.push(Step::Flatten(from(node)?, to)),
            "Gemm" => steps.push(Step::Conv(self.dense(node, from(node)?, to)?)),
            other => return Err(format!("{}: {other} is not known here", node.name)),
        }
        Ok(())
    }

    fn constants(&self, node: &Node) -> Result<[&'a Weight; 2], String> {
        let constant = |name: &String| {
            let constant = self.layout.graph().weights().get(name);
            constant.ok_or_else(|| format!("\"{name}\" is not constant"))
        };
        match node.inputs.as_slice() {
            [_, weights, bias] => Ok([constant(weights)?, constant(bias)?]),
            _ => Err(format!("{} has no bias", node.name)),
        }
    }

    fn conv<N: Constant>(&self, node: &Node, from: View, to: View, relu: bool) -> Result<Conv<N>, String> {
        let [weights, bias] = self.constants(node)?;
        let (weights, scales) =
            N::weights(weights).ok_or_else(|| format!("the weights of {} are not int8", node.name))?;
        let constants = Constants { weights: &weights, scales: &scales, bias: &bias.values() };
        Ok(Conv::new(from, to, window_of(node)?, constants, relu))
    }

    /// A dense layer is a convolution of one pixel.
    fn dense<N: Constant>(&self, node: &Node, from: View, to: View) -> Result<Conv<N>, String> {
        let [weights, bias] = self.constants(node)?;
        let scales = vec![1.0; to.channels];
        let rows = N::dense(weights).ok_or_else(|| format!("{} is a dense layer, which is f32", node.name))?;
        let by_output: Vec<N::Weight> =
            (0..to.channels).flat_map(|output| rows[output..].iter().step_by(to.channels).copied()).collect();
        let constants = Constants { weights: &by_output, scales: &scales, bias: &bias.values() };
        let window = Window { kernel: [1, 1], strides: [1, 1], pads: [0; 4] };
        Ok(Conv::new(from, to, window, constants, false))
    }

    /// Those parts of a `Concat` that were made elsewhere.
    fn copies<N: Number>(&self, node: &'a Node, to: View, steps: &mut Vec<Step<N>>) -> Result<(), String> {
        let mut start = to.start;
        for input in &node.inputs {
            let from = (self.view)(input)?;
            if (from.slot, from.start, from.stride) != (to.slot, start, to.stride) {
                steps.push(Step::Copy(from, View { start, channels: from.channels, ..to }));
            }
            start += from.channels;
        }
        Ok(())
    }
}
