//! For tests with a table: every row is checked, and every row that fails is reported.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Checks each row, and panics with the messages of all that fail.
pub(crate) fn each<R>(rows: impl IntoIterator<Item = R>, mut check: impl FnMut(R)) {
    let mut failed = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(row))) {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            failed.push(format!("row {count}: {}", text.unwrap_or_default()));
        }
    }
    assert_ne!(count, 0, "the table is empty");
    assert!(
        failed.is_empty(),
        "{} of {count}:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
