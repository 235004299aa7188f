#![no_main]

#[path = "../../tests/support/properties.rs"]
#[expect(dead_code, reason = "a target asserts one property")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::sanitize(bytes));
