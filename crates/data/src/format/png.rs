//! An image in PNG, of any colour type and depth.

use crate::DataError;
use crate::examples::Raw;
use crate::image::SIDE;
use png::{ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;

/// Reads a 28×28 image as grey: colours by their brightness, and what is transparent as black, which is the
/// background of the digits.
pub(crate) fn image(bytes: &[u8], file: &str) -> Result<Raw, DataError> {
    let broken = |source| DataError::Png { file: file.into(), source };
    // Far more than a small image needs, so that only a forged file meets it.
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: 1 << 24 });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = reader.info().size();
    check_size(width, height, file)?;
    // Four bytes a pixel at most, after the transformation to 8 bits.
    let mut pixels = vec![0; 4 * SIDE * SIDE];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    // The first frame of an animation may claim a size of its own.
    check_size(frame.width, frame.height, file)?;
    let grey = |pixel: &[u8]| {
        let part = |at: usize| f32::from(pixel[at]) / 255.0;
        match frame.color_type {
            ColorType::GrayscaleAlpha => part(0) * part(1),
            ColorType::Rgb => luma(part(0), part(1), part(2)),
            ColorType::Rgba => luma(part(0), part(1), part(2)) * part(3),
            // A palette has been expanded to one of the others.
            ColorType::Grayscale | ColorType::Indexed => part(0),
        }
    };
    let pixels = &pixels[..frame.buffer_size()];
    Ok(Raw::Pixels(pixels.chunks_exact(frame.color_type.samples()).map(grey).collect()))
}

fn check_size(width: u32, height: u32, file: &str) -> Result<(), DataError> {
    if (width as usize, height as usize) == (SIDE, SIDE) {
        Ok(())
    } else {
        Err(DataError::ImageSize { file: file.into(), width, height })
    }
}

/// Brightness by the weights of ITU-R BT.601.
fn luma(red: f32, green: f32, blue: f32) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use png::{BitDepth, Encoder};
    use proptest::prelude::*;

    /// A square image whose every pixel is `pixel`.
    pub(crate) fn square(side: u32, color: ColorType, depth: BitDepth, pixel: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, side, side);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.set_palette(vec![0, 0, 0, 255, 255, 255]);
        let row = if depth == BitDepth::One { side.div_ceil(8) } else { side };
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&pixel.repeat((row * side) as usize)).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn every_colour_type_and_depth_becomes_grey() {
        let cases: [(ColorType, BitDepth, &[u8], f32); 10] = [
            (ColorType::Grayscale, BitDepth::Eight, &[51], 0.2),
            (ColorType::Grayscale, BitDepth::Sixteen, &[51, 51], 0.2),
            (ColorType::Grayscale, BitDepth::One, &[255], 1.0),
            (ColorType::GrayscaleAlpha, BitDepth::Eight, &[255, 51], 0.2),
            (ColorType::GrayscaleAlpha, BitDepth::Sixteen, &[255, 255, 51, 51], 0.2),
            (ColorType::Rgb, BitDepth::Eight, &[255, 0, 0], 0.299),
            (ColorType::Rgb, BitDepth::Sixteen, &[0, 0, 255, 255, 0, 0], 0.587),
            (ColorType::Rgba, BitDepth::Eight, &[255, 255, 255, 51], 0.2),
            (ColorType::Rgba, BitDepth::Sixteen, &[0, 0, 0, 0, 255, 255, 255, 255], 0.114),
            (ColorType::Indexed, BitDepth::One, &[255], 1.0),
        ];
        for (color, depth, pixel, grey) in cases {
            let Raw::Pixels(values) = image(&square(28, color, depth, pixel), "a").unwrap() else {
                panic!("an image is values")
            };
            assert_eq!(values.len(), 784);
            assert!(
                values.iter().all(|value| (value - grey).abs() < 1e-6),
                "{color:?} {depth:?} {}",
                values[0]
            );
        }
    }

    #[test]
    fn another_size_is_named() {
        let bytes = square(20, ColorType::Grayscale, BitDepth::Eight, &[0]);
        assert!(matches!(image(&bytes, "a"), Err(DataError::ImageSize { width: 20, height: 20, .. })));
    }

    #[test]
    fn every_cut_into_the_pixels_is_refused() {
        let bytes = square(28, ColorType::Grayscale, BitDepth::Eight, &[7]);
        let pixels_end = bytes.len() - 12 - 4 - 4; // the closing chunk, two checksums
        for end in 0..pixels_end {
            assert!(matches!(image(&bytes[..end], "a"), Err(DataError::Png { .. })), "{end}");
        }
    }

    proptest! {
        #[test]
        fn any_damage_is_read_or_refused(at in 8usize..60, byte: u8) {
            let mut bytes = square(28, ColorType::Rgba, BitDepth::Eight, &[1, 2, 3, 4]);
            bytes[at] = byte;
            let _ = image(&bytes, "a");
        }
    }
}
