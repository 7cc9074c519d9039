//! Messages that are put together in const evaluation, where `format!` does not exist.

/// Bytes that fit a message; what is longer is cut off.
const CAPACITY: usize = 768;

/// A message in the making.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Message {
    pub const fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    /// This with `text` behind it.
    pub const fn text(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.length + text.len() > CAPACITY {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    /// This with `text` in backticks behind it.
    pub const fn code(self, text: &str) -> Self {
        self.text("`").text(text).text("`")
    }

    /// This with a number behind it.
    pub const fn number(self, number: u32) -> Self {
        self.long(number as u64)
    }

    /// This with a large number behind it.
    pub const fn long(self, number: u64) -> Self {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let this = if number >= 10 { self.long(number / 10) } else { self };
        this.text(DIGITS[(number % 10) as usize])
    }

    /// Stops const evaluation with this message.
    #[track_caller]
    pub const fn fail(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("what was declared does not hold"),
        }
    }
}

/// Whether two strings are equal.
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether two member names are the same but for case and underscores: `viewProjection` is `view_projection`.
pub(super) const fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (mut i, mut j) = (0, 0);
    loop {
        while i < a.len() && a[i] == b'_' {
            i += 1;
        }
        while j < b.len() && b[j] == b'_' {
            j += 1;
        }
        if i == a.len() || j == b.len() {
            return i == a.len() && j == b.len();
        }
        if !a[i].eq_ignore_ascii_case(&b[j]) {
            return false;
        }
        i += 1;
        j += 1;
    }
}

/// Whether a member is padding by its name.
pub(super) const fn is_padding(name: &str) -> bool {
    !name.is_empty() && name.as_bytes()[0] == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_across_naming_conventions() {
        assert!(same_name("viewProjection", "view_projection"));
        assert!(same_name("fov", "fov"));
        assert!(!same_name("fov", "fovy"));
        assert!(!same_name("fovy", "fov"));
    }

    #[test]
    #[should_panic(expected = "slot `a`: 1024 and 0")]
    fn messages_are_put_together() {
        Message::new().text("slot ").code("a").text(": ").number(1024).text(" and ").number(0).fail();
    }
}
