//! The frame of a record: its length, its content, and a masked CRC-32C of each.

use prost::Message;

use super::messages::{Event, event};

/// A file with the record that every event file begins with.
pub fn begin(wall_time: f64) -> Vec<u8> {
    let mut file = vec![];
    let what = Some(event::What::FileVersion("brain.Event:2".into()));
    add(&mut file, &Event { wall_time, step: 0, what });
    file
}

/// Adds a record.
pub fn add(file: &mut Vec<u8>, event: &Event) {
    let content = event.encode_to_vec();
    let length = (content.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(&length).to_le_bytes());
    file.extend(&content);
    file.extend(masked(&content).to_le_bytes());
}

/// A checksum of data that contains checksums itself would be weak: the format rotates it and adds a constant.
fn masked(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that TensorFlow writes for the same event:
    /// `tensorboard.summary.writer.record_writer.RecordWriter` of `Event(wall_time=1, file_version="brain.Event:2")`.
    #[test]
    fn the_first_record_is_the_reference_writers() {
        let hexadecimal: String = begin(1.0).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hexadecimal,
            "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a"
        );
    }
}
