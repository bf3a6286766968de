//! ECMA-262 regular expressions as sets of texts.
//!
//! The meaning is that of a search: a text is in the set where the pattern matches somewhere in it. Anchors and look-ahead are
//! exact; back-references, look-behind and word boundaries are refused, and so is repetition of anchors and look-ahead.

use super::automaton::{ALL, ANY, Automata, EMPTY, EPSILON, Ranges, ReId, complement, normal};

/// Groups nested deeper than this are refused.
const DEPTH_LIMIT: usize = 60;

/// Patterns longer than this are refused.
const LENGTH_LIMIT: usize = 4_000;

/// A repetition of something that is not a plain set of texts is written out up to this many times.
const UNROLL_LIMIT: u32 = 8;

/// Why a pattern has no automaton.
pub(super) type Refusal = &'static str;

#[derive(Clone, Debug)]
enum Ast {
    Empty,
    Class(Ranges),
    Start,
    End,
    Concat(Vec<Ast>),
    Or(Vec<Ast>),
    Repeat(Box<Ast>, u32, Option<u32>),
    Ahead(Box<Ast>, bool),
}

/// The texts in which the pattern matches somewhere.
pub(super) fn compile(automata: &mut Automata, pattern: &str) -> Result<ReId, Refusal> {
    let characters: Vec<char> = pattern.chars().collect();
    if characters.len() > LENGTH_LIMIT {
        return Err("the pattern is too long");
    }
    let mut parser = Parser { text: &characters, at: 0, depth: 0 };
    let ast = parser.alternatives()?;
    if parser.at < characters.len() {
        return Err("a parenthesis is closed that was not opened");
    }
    let after = Follow { start: ALL, inside: ALL };
    let found = lower(automata, &ast, after)?;
    // Matched at the very start, or after at least one character.
    let some = automata.repeat(ANY, 1, None);
    let later = automata.concat(some, found.inside);
    Ok(automata.or([found.start, later]))
}

/// The set of what is still to come, seen from the start of the text and from anywhere behind it.
#[derive(Clone, Copy)]
struct Follow {
    start: ReId,
    inside: ReId,
}

/// The texts that match `ast` and go on with `after`, to the end of the text. Working with all that follows, rather than with the
/// part that `ast` itself matches, is what makes `$` and look-ahead simple: both speak of the rest of the text.
fn lower(automata: &mut Automata, ast: &Ast, after: Follow) -> Result<Follow, Refusal> {
    if automata_full(automata) {
        return Err("the pattern is too large");
    }
    Ok(match ast {
        Ast::Empty => after,
        Ast::Class(ranges) => {
            let class = automata.class(ranges.clone());
            let both = automata.concat(class, after.inside);
            Follow { start: both, inside: both }
        }
        Ast::Start => Follow { start: after.start, inside: EMPTY },
        Ast::End => Follow { start: automata.and([after.start, EPSILON]), inside: automata.and([after.inside, EPSILON]) },
        Ast::Concat(parts) => {
            let mut follow = after;
            for part in parts.iter().rev() {
                follow = lower(automata, part, follow)?;
            }
            follow
        }
        Ast::Or(parts) => {
            let mut starts = Vec::new();
            let mut insides = Vec::new();
            for part in parts {
                let follow = lower(automata, part, after)?;
                starts.push(follow.start);
                insides.push(follow.inside);
            }
            Follow { start: automata.or(starts), inside: automata.or(insides) }
        }
        Ast::Ahead(inner, wanted) => {
            let seen = lower(automata, inner, Follow { start: ALL, inside: ALL })?;
            let (start, inside) =
                if *wanted { (seen.start, seen.inside) } else { (automata.not(seen.start), automata.not(seen.inside)) };
            Follow { start: automata.and([start, after.start]), inside: automata.and([inside, after.inside]) }
        }
        Ast::Repeat(inner, min, max) => match plain(automata, inner) {
            Some(body) => {
                let times = automata.repeat(body, *min, *max);
                let inside = automata.concat(times, after.inside);
                if after.start == after.inside {
                    Follow { start: inside, inside }
                } else {
                    // At the start: either nothing was consumed, or the rest is seen from inside.
                    let some = automata.repeat(ANY, 1, None);
                    let consumed = automata.and([times, some]);
                    let consumed = automata.concat(consumed, after.inside);
                    let start = if automata.is_nullable(times) { automata.or([consumed, after.start]) } else { consumed };
                    Follow { start, inside }
                }
            }
            None => {
                let Some(max) = max.filter(|max| *max <= UNROLL_LIMIT) else {
                    return Err("anchors or look-ahead are repeated");
                };
                let mut follow = after;
                for _ in *min..max {
                    let once = lower(automata, inner, follow)?;
                    follow = Follow {
                        start: automata.or([once.start, after.start]),
                        inside: automata.or([once.inside, after.inside]),
                    };
                }
                for _ in 0..*min {
                    follow = lower(automata, inner, follow)?;
                }
                follow
            }
        },
    })
}

