//! What makes a result doubtful before any doctor looks at it.

use serde::{Deserialize, Serialize};

use crate::input::{Crop, InputRecipe};
use crate::photo::PhotoInfo;
use crate::taxonomy::Text;

/// A warning's stable code. Reports list them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// The part of the photo that counts has fewer pixels to a side than the network looks at.
    SmallPhoto,
    /// The photo is more than twice as long as wide, or the reverse.
    ExtremeAspect,
}

/// A warning with its explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// For programs.
    pub code: WarningCode,
    /// For people.
    pub message: Text,
}

/// The warnings that follow from a photo's size.
pub(crate) fn for_photo(photo: &PhotoInfo, recipe: &InputRecipe) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let region = recipe.region(photo.width, photo.height);
    let side = region.width.min(region.height);
    if side < recipe.size {
        let size = recipe.size;
        let message = Text::en_ko(
            &format!(
                "The part used is only {side} pixels wide or high; the model looks at {size}. Take a closer or sharper photo."
            ),
            &format!(
                "사용된 부분의 가로 또는 세로가 {side}픽셀뿐이며, 모델은 {size}픽셀을 봅니다. 더 가까이에서 더 선명하게 찍으십시오."
            ),
        );
        warnings.push(Warning { code: WarningCode::SmallPhoto, message });
    }
    let (short, long) = (photo.width.min(photo.height), photo.width.max(photo.height));
    if u64::from(long) > 2 * u64::from(short) {
        let message = match recipe.crop {
            Crop::CentreSquare => Text::en_ko(
                "The photo is very long and narrow: only its centre square is used, less than half of it. Crop it around the spot.",
                "사진이 매우 길쭉합니다. 가운데 정사각형, 즉 절반도 안 되는 부분만 사용됩니다. 병변 주위로 잘라 주십시오.",
            ),
            Crop::None => Text::en_ko(
                "The photo is very long and narrow: it is squeezed to a square and its shapes are distorted. Crop it around the spot.",
                "사진이 매우 길쭉합니다. 정사각형으로 눌려 모양이 왜곡됩니다. 병변 주위로 잘라 주십시오.",
            ),
        };
        warnings.push(Warning { code: WarningCode::ExtremeAspect, message });
    }
    warnings
}
