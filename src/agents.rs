//! By what a change is known that a coding agent wrote: the trailers and the authors of its commits.
//!
//! It is a courtesy of the agents that they sign; a change that does not say so is taken for one of a person. So what is known
//! here may only make the gate stricter, never looser.

use crate::config::Agents;
use crate::snapshot::Commit;

/// Trailers by which common coding agents sign, as `Key: pattern`, `*` standing for any text; a key alone stands for any value.
const TRAILERS: &[&str] = &[
    "Co-authored-by: *<noreply@anthropic.com>",
    "Co-authored-by: *<*+Copilot@users.noreply.github.com>",
    "Co-authored-by: *<*copilot-swe-agent[bot]@users.noreply.github.com>",
    "Co-authored-by: *<cursoragent@cursor.com>",
    "Co-authored-by: *<noreply@openai.com>",
    "Co-authored-by: *<codex@openai.com>",
    "Co-authored-by: *<*chatgpt-codex-connector[bot]@users.noreply.github.com>",
    "Co-authored-by: *<*devin-ai-integration[bot]@users.noreply.github.com>",
    "Co-authored-by: *<*google-labs-jules[bot]@users.noreply.github.com>",
    "Co-authored-by: *<*gemini-code-assist[bot]@users.noreply.github.com>",
    "Co-authored-by: gemini-cli*",
    "Co-authored-by: aider (*",
    "Co-authored-by: * (aider) <*",
    "Co-authored-by: *<*@aider.chat>",
    "Co-authored-by: *<openhands@all-hands.dev>",
    "Co-authored-by: *<amp@ampcode.com>",
    "Co-authored-by: *<*factory-droid[bot]@users.noreply.github.com>",
    "Co-authored-by: *<*codegen-sh[bot]@users.noreply.github.com>",
    "Co-authored-by: *<*coderabbitai[bot]@users.noreply.github.com>",
    "Co-authored-by: *<noreply@coderabbit.ai>",
    "Co-authored-by: *<*seer-by-sentry[bot]@users.noreply.github.com>",
    "Co-authored-by: Copilot Autofix powered by AI <*",
    "Co-authored-by: *<oz-agent@warp.dev>",
    "Co-authored-by: *<stilla@stilla.ai>",
    "Amp-Thread-ID",
    "Claude-Session",
    "Made-with: Cursor",
];

/// Names and addresses under which common coding agents commit.
const AUTHORS: &[&str] = &[
    "*claude[bot]*",
    "*noreply@anthropic.com",
    "*copilot-swe-agent[bot]*",
    "*+Copilot@users.noreply.github.com",
    "*cursoragent@cursor.com",
    "*cursor[bot]*",
    "*codex@openai.com",
    "*chatgpt-codex-connector[bot]*",
    "*devin-ai-integration[bot]*",
    "*google-labs-jules[bot]*",
    "*gemini-code-assist[bot]*",
    "* (aider)",
    "*openhands@all-hands.dev",
    "*sweep-ai[bot]*",
    "*factory-droid[bot]*",
    "*codegen-sh[bot]*",
    "*seer-by-sentry[bot]*",
    "*oz-agent@warp.dev",
    "*stilla@stilla.ai",
    "*amp@ampcode.com",
];

/// The commit that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub commit: String,
    /// The trailer or the author, as it stands in the commit.
    pub by: String,
}

/// The newest commit of a change that an agent signed.
pub fn signed(config: &Agents, commits: &[Commit]) -> Option<Signed> {
    let trailers: Vec<&str> = config.trailers.iter().map(|entry| entry.value.as_str()).chain(TRAILERS.iter().copied()).collect();
    let authors: Vec<&str> = config.authors.iter().map(|entry| entry.value.as_str()).chain(AUTHORS.iter().copied()).collect();
    commits.iter().find_map(|commit| {
        let found = |by: String| Some(Signed { commit: commit.oid.to_string(), by });
        let of = |name: &str, email: &str| authors.iter().any(|pattern| matches(pattern, name) || matches(pattern, email));
        if of(&commit.author, &commit.email) {
            return found(format!("author {} <{}>", commit.author, commit.email));
        }
        commit.trailers().into_iter().find_map(|(key, value)| {
            let hit = trailers.iter().any(|known| match known.split_once(':') {
                Some((name, pattern)) => name.trim().eq_ignore_ascii_case(key) && matches(pattern.trim(), value),
                None => known.trim().eq_ignore_ascii_case(key),
            });
            if hit { found(format!("{key}: {value}")) } else { None }
        })
    })
}

