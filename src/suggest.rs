//! The known word that a person probably meant.

/// How alike two words have to be, from 0 to 1, for one to be offered in place of the other.
const LIKENESS: f32 = 0.6;

/// The candidate that is most like `word`, if one is like it at all. Case and separators count less than letters do.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    near(word, candidates, 1).into_iter().next()
}

/// The candidates that are like `word`, the likest first, at most so many. Case and separators count less than letters do.
pub fn near<'a>(word: &str, candidates: &[&'a str], most: usize) -> Vec<&'a str> {
    if word.len() > 200 {
        return Vec::new();
    }
    let folded = crate::shape::wire_name::fold(word);
    let same = candidates.iter().filter(|candidate| crate::shape::wire_name::fold(candidate) == folded).copied();
    let mut found: Vec<&str> = same.collect();
    for close in similar::get_close_matches(word, candidates, most, LIKENESS) {
        if !found.contains(&close) {
            found.push(close);
        }
    }
    found.truncate(most);
    found
}

/// ``; did you mean `x`?`` or, where nothing is near, the words that there are.
pub fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let listed: Vec<String> = candidates.iter().map(|candidate| format!("`{candidate}`")).collect();
            format!("known here: {}", listed.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_another_word_finds_none() {
        let keys = ["consumer", "owner", "events"];
        assert_eq!(nearest("cosumer", &keys), Some("consumer"));
        assert_eq!(nearest("Events", &keys), Some("events"));
        assert_eq!(nearest("payload", &keys), None);
        assert_eq!(did_you_mean("zzz", &["a", "b"]), "known here: `a`, `b`");
    }
}
