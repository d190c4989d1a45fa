//! What makes a result doubtful before any doctor looks at it.

use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::input::{Crop, InputRecipe};
use crate::photo::PhotoInfo;
use crate::quality::{Quality, QualityLimits};
use crate::taxonomy::Text;

/// A warning's stable code. Reports list them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// The part of the photo that counts has fewer pixels to a side than the network looks at.
    SmallPhoto,
    /// The photo is more than twice as long as wide, or the reverse.
    ExtremeAspect,
    /// The photo is far from all that the model was trained on: see [`Scope`].
    OutOfScope,
    /// Only smooth ramps where a sharp photo has fine detail.
    Blurred,
    /// Little light, or large parts black.
    TooDark,
    /// Too much light, or large parts white.
    TooBright,
    /// Hardly anything stands out.
    LowContrast,
}

/// A warning with its explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Warning {
    /// For programs.
    pub code: WarningCode,
    /// For people.
    pub message: Text,
}

/// All warnings about a photo, in the order of [`WarningCode`].
pub(crate) fn for_photo(
    photo: &PhotoInfo,
    recipe: &InputRecipe,
    scope: Option<&Scope>,
    quality: &Quality,
    limits: &QualityLimits,
) -> Vec<Warning> {
    let mut warnings = for_size(photo, recipe);
    let plain = [
        (
            scope.is_some_and(|scope| !scope.in_scope),
            WarningCode::OutOfScope,
            "This does not look like a lesion photo of the kind the model knows. Its answers here mean nothing.",
            "모델이 아는 종류의 병변 사진으로 보이지 않습니다. 이 사진에 대한 결과는 의미가 없습니다.",
        ),
        (
            quality.is_blurred(limits),
            WarningCode::Blurred,
            "The photo is blurred. Hold still, let the camera focus on the spot, and clean the lens.",
            "사진이 흐립니다. 손을 고정하고 병변에 초점을 맞춘 뒤 렌즈를 닦고 다시 찍으십시오.",
        ),
        (
            quality.is_too_dark(limits),
            WarningCode::TooDark,
            "The photo is too dark. Take it in daylight or under an even lamp, without your own shadow.",
            "사진이 너무 어둡습니다. 그림자가 지지 않게 햇빛이나 고른 조명 아래에서 찍으십시오.",
        ),
        (
            quality.is_too_bright(limits),
            WarningCode::TooBright,
            "The photo is too bright: detail is lost in white. Switch the flash off or turn away from the lamp.",
            "사진이 너무 밝아 세부가 보이지 않습니다. 플래시를 끄거나 조명을 피해 찍으십시오.",
        ),
        (
            quality.is_low_in_contrast(limits),
            WarningCode::LowContrast,
            "Hardly anything stands out in the photo. Make sure that the spot is in the middle and fills about half of it.",
            "사진에서 뚜렷이 보이는 것이 없습니다. 병변이 가운데에 오고 사진의 절반쯤을 채우도록 찍으십시오.",
        ),
    ];
    let holding = plain.into_iter().filter(|(holds, ..)| *holds);
    warnings.extend(holding.map(|(_, code, en, ko)| Warning { code, message: Text::en_ko(en, ko) }));
    warnings
}

/// The warnings that follow from a photo's size.
fn for_size(photo: &PhotoInfo, recipe: &InputRecipe) -> Vec<Warning> {
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
