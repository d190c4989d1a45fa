//! How published tables of skin photos call their columns and diagnoses: HAM10000, the ISIC archive and its challenges,
//! PAD-UFES-20.

use skintree::taxonomy::{NodeIndex, Taxonomy};

/// What the column of the photos is called, the likeliest first. `image`, `image_name` and `isic_id`: ISIC challenges and
/// archive; `image_id`: HAM10000; `img_id`: PAD-UFES-20.
pub(crate) const FILE_COLUMNS: &[&str] = &[
    "file",
    "file name",
    "file path",
    "path",
    "image path",
    "photo",
    "photo file",
    "image file",
    "image",
    "image name",
    "image id",
    "img id",
    "isic id",
    "photo id",
    "사진",
    "사진 파일",
    "파일",
    "파일명",
];

/// What the column of the diagnoses is called. `dx`: HAM10000; `diagnostic`: PAD-UFES-20; `diagnosis`: the ISIC archive
/// until 2024.
pub(crate) const LABEL_COLUMNS: &[&str] =
    &["label", "diagnosis", "diagnostic", "dx", "disease", "진단", "진단명", "병명", "benign malignant"];

/// The ISIC archive's diagnoses since 2025, each column a level deeper than the one before; fields below the last level
/// that is known are empty.
pub(crate) const LEVEL_COLUMNS: &[&str] = &["diagnosis 1", "diagnosis 2", "diagnosis 3", "diagnosis 4", "diagnosis 5"];

/// Ids of nodes, and what else published tables call them. A name goes to the first node that the taxonomy has.
/// HAM10000's `akiec` has both actinic keratoses and Bowen's disease, so it is no more than their group.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("nv", &["nev", "nevus", "naevus", "melanocytic nevus", "melanocytic nevi", "melanocytic naevi"]),
    ("mel", &["melanoma, nos", "melanoma in situ", "melanoma invasive", "melanoma, invasive"]),
    ("sk", &["sek", "seborrheic keratosis", "seborrhoeic keratosis"]),
    (
        "bkl",
        &[
            "sek",
            "seborrheic keratosis",
            "seborrhoeic keratosis",
            "solar lentigo",
            "lichenoid keratosis",
            "lichen planus like keratosis",
            "pigmented benign keratosis",
            "benign keratosis like lesions",
        ],
    ),
    ("ak", &["ack", "solar or actinic keratosis"]),
    ("akiec", &["ak"]),
    ("malignant-epidermal", &["akiec"]),
    ("bcc", &["basal cell carcinoma, nos"]),
    (
        "scc",
        &[
            "squamous cell carcinoma, nos",
            "squamous cell carcinoma in situ",
            "squamous cell carcinoma, in situ",
            "squamous cell carcinoma, invasive",
        ],
    ),
    ("df", &["fibrous papule or dermatofibroma"]),
    ("vasc", &["vascular lesion", "vascular lesions", "hemangioma", "haemangioma", "angioma"]),
];

/// A name as it is compared: in lower case, with spaces for `_` and `-`.
pub(crate) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '-'], " ")
}

/// The node that published tables call so.
pub(crate) fn node_called(name: &str, taxonomy: &Taxonomy) -> Option<NodeIndex> {
    let name = plain(name);
    let mut called = SYNONYMS.iter().filter(|(_, names)| names.contains(&name.as_str()));
    called.find_map(|(id, _)| taxonomy.find(id))
}