fn automata_full(automata: &Automata) -> bool {
    automata.len() > 100_000 || automata.is_spent()
}

/// The set of texts that the part itself matches, where it speaks of nothing around it.
fn plain(automata: &mut Automata, ast: &Ast) -> Option<ReId> {
    Some(match ast {
        Ast::Empty => EPSILON,
        Ast::Class(ranges) => automata.class(ranges.clone()),
        Ast::Start | Ast::End | Ast::Ahead(_, _) => return None,
        Ast::Concat(parts) => {
            let mut whole = EPSILON;
            for part in parts.iter().rev() {
                let part = plain(automata, part)?;
                whole = automata.concat(part, whole);
            }
            whole
        }
        Ast::Or(parts) => {
            let parts = parts.iter().map(|part| plain(automata, part)).collect::<Option<Vec<_>>>()?;
            automata.or(parts)
        }
        Ast::Repeat(inner, min, max) => {
            let inner = plain(automata, inner)?;
            automata.repeat(inner, *min, *max)
        }
    })
}

struct Parser<'t> {
    text: &'t [char],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let matches = wanted.chars().enumerate().all(|(offset, c)| self.text.get(self.at + offset) == Some(&c));
        if matches {
            self.at += wanted.chars().count();
        }
        matches
    }

    fn alternatives(&mut self) -> Result<Ast, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err("the groups are nested too deep");
        }
        let mut parts = vec![self.sequence()?];
        while self.eat("|") {
            parts.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Ast::Or(parts) })
    }

    fn sequence(&mut self) -> Result<Ast, Refusal> {
        let mut parts = Vec::new();
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            parts.push(self.quantified(atom)?);
        }
        Ok(match parts.len() {
            0 => Ast::Empty,
            1 => parts.remove(0),
            _ => Ast::Concat(parts),
        })
    }

    fn quantified(&mut self, mut atom: Ast) -> Result<Ast, Refusal> {
        let mut already = false;
        loop {
            let (min, max) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => match self.counts() {
                    Some(counts) => counts,
                    None => return Ok(atom),
                },
                _ => return Ok(atom),
            };
            if already {
                return Err("a quantifier follows a quantifier");
            }
            already = true;
            self.at += 1;
            // Lazy or greedy, the texts are the same.
            self.eat("?");
            if max.is_some_and(|max| max < min) {
                return Err("a count ends before it begins");
            }
            atom = Ast::Repeat(Box::new(atom), min, max);
        }
    }

    /// `{2}`, `{2,}`, `{2,5}`; leaves the position on the closing brace. Anything else in braces is literal text.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let start = self.at;
        self.at += 1;
        let counts = (|| {
            let min = self.number()?;
            let max = if self.eat(",") { if self.peek() == Some('}') { None } else { Some(self.number()?) } } else { Some(min) };
            (self.peek() == Some('}')).then_some((min, max))
        })();
        if counts.is_none() {
            self.at = start;
        }
        counts
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.text[start..self.at].iter().collect();
        digits.parse().ok()
    }

    fn atom(&mut self) -> Result<Ast, Refusal> {
        let Some(character) = self.next() else { return Ok(Ast::Empty) };
        Ok(match character {
            '^' => Ast::Start,
            '$' => Ast::End,
            '.' => Ast::Class(complement(&normal(vec![(10, 10), (13, 13), (0x2028, 0x2029)]))),
            '(' => self.group()?,
            '[' => Ast::Class(self.class()?),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return Err("a quantifier has nothing to repeat"),
            other => Ast::Class(one(other as u32)),
        })
    }

    fn group(&mut self) -> Result<Ast, Refusal> {
        let mut ahead = None;
        if self.eat("?:") {
        } else if self.eat("?=") {
            ahead = Some(true);
        } else if self.eat("?!") {
            ahead = Some(false);
        } else if self.eat("?<=") || self.eat("?<!") {
            return Err("look-behind");
        } else if self.eat("?<") {
            while self.next().ok_or("a group name has no end")? != '>' {}
        } else if self.peek() == Some('?') {
            return Err("a group of another kind of regular expression");
        }
        let inner = self.alternatives()?;
        if !self.eat(")") {
            return Err("a parenthesis is not closed");
        }
        Ok(match ahead {
            None => inner,
            Some(wanted) => Ast::Ahead(Box::new(inner), wanted),
        })
    }

    fn escape(&mut self) -> Result<Ast, Refusal> {
        let Some(character) = self.peek() else { return Err("a backslash ends the pattern") };
        match character {
            'b' | 'B' => Err("a word boundary"),
            '1'..='9' | 'k' => Err("a back-reference"),
            _ => Ok(Ast::Class(self.escaped_class()?)),
        }
    }

    /// What stands behind a backslash, inside or outside of brackets.
    fn escaped_class(&mut self) -> Result<Ranges, Refusal> {
        let character = self.next().ok_or("a backslash ends the pattern")?;
        Ok(match character {
            'd' => digits(),
            'D' => complement(&digits()),
            'w' => word(),
            'W' => complement(&word()),
            's' => space(),
            'S' => complement(&space()),
            't' => one(9),
            'n' => one(10),
            'v' => one(11),
            'f' => one(12),
            'r' => one(13),
            '0' => one(0),
            'c' => match self.next() {
                Some(letter) if letter.is_ascii_alphabetic() => one(letter as u32 % 32),
                _ => return Err("a control escape without its letter"),
            },
            'x' => one(self.hex(2)?),
            'u' => {
                if self.eat("{") {
                    let mut value: u32 = 0;
                    loop {
                        match self.next() {
                            Some('}') => break,
                            Some(c) => {
                                let digit = c.to_digit(16).ok_or("an escape that is no number")?;
                                value = value
                                    .checked_mul(16)
                                    .and_then(|v| v.checked_add(digit))
                                    .ok_or("an escape past the last character")?;
                            }
                            None => return Err("an escape without its end"),
                        }
                    }
                    one(value)
                } else {
                    let high = self.hex(4)?;
                    let start = self.at;
                    if (0xD800..0xDC00).contains(&high)
                        && self.eat("\\u")
                        && let Ok(low) = self.hex(4)
                        && (0xDC00..0xE000).contains(&low)
                    {
                        one(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                    } else {
                        self.at = start;
                        one(high)
                    }
                }
            }
            'p' | 'P' => {
                let start = self.at;
                if !self.eat("{") {
                    return Err("a character property without its name");
                }
                while self.next().ok_or("a character property without its end")? != '}' {}
                let name: String = self.text[start..self.at].iter().collect();
                let ranges = property(&format!("\\p{name}"))?;
                if character == 'P' { complement(&ranges) } else { ranges }
            }
            other if other.is_ascii_alphanumeric() => return Err("an escape that means nothing"),
            other => one(other as u32),
        })
    }

    fn hex(&mut self, digits: usize) -> Result<u32, Refusal> {
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.next().and_then(|c| c.to_digit(16)).ok_or("an escape that is no number")?;
            value = value * 16 + digit;
        }
        Ok(value)
    }

    fn class(&mut self) -> Result<Ranges, Refusal> {
        let negated = self.eat("^");
        let mut ranges: Ranges = Vec::new();
        loop {
            let (low, single) = match self.next() {
                None => return Err("a bracket is not closed"),
                Some(']') => break,
                Some('\\') => self.class_escape()?,
                Some(other) => (one(other as u32), true),
            };
            if single && self.peek() == Some('-') && self.text.get(self.at + 1).is_some_and(|c| *c != ']') {
                self.at += 1;
                let (high, single) = match self.next() {
                    None => return Err("a bracket is not closed"),
                    Some('\\') => self.class_escape()?,
                    Some(other) => (one(other as u32), true),
                };
                if !single {
                    ranges.extend(low);
                    ranges.push(('-' as u32, '-' as u32));
                    ranges.extend(high);
                    continue;
                }
                if high[0].0 < low[0].0 {
                    return Err("a range ends before it begins");
                }
                ranges.push((low[0].0, high[0].0));
            } else {
                ranges.extend(low);
            }
        }
        let ranges = normal(ranges);
        Ok(if negated { complement(&ranges) } else { ranges })
    }

    /// An escape in brackets, and whether it stands for one character, which may begin or end a range.
    fn class_escape(&mut self) -> Result<(Ranges, bool), Refusal> {
        if self.peek() == Some('b') {
            self.at += 1;
            return Ok((one(8), true));
        }
        let single = !matches!(self.peek(), Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P'));
        Ok((self.escaped_class()?, single))
    }
}

