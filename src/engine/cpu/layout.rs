//! In which order the nodes of a graph are computed, and in which memory their tensors lie.

use std::collections::{HashMap, HashSet};

use skintree_cpu::View;

use crate::onnx::{Graph, Node};

/// Where a tensor lies: channels of a map that has memory of its own.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    root: &'a str,
    channel: usize,
}

/// The layout of a graph.
pub(super) struct Layout<'a> {
    graph: &'a Graph,
    /// Channels that are read at a time.
    step: usize,
    /// Convolutions by the `Relu` that follows, whose output they make.
    relus: HashMap<&'a str, &'a Node>,
    places: HashMap<&'a str, Place<'a>>,
    /// The memory of each root.
    slots: HashMap<&'a str, usize>,
    /// Values in each piece of memory.
    pub(super) sizes: Vec<usize>,
}

impl<'a> Layout<'a> {
    /// `step` channels are read at a time.
    ///
    /// # Errors
    /// Names a tensor that is neither a map nor a vector.
    pub(super) fn of(graph: &'a Graph, step: usize) -> Result<Self, String> {
        let convolutions = graph.nodes().iter().filter(|node| node.op == "Conv");
        let relu = |conv| graph.fused_relu(conv).map(|relu| (relu.output.as_str(), conv));
        let relus = convolutions.filter_map(relu).collect();
        let (places, slots, sizes) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut layout = Self { graph, step, relus, places, slots, sizes };
        let mut apart = HashSet::new();
        // What would be read and written at the same time gets memory of its own, one tensor more each time.
        loop {
            layout.find_places(&apart)?;
            match layout.conflict()? {
                Some(tensor) if apart.insert(tensor) => {}
                _ => break,
            }
        }
        layout.find_slots()?;
        Ok(layout)
    }

    pub(super) fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Nodes that compute, in order: a `Relu` stands for the convolution before it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        let swallowed: Vec<&str> = self.relus.values().map(|conv| conv.name.as_str()).collect();
        self.graph.nodes().iter().filter(move |node| !swallowed.contains(&node.name.as_str()))
    }

    /// The convolution that a `Relu` stands for.
    pub(super) fn convolution(&self, relu: &Node) -> Option<&'a Node> {
        self.relus.get(relu.output.as_str()).copied()
    }

    /// The tensor whose memory it lies in.
    pub(super) fn root(&self, tensor: &'a str) -> &'a str {
        self.place(tensor).root
    }

    /// Where it lies and what its numbers stand for.
    pub(super) fn view(&self, tensor: &'a str, scale: f32, most: i16) -> Result<View, String> {
        let Place { root, channel } = self.place(tensor);
        let [channels, height, width] = self.shape(tensor)?;
        let slot = *self.slots.get(root).ok_or_else(|| format!("\"{tensor}\" is used before it is made"))?;
        let stride = self.stride(self.shape(root)?);
        Ok(View { slot, start: channel, stride, channels, height, width, scale, most })
    }

    /// Channels, height and width; a vector is one pixel.
    fn shape(&self, tensor: &str) -> Result<[usize; 3], String> {
        match self.graph.shape(tensor) {
            Some(&[1, channels, height, width]) => Ok([channels, height, width]),
            Some(&[1, channels]) => Ok([channels, 1, 1]),
            shape => Err(format!("\"{tensor}\" of shape {shape:?} is no map")),
        }
    }

    /// Values from one pixel to the next, for maps with memory of their own.
    fn stride(&self, [channels, _, _]: [usize; 3]) -> usize {
        channels.next_multiple_of(self.step)
    }

    fn place(&self, tensor: &'a str) -> Place<'a> {
        self.places.get(tensor).copied().unwrap_or(Place { root: tensor, channel: 0 })
    }

    /// The parts of a `Concat` are made where they are wanted, but for those that are to lie apart.
    fn find_places(&mut self, apart: &HashSet<&str>) -> Result<(), String> {
        self.places.clear();
        let graph = self.graph;
        for node in graph.nodes().iter().rev().filter(|node| node.op == "Concat") {
            let Place { root, channel } = self.place(&node.output);
            let mut channel = channel;
            for input in &node.inputs {
                if input != graph.input() && !apart.contains(input.as_str()) {
                    self.places.entry(input).or_insert(Place { root, channel });
                }
                channel += self.shape(input)?[0];
            }
        }
        Ok(())
    }

    /// A tensor that cannot lie where it does, because of what is read to make it, or copied beside it.
    fn conflict(&self) -> Result<Option<&'a str>, String> {
        for node in self.nodes() {
            let Place { root, mut channel } = self.place(&node.output);
            for input in self.inputs(node) {
                let place = self.place(input);
                match node.op.as_str() {
                    "Concat" if place.root == root && place.channel != channel => return Ok(Some(input)),
                    "Concat" => channel += self.shape(input)?[0],
                    _ if place.root == root => return Ok(Some(&node.output)),
                    _ => {}
                }
            }
        }
        Ok(None)
    }

    /// Those that are not constant; of the convolution, for a `Relu`.
    fn inputs(&self, node: &'a Node) -> impl Iterator<Item = &'a str> {
        let inputs = &self.convolution(node).unwrap_or(node).inputs;
        inputs.iter().map(String::as_str).filter(|tensor| !self.graph.weights().contains_key(*tensor))
    }

    /// For each root the first and the last node that it is needed at; outputs to the end.
    fn lives(&self) -> HashMap<&'a str, [usize; 2]> {
        let mut lives = HashMap::from([(self.graph.input(), [0, 0])]);
        for (time, node) in self.nodes().enumerate() {
            for tensor in self.inputs(node).chain([node.output.as_str()]) {
                lives.entry(self.root(tensor)).or_insert([time, time])[1] = time;
            }
        }
        for output in self.graph.outputs() {
            if let Some(life) = lives.get_mut(self.root(output)) {
                life[1] = usize::MAX;
            }
        }
        lives
    }

    /// Memory for each root: what is no longer needed is used again.
    fn find_slots(&mut self) -> Result<(), String> {
        let mut roots: Vec<(&str, [usize; 2])> = self.lives().into_iter().collect();
        roots.sort_unstable_by_key(|&(root, [first, _])| (first, root));
        let mut busy_until = Vec::<usize>::new();
        for (root, [first, last]) in roots {
            let shape = self.shape(root)?;
            let size = self.stride(shape) * shape[1] * shape[2];
            let free = (0..self.sizes.len()).filter(|&slot| busy_until[slot] < first);
            let slot = free.min_by_key(|&slot| self.sizes[slot].abs_diff(size)).unwrap_or_else(|| {
                self.sizes.push(0);
                busy_until.push(0);
                busy_until.len() - 1
            });
            self.sizes[slot] = self.sizes[slot].max(size);
            busy_until[slot] = last;
            self.slots.insert(root, slot);
        }
        Ok(())
    }
}
