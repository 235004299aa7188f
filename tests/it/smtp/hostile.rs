//! The properties that the fuzz targets assert about a server's bytes, by proptest.
//!
//! `PROPTEST_CASES` sets the number of cases.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::smtp_properties;

/// Lines that servers send, and pieces of them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "220 mx.example.net ESMTP\r\n",
        "250-mx.example.net\r\n",
        "250 STARTTLS\r\n",
        "500 5.5.2 unknown command\r\n",
        "501 Syntactically invalid HELO argument(s)\r\n",
        "550 5.7.1 <mx1.example.com>: Helo command rejected: Host not found\r\n",
        "550 ",
        "421 closing (EHLO)\r\n",
        "554-",
        "HELO mx1.example.com",
        "listed in zen.spamhaus.org",
        "^ ` \u{1b} \u{feff} ",
        "\r\n",
        "\n",
        "\r",
    ]);
    let piece = piece.prop_map(|text| text.as_bytes().to_vec());
    let noise = vec(any::<u8>(), 0..8);
    let pieces = vec(prop_oneof![4 => piece, 1 => noise], 0..12);
    (any::<[u8; 2]>(), pieces).prop_map(|(head, pieces)| [head.to_vec(), pieces.concat()].concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_replies(bytes in bytes()) {
        smtp_properties::replies(&bytes);
    }

    #[test]
    fn a_diagnosis_holds_for_any_text(bytes in bytes()) {
        smtp_properties::diagnosis(&bytes);
    }

    #[test]
    fn a_handshake_ends_and_says_one_name_in_one_session(bytes in bytes()) {
        smtp_properties::handshake(&bytes);
    }
}
