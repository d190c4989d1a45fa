//! Fits the model that chooses cuts of convolutions to what was measured.

use std::path::Path;

use skintree::operators::conv::{Conv, Model, Tile};

use crate::sweep::{Layer, Sweep, tile_of};

/// Cores of the GPUs that were measured, by what their names contain.
const CORES: [(&str, usize); 2] = [("H200", 132), ("H100", 132)];

/// What was measured of one kind of convolution.
struct Case {
    conv: Conv,
    cores: usize,
    count: f64,
    times: Vec<(Tile, f64)>,
}

impl Case {
    fn fastest(&self) -> f64 {
        self.times.iter().map(|&(_, us)| us).fold(f64::INFINITY, f64::min)
    }

    /// Microseconds of the cut that a model chooses from a menu, of those measured.
    fn chosen(&self, menu: &[Tile], model: &Model) -> f64 {
        let measured = |tile: &Tile| self.times.iter().find(|(other, _)| other == tile).map(|&(_, us)| us);
        let menu: Vec<Tile> = menu.iter().copied().filter(|tile| measured(tile).is_some()).collect();
        measured(&Tile::among(&menu, model, &[self.conv], self.cores)).unwrap_or(f64::INFINITY)
    }
}

fn read(file: &Path) -> (String, Vec<Case>) {
    let sweep: Sweep = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let cores = CORES.iter().find(|(name, _)| sweep.adapter.contains(name)).map_or(1, |&(_, cores)| cores);
    let case = |layer: &Layer| {
        let conv = layer.conv();
        let tile = |&(numbers, us): &([usize; 6], f64)| (tile_of(numbers), us);
        let offered: Vec<Tile> = Tile::all(&conv).collect();
        let times = layer.times.iter().map(tile).filter(|(tile, _)| offered.contains(tile)).collect();
        Case { conv, cores, count: layer.count as f64, times }
    };
    (sweep.adapter.clone(), sweep.layers.iter().map(case).filter(|case| !case.times.is_empty()).collect())
}

/// Cuts on the menu.
const MENU: usize = 6;

/// Cores of GPUs that were not measured: what a menu costs there is computed.
const UNMEASURED: [usize; 5] = [4, 8, 16, 40, 80];

fn sum(cases: &[Case], time: impl Fn(&Case) -> f64) -> f64 {
    cases.iter().map(|case| case.count * time(case)).sum()
}

/// The time of the chosen cuts over that of the fastest, the mean over adapters.
fn loss(menu: Option<&[Tile]>, model: &Model, adapters: &[(String, Vec<Case>)]) -> f64 {
    let chosen = |case: &Case| match menu {
        Some(menu) => case.chosen(menu, model),
        None => case.chosen(&case.times.iter().map(|&(tile, _)| tile).collect::<Vec<_>>(), model),
    };
    adapters.iter().map(|(_, cases)| sum(cases, chosen) / sum(cases, Case::fastest)).sum::<f64>()
        / adapters.len() as f64
}

/// What a menu costs on GPUs that were not measured, over the best cut of all, the worst of them.
fn computed_loss(menu: &[Tile], model: &Model, cases: &[Case]) -> f64 {
    let of = |cores: usize| {
        let cycles = |case: &Case, menu: &[Tile]| {
            let tile = Tile::among(menu, model, &[case.conv], cores);
            model.cycles(&tile, &[case.conv], cores)
        };
        let all = |case: &Case| cycles(case, &Tile::all(&case.conv).collect::<Vec<_>>());
        sum(cases, |case| cycles(case, menu)) / sum(cases, all)
    };
    UNMEASURED.into_iter().map(of).fold(0.0, f64::max)
}