/// Whether a text matches a pattern in which `*` stands for any text; case does not count.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let before: &str = before;
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    match last {
        // No `*` at all: the text is the pattern.
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::snapshot::object_id;
    use crate::source::RepoPath;

    fn commit(author: &str, email: &str, message: &str) -> Commit {
        let oid = object_id(&"1".repeat(40)).expect("an object id");
        Commit {
            oid,
            tree: oid,
            parents: Vec::new(),
            author: author.to_owned(),
            email: email.to_owned(),
            date: String::new(),
            message: message.to_owned(),
        }
    }

    fn by(config: &str, commit: Commit) -> Option<String> {
        let config = Config::read(&RepoPath::new("driftgate.toml"), config).expect("it is one");
        signed(&config.agents, &[commit]).map(|signed| signed.by)
    }

    #[test]
    fn agents_are_known_by_trailer_and_by_author() {
        let with = |trailer: &str| commit("Ann", "ann@example.com", &format!("Tidy up\n\nBody.\n\n{trailer}\n"));
        for trailer in [
            "Co-Authored-By: Claude <noreply@anthropic.com>",
            "Co-authored-by: Cursor Agent <cursoragent@cursor.com>",
            "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>",
            "Co-authored-by: aider (gpt-5) <noreply@aider.chat>",
            "Co-authored-by: Ann (aider) <ann@example.com>",
            "Co-authored-by: codegen-sh[bot] <131295404+codegen-sh[bot]@users.noreply.github.com>",
            "Co-authored-by: Copilot Autofix powered by AI <62310815+github-advanced-security[bot]@users.noreply.github.com>",
            "Amp-Thread-ID: T-1",
            "Made-with: Cursor",
        ] {
            assert_eq!(by("", with(trailer)).as_deref(), Some(trailer));
        }
        let bot = commit("devin-ai-integration[bot]", "158243242+devin-ai-integration[bot]@users.noreply.github.com", "Fix");
        assert!(by("", bot).is_some());
        assert!(by("", commit("Ann (aider)", "ann@example.com", "Fix")).is_some());
        assert!(by("", commit("Devin AI", "158243242+devin-ai-integration[bot]@users.noreply.github.com", "Fix")).is_some());
        assert!(by("", commit("Amp", "amp@ampcode.com", "Fix")).is_some());
    }

    #[test]
    fn people_and_other_bots_are_no_agents() {
        let message = "Mention Co-authored-by: Claude <noreply@anthropic.com> in the subject";
        for commit in [
            commit("Ann", "ann@example.com", "Tidy up\n\nCo-authored-by: Claude Monet <claude@example.com>\n"),
            commit("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", "Bump"),
            commit("Ann", "ann@example.com", "Tidy up\n\nMade-with: love\nCo-authored-by: Bea <bea@openai.com>\n"),
            commit("Ann", "ann@example.com", message),
        ] {
            assert_eq!(by("", commit), None);
        }
    }

    #[test]
    fn the_configuration_adds_to_what_is_known() {
        let config =
            "[agents]\ntrailers = [\"Written-By-Machine\", \"Origin: house-agent*\"]\nauthors = [\"*@agents.example.com\"]\n";
        let with = |trailer: &str| commit("Ann", "ann@example.com", &format!("Tidy up\n\n{trailer}\n"));
        assert!(by(config, with("Written-by-machine: yes")).is_some());
        assert!(by(config, with("Origin: House-Agent 3")).is_some());
        assert!(by(config, with("Origin: a person")).is_none());
        assert!(by(config, commit("x", "x@agents.example.com", "Fix")).is_some());
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("a*b", "aXb") && matches("a*b", "ab") && matches("*", "") && matches("a**b", "a1b"));
        assert!(!matches("a*b", "a") && !matches("ab", "abc") && !matches("a*b*c", "acb") && !matches("*aa", "a"));
    }
}
