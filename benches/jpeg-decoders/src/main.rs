//! `jpeg-decoders OUT PHOTO...`: writes the pixels of each decoder as OUT/NAME.DECODER for compare.py; says how long each
//! took, and what it makes of files that were cut in half.

use std::path::Path;
use std::time::{Duration, Instant};

use jpeg_decoders::{Decoded, image_rs, turbo, zune, zune_ycbcr};

type Decoder = (&'static str, fn(&[u8]) -> Decoded);
const DECODERS: [Decoder; 4] =
    [("zune-jpeg", zune), ("libjpeg-turbo-rs", turbo), ("jpeg-decoder", image_rs), ("zune-ycbcr", zune_ycbcr)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("jpeg-decoders OUT PHOTO...")?;
    std::fs::create_dir_all(&out)?;
    let mut spent = [Duration::ZERO; DECODERS.len()];
    let mut refused = [0; DECODERS.len()];
    let mut photos = 0;
    for path in arguments {
        photos += 1;
        let bytes = std::fs::read(&path)?;
        let stem = Path::new(&path).file_stem().ok_or("a photo has a name")?.to_string_lossy();
        for (place, (name, decode)) in DECODERS.iter().enumerate() {
            let start = Instant::now();
            let pixels = decode(&bytes)?;
            spent[place] += start.elapsed();
            std::fs::write(Path::new(&out).join(format!("{stem}.{name}")), pixels)?;
            refused[place] += u32::from(decode(&bytes[..bytes.len() / 2]).is_err());
        }
    }
    for (place, (name, _)) in DECODERS.iter().enumerate() {
        let each = spent[place].as_secs_f64() * 1e3 / f64::from(photos);
        println!("{name}: {each:.3} ms a photo; of {photos} halves of files {} refused", refused[place]);
    }
    Ok(())
}
