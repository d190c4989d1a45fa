//! The dermatologists of Esteva et al. 2017, where their answers are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use skintree::taxonomy::Text;
use skintree_evaluate::result::Readers;

/// Task, set of readers, what they looked at. The third set of the file (melanoma, clinical photos) is not here: its
/// counts are not those that the paper prints.
const SETS: [(&str, &str, &str, &str); 2] = [
    (
        "carcinoma-or-keratosis",
        "edinburgh_epidermal",
        "135 clinical photos proven by biopsy (65 keratinocyte carcinomas, 70 seborrhoeic keratoses)",
        "생검으로 확진된 임상 사진 135장(각질형성세포암 65, 지루각화증 70)",
    ),
    (
        "melanoma-or-naevus",
        "dermoscopy",
        "111 dermoscopic photos proven by biopsy (71 melanomas, 40 naevi)",
        "생검으로 확진된 더모스코피 사진 111장(흑색종 71, 모반 40)",
    ),
];

#[derive(Debug, Deserialize)]
struct File {
    reader_points_sens_spec: BTreeMap<String, Vec<[f64; 2]>>,
}

/// The sets there are; none where the file is not. `SKINTREE_DATA` says where the data lie.
pub(super) fn find() -> Vec<Readers> {
    let data = std::env::var_os("SKINTREE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let read = std::fs::read(data.join("esteva2017/readers.json"));
    let Some(file) = read.ok().and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok()) else {
        return Vec::new();
    };
    let set = |&(task, set, en, ko): &(&str, &str, &str, &str)| {
        let points = file.reader_points_sens_spec.get(set)?.clone();
        let source = Text::en_ko(
            &format!(
                "Esteva et al. 2017, doi:10.1038/nature21056, on other photos: {en}. They have not seen the photos of this report."
            ),
            &format!(
                "Esteva 등 2017, doi:10.1038/nature21056, 다른 사진에 대한 결과: {ko}. 이 보고서의 사진은 보지 않았습니다."
            ),
        );
        Some(Readers { task: task.to_owned(), source, points })
    };
    SETS.iter().filter_map(set).collect()
}
