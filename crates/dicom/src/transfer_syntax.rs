//! How a DICOM file is encoded.

use skintree::photo::PhotoError;

/// How the data set and its pixels are encoded (DICOM PS3.5, section 10 and annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferSyntax {
    /// Pixels as they are; elements do not say of which type they are.
    ImplicitLittleEndian,
    /// Pixels as they are.
    ExplicitLittleEndian,
    /// Pixels as they are; retired in 2006.
    ExplicitBigEndian,
    /// A JPEG file of whatever process; the decoder of photos decides which it can read.
    Jpeg,
}

impl TransferSyntax {
    /// That of an identifier.
    ///
    /// # Errors
    /// [`PhotoError::Format`] for compressions that are not read.
    pub(crate) fn of(uid: &str) -> Result<Self, PhotoError> {
        let found = match uid.strip_prefix("1.2.840.10008.1.2").unwrap_or("?") {
            "" => return Ok(Self::ImplicitLittleEndian),
            ".1" => return Ok(Self::ExplicitLittleEndian),
            ".2" => return Ok(Self::ExplicitBigEndian),
            ".4.50" | ".4.51" | ".4.57" | ".4.70" => return Ok(Self::Jpeg),
            ".1.99" => "a DICOM file whose data set is compressed (deflated)",
            ".4.80" | ".4.81" => "a DICOM image compressed as JPEG-LS",
            ".4.90" | ".4.91" | ".4.92" | ".4.93" | ".4.201" | ".4.202" | ".4.203" => {
                "a DICOM image compressed as JPEG 2000"
            }
            ".4.110" | ".4.111" | ".4.112" => "a DICOM image compressed as JPEG XL",
            ".5" => "a DICOM image compressed as RLE",
            video if video.starts_with(".4.10") => "a DICOM video",
            _ => "a DICOM file in an encoding that is not known here",
        };
        Err(PhotoError::Format { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressions_are_read_or_named() {
        let of = |ending: &str| TransferSyntax::of(&format!("1.2.840.10008.1.2{ending}"));
        assert_eq!(of(""), Ok(TransferSyntax::ImplicitLittleEndian));
        assert_eq!(of(".4.50"), Ok(TransferSyntax::Jpeg));
        assert_eq!(of(".4.91"), Err(PhotoError::Format { found: "a DICOM image compressed as JPEG 2000" }));
        assert_eq!(of(".4.102"), Err(PhotoError::Format { found: "a DICOM video" }));
        for unknown in [".6", ".4", "4.50"] {
            let error = of(unknown).unwrap_err();
            assert_eq!(error, PhotoError::Format { found: "a DICOM file in an encoding that is not known here" });
        }
        assert!(TransferSyntax::of("1.2.840.113619.5.2").is_err());
    }
}
