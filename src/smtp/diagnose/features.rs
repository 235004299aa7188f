//! What a text holds: one pass over its words finds the phrases, and the features they give.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use crate::smtp::diagnose::phrases::{CITED, Feature, RECORDED, Said};
use crate::smtp::diagnose::text::{PARTS, Text};

/// How many features a set has room for.
const FEATURES: usize = u128::BITS as usize;

/// The first phrase that gave each feature, by its number from one; zero is none.
type Words = [u16; FEATURES];

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Features(u128);

impl Features {
    pub(super) const NONE: Self = Features(0);
    const ALL: Self = Features(u128::MAX);

    pub(super) const fn of(features: &[Feature]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < features.len() {
            bits |= 1 << features[at] as u32;
            at += 1;
        }
        Features(bits)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Features(self.0 | other.0)
    }

    pub(super) const fn common(self, other: Self) -> Self {
        Features(self.0 & other.0)
    }

    /// Returns the number of each feature in the set.
    fn numbers(self) -> impl Iterator<Item = usize> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let number = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (number < FEATURES).then_some(number)
        })
    }

    pub(super) const fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The features of a clause.
#[derive(Clone, Copy, Default)]
pub(super) struct Clause {
    /// Those of its own words.
    pub(super) own: Features,
    /// Those of the text from its first word to the end, which may say why.
    pub(super) onwards: Features,
}

/// The features of a reply and of its clauses.
pub(super) struct Found {
    pub(super) reply: Features,
    parts: [Clause; PARTS],
    clauses: usize,
    words: Words,
}

impl Found {
    pub(super) fn new(text: &Text) -> Self {
        Self::by(&VOCABULARY, text)
    }

    fn by(vocabulary: &Vocabulary, text: &Text) -> Self {
        let mut parts = [Clause::default(); PARTS];
        let mut common = Features::ALL;
        let mut words = [0; FEATURES];
        for (part, range) in parts.iter_mut().zip(text.parts()) {
            vocabulary.read(&text.words, range, part, &mut common, &mut words);
        }
        let mut found = Found {
            reply: Features::NONE,
            parts,
            clauses: text.clauses(),
            words,
        };
        for at in (0..PARTS).rev() {
            found.reply = found.reply.and(parts[at].onwards);
            found.parts[at].onwards = found.reply;
        }
        found.add(facts(text));
        if common.has_any(Features::of(&[Feature::Refusal])) && common != Features::ALL {
            found.add(Features::of(&[Feature::OnlyRefusal]));
        }
        found
    }

    /// Adds features that are in no clause, but apply to all of them.
    pub(super) fn add(&mut self, facts: Features) {
        self.reply = self.reply.and(facts);
        for part in &mut self.parts {
            part.own = part.own.and(facts);
            part.onwards = part.onwards.and(facts);
        }
    }

    /// Adds a feature wherever another one is.
    pub(super) fn imply(&mut self, given: Feature, then: Feature) {
        let (given, then) = (Features::of(&[given]), Features::of(&[then]));
        let add = |features: &mut Features| {
            if features.has_all(given) {
                *features = features.and(then);
            }
        };
        add(&mut self.reply);
        for part in &mut self.parts {
            add(&mut part.own);
            add(&mut part.onwards);
        }
    }

    /// Returns the longest phrase that gave one of these features.
    pub(super) fn words_for(&self, features: Features) -> Option<&'static str> {
        let phrases = features
            .numbers()
            .filter_map(|number| VOCABULARY.name(self.words[number]));
        phrases.max_by_key(|phrase| phrase.len())
    }

    pub(super) fn clauses(&self) -> &[Clause] {
        &self.parts[1..=self.clauses]
    }
}

static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::new(RECORDED.iter().chain(CITED)));

/// Finds the phrases with which a text begins.
struct Vocabulary {
    /// The phrases by their first two bytes.
    phrases: Vec<Vec<Phrase>>,
    /// All of them, by number.
    names: Vec<&'static str>,
}

/// How many lists of phrases there are: five bits of each of two bytes choose one.
const LISTS: usize = 1 << 10;

/// Returns the list for words that begin so; words that differ may share one.
const fn list(words: &[u8]) -> usize {
    match words {
        [first, second, ..] => (*first as usize & 31) << 5 | (*second as usize & 31),
        _ => 0,
    }
}

struct Phrase {
    text: &'static [u8],
    /// Its number from one.
    number: u16,
    /// Whether the last word may go on.
    is_open: bool,
    gives: Features,
    /// Its first bytes, and a mask for them: most phrases differ in these.
    head: u64,
    mask: u64,
}

