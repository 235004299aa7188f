#![no_main]

#[path = "../../tests/support/smtp_properties.rs"]
#[expect(dead_code, reason = "a target asserts one property")]
mod smtp_properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| smtp_properties::replies(bytes));