/// The model whose choice among all cuts loses least.
fn fit_model(adapters: &[(String, Vec<Case>)]) -> Model {
    let mut best = Model::FITTED;
    let mut lowest = loss(None, &best, adapters);
    for span in [4.0_f64, 2.0, 1.5, 1.2, 1.1, 1.05] {
        let mut moved = true;
        while moved {
            moved = false;
            for (index, factor) in (0..4).flat_map(|index| [(index, span), (index, span.recip())]) {
                let mut next = best;
                let field = match index {
                    0 => &mut next.load,
                    1 => &mut next.latency,
                    2 => &mut next.bytes,
                    _ => &mut next.addition,
                };
                *field *= factor;
                let found = loss(None, &next, adapters);
                if found < lowest - 1e-6 {
                    (best, lowest, moved) = (next, found, true);
                }
            }
        }
    }
    best
}

/// Adds to the cut that suits everything the ones that gain most, measured and computed.
fn fit_menu(model: &Model, adapters: &[(String, Vec<Case>)]) -> Vec<Tile> {
    let cases: Vec<&Case> = adapters.iter().flat_map(|(_, cases)| cases).collect();
    let mut offered: Vec<Tile> = cases.iter().flat_map(|case| Tile::all(&case.conv)).collect();
    // What is unrolled much takes long to compile.
    offered.retain(|tile| tile.results() * tile.step <= 16);
    offered.sort_unstable_by_key(|tile| format!("{tile:?}"));
    offered.dedup();
    let mut menu = vec![Tile::SMALLEST];
    while menu.len() < MENU {
        let cost = |tile: &Tile| {
            let menu: Vec<Tile> = menu.iter().copied().chain([*tile]).collect();
            loss(Some(&menu), model, adapters) + computed_loss(&menu, model, &adapters[0].1)
        };
        let Some((best, _)) = offered.iter().map(|tile| (*tile, cost(tile))).min_by(|a, b| a.1.total_cmp(&b.1)) else {
            break;
        };
        menu.push(best);
    }
    menu
}

/// Fits model and menu and writes them to `src/operators/conv_model.rs`.
pub(crate) fn fit(files: &[String]) {
    let adapters: Vec<(String, Vec<Case>)> = files.iter().map(|file| read(Path::new(file))).collect();
    let model = fit_model(&adapters);
    let menu = fit_menu(&model, &adapters);
    println!("{model:?}, which loses {:.3} among all cuts", loss(None, &model, &adapters));
    for (name, menu) in [("menu so far", Tile::MENU.to_vec()), ("menu", menu.clone())] {
        let computed = computed_loss(&menu, &model, &adapters[0].1);
        println!("{name}: {:.3} measured, {computed:.3} computed elsewhere", loss(Some(&menu), &model, &adapters));
    }
    for (adapter, cases) in &adapters {
        let chosen = sum(cases, |case| case.chosen(&menu, &model));
        println!("{adapter}: chosen {chosen:.0} µs, fastest {:.0} µs", sum(cases, Case::fastest));
    }
    let names: Vec<&str> = adapters.iter().map(|(name, _)| name.split(" (").next().unwrap()).collect();
    let tiles: String =
        menu.iter().map(|tile| format!("{tile:?},").replace("Tile", "Self")).collect::<Vec<_>>().join("\n        ");
    let Model { load, latency, bytes, addition } = model;
    let text = format!(
        "//! Written by `cargo bench --bench gpu -- --fit FILE...`, from what `--sweep` measured.\n\n\
        use super::conv_tile::{{Model, Tile}};\n\n\
        impl Model {{\n    /// Fitted to {}.\n    \
        pub const FITTED: Self = Self {{ load: {load:.1}, latency: {latency:.1}, bytes: {bytes:.1}, addition: {addition:.1} }};\n}}\n\n\
        impl Tile {{\n    /// The cuts that are used: few, because each is a shader to compile.\n    \
        pub const MENU: [Self; {}] = [\n        {tiles}\n    ];\n}}\n",
        names.join(", "),
        menu.len()
    );
    std::fs::write("src/operators/conv_model.rs", text).unwrap();
}
