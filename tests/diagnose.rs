//! Real replies, and what they mean.
//!
//! `data/replies.tsv` holds replies from server sources and from reports of users: id, command, name sent (`-` where it does not
//! matter), reply code, enhanced code, text with `\n` between lines, software, cause, whether the name is at fault, source.

use helo_name::{Diagnosis, Reply, Stage};

/// Reads a row of the data; names the columns once.
struct Row<'a> {
    id: &'a str,
    stage: Stage,
    sent: Option<&'a str>,
    reply: Reply,
    cause: String,
    ours: bool,
}

impl<'a> Row<'a> {
    fn new(line: &'a str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let [
            id,
            command,
            sent,
            code,
            enhanced,
            text,
            _software,
            cause,
            ours,
            _source,
        ] = <[&str; 10]>::try_from(columns).expect("ten columns");
        Row {
            id,
            stage: command.parse().expect("a stage"),
            sent: (sent != "-").then_some(sent),
            reply: Reply::from_parts(
                code.parse().expect("a code"),
                enhanced.parse().ok(),
                text.split("\\n"),
            )
            .expect("a reply"),
            cause: cause.to_ascii_lowercase(),
            ours: ours == "yes",
        }
    }
}

/// Prints the rows that come out wrong and returns how many have the wrong fault and the wrong cause.
fn wrong_rows(table: &str) -> (usize, usize, usize) {
    let (mut rows, mut wrong_fault, mut wrong_cause) = (0, 0, 0);
    for row in table
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(Row::new)
    {
        let diagnosis = Diagnosis::of(row.stage, &row.reply, row.sent);
        rows += 1;
        let fault = diagnosis.is_ours() == row.ours;
        let cause = diagnosis.cause().as_str() == row.cause;
        wrong_fault += usize::from(!fault);
        wrong_cause += usize::from(!cause);
        if !fault || !cause {
            println!(
                "{} {} {}: is {} {}, told {} {}",
                row.id,
                row.stage,
                row.reply,
                if row.ours { "ours" } else { "not ours" },
                row.cause,
                if diagnosis.is_ours() {
                    "ours"
                } else {
                    "not ours"
                },
                diagnosis.cause(),
            );
        }
        assert!(
            row.ours || !diagnosis.is_ours(),
            "{}: not ours, and called ours",
            row.id
        );
    }
    (rows, wrong_fault, wrong_cause)
}

#[test]
fn real_replies_are_understood() {
    let (rows, wrong_fault, wrong_cause) = wrong_rows(include_str!("data/replies.tsv"));
    println!(
        "{rows} rows, {wrong_fault} wrong about the fault, {wrong_cause} wrong about the cause"
    );
    assert_eq!(rows, 181);
    assert!(wrong_fault * 100 <= rows, "at most 1 %");
    assert!(wrong_cause * 20 <= rows, "at most 5 %");
}

/// `data/replies-derived.tsv` has the same columns; its texts follow from server sources, and what each is about from the source too.
#[test]
fn replies_that_follow_from_server_sources_are_understood() {
    let (_, wrong_fault, wrong_cause) = wrong_rows(include_str!("data/replies-derived.tsv"));
    assert_eq!((wrong_fault, wrong_cause), (0, 0));
}
