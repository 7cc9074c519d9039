//! How errors say what is wrong.

/// Gives an error a `Debug` that says what its `Display` does, in the words that were found for people: `unwrap`, `expect` and a `main`
/// that returns a `Result` print nothing else.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_display {
    ($error:ty) => {
        impl ::core::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(self, f)
            }
        }
    };
}