impl Vocabulary {
    fn new<'a>(said: impl Iterator<Item = &'a Said>) -> Self {
        let mut names = Vec::new();
        let mut phrases: Vec<Vec<Phrase>> = (0..LISTS).map(|_| Vec::new()).collect();
        for (gives, texts) in said.flat_map(|(_, rows)| *rows) {
            for text in *texts {
                let name = text.trim_end_matches('*');
                let bytes = name.as_bytes();
                names.push(name);
                phrases[list(bytes)].push(Phrase {
                    text: bytes,
                    number: names.len() as u16,
                    is_open: text.ends_with('*'),
                    gives: Features::of(gives),
                    head: head(bytes),
                    mask: head(&[0xFF; 8][..bytes.len().min(8)]),
                });
            }
        }
        Vocabulary { phrases, names }
    }

    /// Returns the phrase with this number.
    fn name(&self, number: u16) -> Option<&'static str> {
        let at = usize::from(number).checked_sub(1)?;
        self.names.get(at).copied()
    }

    /// Reads the words of a part; keeps in `common` what each word gives.
    fn read(
        &self,
        words: &str,
        range: Range<usize>,
        part: &mut Clause,
        common: &mut Features,
        said: &mut Words,
    ) {
        let mut at = range.start;
        while at < range.end {
            let words = &words.as_bytes()[at..];
            let mut here = Features::NONE;
            for phrase in self.phrases_at(words) {
                here = here.and(phrase.gives);
                for feature in phrase.gives.numbers() {
                    if said[feature] == 0 {
                        said[feature] = phrase.number;
                    }
                }
                // A phrase may go on in the next clause.
                if at + phrase.text.len() <= range.end {
                    part.own = part.own.and(phrase.gives);
                }
            }
            part.onwards = part.onwards.and(here);
            if words[0] != b'^' {
                common.0 &= here.0;
            }
            let space = words.iter().position(|byte| *byte == b' ');
            at += space.map_or(words.len(), |space| space + 1);
        }
    }

    /// Returns the phrases with which the words begin.
    fn phrases_at(&self, words: &[u8]) -> impl Iterator<Item = &Phrase> {
        let phrases = self.phrases.get(list(words));
        let head = head(words);
        phrases.into_iter().flatten().filter(move |phrase| {
            let length = phrase.text.len();
            head & phrase.mask == phrase.head
                && (length <= 8 || words.starts_with(phrase.text))
                && (phrase.is_open || words.get(length) == Some(&b' '))
        })
    }
}

/// Returns the first eight bytes as a number that is the same for the same bytes.
fn head(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(text);
            u64::from_be_bytes(bytes)
        }
    }
}

/// Returns what the words do not tell.
fn facts(text: &Text) -> Features {
    let echo = text.echoes_sent();
    let mut facts = text
        .name()
        .map_or(Features::NONE, |name| Features::of(kind(name)));
    for (is_so, fact) in [
        (echo == Some(true), Feature::EchoSent),
        (echo == Some(false), Feature::EchoOther),
        (text.names_other, Feature::OtherName),
        (text.details_sent, Feature::DetailSent),
        (text.checks_helo, Feature::HeloScope),
        (text.names_mailbox, Feature::Mailbox),
        (text.quotes_reply, Feature::QuotesReply),
    ] {
        if is_so {
            facts = facts.and(Features::of(&[fact]));
        }
    }
    facts
}

/// Returns what kind of name it is, as far as a server that says little may mean it.
fn kind(name: &str) -> &'static [Feature] {
    use Feature::{BareAddress, Local, SingleLabel, Underscore};

    let first = name.get(.."localhost".len()).unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_local =
        first.eq_ignore_ascii_case("localhost") || last.eq_ignore_ascii_case("localdomain");
    let is_label_without = |label: &str| is_label(label.bytes().filter(|byte| *byte != b'_'));
    if name.parse::<IpAddr>().is_ok() {
        &[BareAddress]
    } else if is_local && name.contains('.') {
        &[Local]
    } else if is_local {
        &[Local, SingleLabel]
    } else if let Some(inner) = name.strip_prefix('[') {
        literal(inner)
    } else if name.contains('_') && name.split('.').all(is_label_without) {
        &[Underscore]
    } else if is_label(name.bytes()) && !name.bytes().all(|byte| byte.is_ascii_digit()) {
        &[SingleLabel]
    } else {
        &[]
    }
}

fn literal(inner: &str) -> &'static [Feature] {
    let Some(inner) = inner.strip_suffix(']') else {
        return &[];
    };
    let (tag, address) = inner.split_at_checked("IPv6:".len()).unwrap_or_default();
    if !tag.eq_ignore_ascii_case("IPv6:") {
        let is_address = inner.parse::<Ipv4Addr>().is_ok();
        return if is_address { &[Feature::Literal] } else { &[] };
    }
    match address.parse::<Ipv6Addr>() {
        // An IPv4-mapped address is wrong as a literal, not as an address.
        Ok(address) if address.to_ipv4_mapped().is_none() => {
            &[Feature::Literal, Feature::Ipv6Literal]
        }
        _ => &[],
    }
}

fn is_label(mut bytes: impl DoubleEndedIterator<Item = u8> + Clone) -> bool {
    let ends = [bytes.clone().next(), bytes.clone().next_back()];
    ends.iter()
        .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
        && bytes.clone().count() <= 63
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
