//! Reading the tables in `tests/data`.

#![allow(dead_code, reason = "not every test reads its table by columns")]

/// Gives the rows of a table, cut at the tabs. A line that starts with `# ` is a comment.
pub(crate) fn rows<const COLUMNS: usize>(table: &'static str) -> Vec<[&'static str; COLUMNS]> {
    table
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| {
            let mut columns = line.split('\t');
            let row = std::array::from_fn(|_| {
                columns
                    .next()
                    .unwrap_or_else(|| unreachable!("a column is missing: {line}"))
            });
            assert_eq!(columns.next(), None, "one column too many: {line}");
            row
        })
        .collect()
}

/// Turns the notation of the tables into bytes: `\xNN`, `\\`, `\t`, and `\-` alone for nothing.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let (kind, after) = escape.split_at(1);
        rest = after;
        match kind {
            "x" => {
                let (digits, after) = after.split_at(2);
                bytes.push(u8::from_str_radix(digits, 16).expect("two hex digits"));
                rest = after;
            }
            "\\" => bytes.push(b'\\'),
            "t" => bytes.push(b'\t'),
            "-" => {}
            other => unreachable!("unknown escape \\{other}"),
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