fn one(character: u32) -> Ranges {
    vec![(character, character)]
}

fn digits() -> Ranges {
    vec![('0' as u32, '9' as u32)]
}

fn word() -> Ranges {
    normal(vec![('0' as u32, '9' as u32), ('A' as u32, 'Z' as u32), ('_' as u32, '_' as u32), ('a' as u32, 'z' as u32)])
}

/// ECMA-262's white space and line ends.
fn space() -> Ranges {
    normal(vec![
        (9, 13),
        (32, 32),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF),
    ])
}

/// A Unicode property by its name in braces.
fn property(name: &str) -> Result<Ranges, Refusal> {
    use regex_syntax::hir::{Class, HirKind};
    let name = name.replace("Script_Extensions=", "scx=").replace("Script=", "sc=").replace("General_Category=", "gc=");
    let hir = regex_syntax::Parser::new().parse(&name).map_err(|_| "a character property that is not known")?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            Ok(class.ranges().iter().map(|range| (range.start() as u32, range.end() as u32)).collect())
        }
        HirKind::Class(Class::Bytes(class)) => {
            Ok(class.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect())
        }
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0).ok().and_then(|text| text.chars().next()) {
            Some(character) => Ok(one(character as u32)),
            None => Err("a character property that is not known"),
        },
        HirKind::Empty
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Capture(_)
        | HirKind::Concat(_)
        | HirKind::Alternation(_) => Err("a character property that is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automata() -> Automata {
        Automata::new(super::super::budget::Budget::new(&super::super::Options::default(), 0))
    }

    fn difference(a: &str, b: &str) -> Option<String> {
        let mut automata = automata();
        let a = compile(&mut automata, a).expect("the first pattern");
        let b = compile(&mut automata, b).expect("the second pattern");
        let b = automata.not(b);
        let both = automata.and([a, b]);
        automata.shortest(both).expect("within the budget")
    }

    #[test]
    fn a_pattern_matches_as_a_search() {
        for (pattern, text, expected) in [
            ("a", "bab", true),
            ("^a", "ba", false),
            ("a$", "ba", true),
            ("^a|b$", "xb", true),
            ("^$", "", true),
            ("^(^a|$)b?$", "ab", true),
            ("^\\d+$", "1٣", false),
            ("^\\s$", "\u{feff}", true),
            ("^.$", "\u{2028}", false),
            ("^(?!foo).*$", "foobar", false),
            ("^(?!foo).*$", "fobar", true),
            ("^(?=.*[a-z])(?=.*[0-9]).{3,}$", "ab1", true),
            ("^(?=.*[a-z])(?=.*[0-9]).{3,}$", "abc", false),
            ("^a{2,3}$", "aaaa", false),
            ("^a{,3}$", "a{,3}", true),
            ("^[\\w-]+$", "a-b_9", true),
            ("^[^\\]]$", "]", false),
            ("^\\u{1F600}$", "😀", true),
            ("^\\ud83d\\ude00$", "😀", true),
            ("^\\p{Lu}$", "É", true),
            ("^\\p{Lu}$", "é", false),
            ("x*?y", "zy", true),
        ] {
            let mut automata = automata();
            let id = compile(&mut automata, pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(automata.matches(id, text), Some(expected), "{pattern} on {text:?}");
        }
    }

    #[test]
    fn the_shortest_difference_is_found_or_refuted() {
        for (a, b, expected) in [
            ("^[a-z0-9]+$", "^[a-z]+$", Some("0")),
            ("^[0-9]{4}$", "^\\d{4}$", None),
            ("^cus_[A-Za-z0-9]{2,4}$", "^cus_[A-Za-z0-9]{4}$", Some("cus_aa")),
            ("^.{1,255}$", "^.{1,1000}$", None),
            ("^(a|b)*a(a|b){6}$", "^(a|b)*$", None),
            ("^foo", "^(?!bar)", None),
            ("^x-", "^x", None),
            ("a{1000}", "a", None),
        ] {
            assert_eq!(difference(a, b).as_deref(), expected, "{a} without {b}");
        }
    }

    #[test]
    fn what_has_no_automaton_is_refused() {
        for pattern in ["\\bfoo\\b", "(a)\\1", "(?<=a)b", "(^a)*", "(", "a**", "[z-a]"] {
            assert!(compile(&mut automata(), pattern).is_err(), "{pattern}");
        }
    }
}
