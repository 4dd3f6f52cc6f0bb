//! The `mysql_native_password` method: salts, hashes and the check of a client's scramble.
//!
//! A client proves that it knows the password by `SHA1(password) XOR SHA1(salt + SHA1(SHA1(password)))`; the server
//! keeps only `SHA1(SHA1(password))`.

use sha1::{Digest, Sha1};
use uuid::Uuid;

pub(super) const PLUGIN: &str = "mysql_native_password";
pub const SALT_BYTES: usize = 20;
const HASH_BYTES: usize = 20;

/// Random bytes for one connection. Neither 0, which ends a string in the greeting, nor `$`, which some clients take
/// for a separator.
pub(super) fn fresh_salt() -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    let mut filled = 0;
    while filled < SALT_BYTES {
        // Two bytes of a version 4 UUID hold its version and variant; the others come from the system's generator.
        for (i, byte) in Uuid::new_v4().as_bytes().iter().enumerate() {
            let byte = byte & 0x7f;
            if filled < SALT_BYTES && !matches!(i, 6 | 8) && !matches!(byte, 0 | b'$') {
                salt[filled] = byte;
                filled += 1;
            }
        }
    }
    salt
}

/// What the server remembers of a password: `SHA1(SHA1(password))`, or that there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Option<[u8; HASH_BYTES]>);

impl PasswordHash {
    /// The empty password is "no password".
    pub fn of(password: &str) -> Self {
        if password.is_empty() {
            return PasswordHash(None);
        }
        PasswordHash(Some(sha1(&[&sha1(&[password.as_bytes()])])))
    }

    /// Whether a client that sent this scramble knows the password.
    pub fn accepts(&self, salt: &[u8; SALT_BYTES], scramble: &[u8]) -> bool {
        let Some(stored) = &self.0 else { return scramble.is_empty() };
        let Ok(scramble) = <[u8; HASH_BYTES]>::try_from(scramble) else { return false };
        let mut stage1 = sha1(&[salt, stored]);
        for (byte, sent) in stage1.iter_mut().zip(scramble) {
            *byte ^= sent;
        }
        // Every byte is looked at, so that the time taken tells nothing about the hash.
        let found = sha1(&[&stage1]);
        found.iter().zip(stored).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "PasswordHash(******)" } else { "PasswordHash(none)" })
    }
}

fn sha1(parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    let mut hasher = Sha1::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mysql_common::scramble::scramble_native;

    #[test]
    fn only_the_right_password_is_accepted() {
        let salt = fresh_salt();
        for (stored, given, accepted) in
            [("pw", "pw", true), ("pw", "PW", false), ("pw", "", false), ("", "", true), ("", "x", false)]
        {
            let scramble = scramble_native(&salt, given.as_bytes()).map_or_else(Vec::new, |s| s.to_vec());
            assert_eq!(PasswordHash::of(stored).accepts(&salt, &scramble), accepted, "{stored:?} {given:?}");
        }
        assert!(!PasswordHash::of("pw").accepts(&salt, b"short"));
    }

    #[test]
    fn a_scramble_is_good_for_one_salt() {
        let scramble = scramble_native(&fresh_salt(), b"pw").unwrap();
        assert!(!PasswordHash::of("pw").accepts(&fresh_salt(), &scramble));
    }

    #[test]
    fn salts_hold_no_separator() {
        for _ in 0..200 {
            assert!(fresh_salt().iter().all(|b| (1..=127).contains(b) && *b != b'$'));
        }
    }
}
