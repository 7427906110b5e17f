//! The idx format of MNIST: a magic number, the sizes, all big-endian, then bytes.

use crate::DataError;
use crate::examples::{Example, Raw};
use crate::image::{PIXELS, SIDE};

const IMAGES: u32 = 0x0803;
const LABELS: u32 = 0x0801;

/// Reads a file of 28×28 images.
pub(crate) fn images(bytes: &[u8], file: &str) -> Result<Vec<Raw>, DataError> {
    let ([_, height, width], pixels) = open::<3>(bytes, file, IMAGES, "images")?;
    if (height, width) != (SIDE as u32, SIDE as u32) {
        return Err(DataError::ImageSize { file: file.into(), width, height });
    }
    let image = |pixels: &[u8]| Raw::Pixels(pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect());
    Ok(pixels.chunks_exact(PIXELS).map(image).collect())
}

/// Reads a file of labels, each below `classes`.
pub(crate) fn labels(bytes: &[u8], file: &str, classes: usize) -> Result<Vec<usize>, DataError> {
    let (_, labels) = open::<1>(bytes, file, LABELS, "labels")?;
    match labels.iter().position(|label| usize::from(*label) >= classes) {
        Some(at) => {
            Err(DataError::IdxLabel { file: file.into(), position: at + 1, found: labels[at], classes })
        }
        None => Ok(labels.iter().map(|label| usize::from(*label)).collect()),
    }
}

/// Joins images with the labels of `file`.
pub(crate) fn pair(images: Vec<Raw>, labels: Vec<usize>, file: &str) -> Result<Vec<Example>, DataError> {
    if images.len() != labels.len() {
        return Err(DataError::IdxPair { file: file.into(), labels: labels.len(), images: images.len() });
    }
    Ok(images.into_iter().zip(labels).map(|(raw, label)| Example::of_class(raw, label)).collect())
}

/// The sizes in a header, the first being the number of items, and the bytes after it, as many as the sizes
/// announce.
fn open<'a, const N: usize>(
    bytes: &'a [u8],
    file: &str,
    magic: u32,
    what: &'static str,
) -> Result<([u32; N], &'a [u8]), DataError> {
    let wanted = 4 * (N + 1);
    let Some((header, body)) = bytes.split_at_checked(wanted) else {
        return Err(DataError::IdxHeader { file: file.into(), found: bytes.len(), wanted });
    };
    let word =
        |at: usize| header[4 * at..4 * at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    if word(0) != magic {
        return Err(DataError::IdxMagic { file: file.into(), found: word(0), wanted: magic, what });
    }
    let sizes: [u32; N] = std::array::from_fn(|at| word(at + 1));
    let announced: u128 = sizes.iter().map(|size| u128::from(*size)).product();
    if body.len() as u128 != announced {
        return Err(DataError::IdxLength { file: file.into(), found: body.len(), announced });
    }
    if body.is_empty() {
        return Err(DataError::NoSequence { file: file.into() });
    }
    Ok((sizes, body))
}

/// An idx file of images, for the tests of its readers.
#[cfg(test)]
pub(crate) fn file_of_images(count: u32, side: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = [IMAGES, count, side, side].iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend((0..count * side * side).map(|pixel| (pixel % 256) as u8));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file_of_labels(labels: &[u8]) -> Vec<u8> {
        [&LABELS.to_be_bytes(), &(labels.len() as u32).to_be_bytes(), labels].concat()
    }

    #[test]
    fn pixels_run_from_0_to_1() {
        let images = images(&file_of_images(2, 28), "a").unwrap();
        assert_eq!(images.len(), 2);
        let Raw::Pixels(values) = &images[0] else { panic!("an image is values") };
        assert_eq!((values.len(), values[0], values[51], values[255]), (784, 0.0, 0.2, 1.0));
    }

    #[test]
    fn labels_are_read_and_held_against_the_classes() {
        let bytes = file_of_labels(&[3, 0, 9]);
        assert_eq!(labels(&bytes, "a", 10).unwrap(), [3, 0, 9]);
        assert!(matches!(labels(&bytes, "a", 9), Err(DataError::IdxLabel { position: 3, found: 9, .. })));
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = file_of_images(1, 28);
        for end in 0..bytes.len() {
            match images(&bytes[..end], "a") {
                Err(DataError::IdxHeader { .. }) => assert!(end < 16),
                Err(DataError::IdxLength { .. }) => assert!(end >= 16),
                other => panic!("{end}: {other:?}"),
            }
        }
    }

    #[test]
    fn bytes_past_the_end_are_refused() {
        let bytes = [file_of_images(1, 28), vec![0]].concat();
        assert!(matches!(images(&bytes, "a"), Err(DataError::IdxLength { found: 785, announced: 784, .. })));
    }

    #[test]
    fn the_wrong_kind_of_file_is_refused() {
        let bytes = file_of_labels(&[0; 20]);
        assert!(matches!(images(&bytes, "a"), Err(DataError::IdxMagic { found: LABELS, .. })));
        assert!(matches!(labels(&file_of_images(1, 28), "a", 10), Err(DataError::IdxMagic { .. })));
    }

    #[test]
    fn another_image_size_is_named() {
        let error = images(&file_of_images(1, 20), "a").unwrap_err();
        assert!(matches!(error, DataError::ImageSize { width: 20, height: 20, .. }));
        assert!(error.to_string().contains("20×20") && error.to_string().contains("28×28"));
    }

    #[test]
    fn sizes_that_overflow_are_refused_without_allocating() {
        let bytes: Vec<u8> = [IMAGES, !0, !0, !0].iter().flat_map(|word| word.to_be_bytes()).collect();
        assert!(matches!(images(&bytes, "a"), Err(DataError::IdxLength { .. })));
    }

    #[test]
    fn a_file_of_nothing_is_refused() {
        assert!(matches!(images(&file_of_images(0, 28), "a"), Err(DataError::NoSequence { .. })));
    }

    #[test]
    fn images_and_labels_must_match_in_number() {
        let images = images(&file_of_images(2, 28), "a").unwrap();
        assert!(matches!(pair(images, vec![1], "b"), Err(DataError::IdxPair { labels: 1, images: 2, .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = images(&bytes, "a");
            let _ = labels(&bytes, "a", 10);
        }
    }
}
