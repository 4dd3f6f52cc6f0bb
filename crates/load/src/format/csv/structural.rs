//! Finds the next byte that may end a field, eight bytes at a time: fields are too short for a call to pay off.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Up to four bytes to look for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needles<const N: usize> {
    bytes: [u8; N],
    words: [u64; N],
}

impl<const N: usize> Needles<N> {
    pub(super) fn new(bytes: [u8; N]) -> Self {
        Needles { bytes, words: bytes.map(|b| u64::from(b) * LOW) }
    }

    /// The first index from `at` on that holds one of the bytes; the length if there is none.
    #[inline]
    pub(super) fn find(&self, haystack: &[u8], mut at: usize) -> usize {
        while let Some(chunk) = haystack.get(at..at + 8) {
            let word = u64::from_le_bytes(chunk.try_into().expect("the range has eight bytes"));
            let mut found = 0;
            for needle in self.words {
                let difference = word ^ needle;
                // Marks the zero bytes. A wrong mark can only stand above a right one, so the lowest is right.
                found |= difference.wrapping_sub(LOW) & !difference;
            }
            found &= HIGH;
            if found != 0 {
                return at + (found.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        while at < haystack.len() && !self.bytes.contains(&haystack[at]) {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_and_every_byte_is_found() {
        for needle in 0..=255u8 {
            let other = needle.wrapping_add(1);
            let needles = Needles::new([needle, needle.wrapping_add(7)]);
            for length in 0..20 {
                for position in 0..length {
                    let mut text = vec![other; length];
                    text[position] = needle;
                    assert_eq!(needles.find(&text, 0), position, "{needle} in {text:?}");
                    assert_eq!(needles.find(&text, position + 1), length);
                }
            }
        }
    }
}
