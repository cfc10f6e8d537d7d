//! The name that was probably meant: the one "did you mean …?" of every message.

/// Characters of a name that is compared; nothing longer is a slip of a finger.
const CHARS_MOST: usize = 64;

/// The name among `names` that `given` was probably meant to be. Capitals do not count.
#[must_use]
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.chars().nth(CHARS_MOST).is_some() {
        return None;
    }
    let given = given.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), name))
        .filter(|&(score, name)| {
            // Short names resemble each other by chance: at least two of three letters must be right.
            score > 0.8
                || strsim::damerau_levenshtein(&given, &name.to_lowercase())
                    <= name.len().max(3) / 3
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The question that offers `name`.
#[must_use]
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The question that offers the name that `given` was probably meant to be, if there is one.
#[must_use]
pub fn suggestion<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, names).map(did_you_mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["yard", "warehouse", "quay"];
        assert_eq!(nearest("Yrad", names), Some("yard"));
        assert_eq!(nearest("warehose", names), Some("warehouse"));
        assert_eq!(nearest("cow", names), None);
        assert_eq!(
            suggestion("qay", names).as_deref(),
            Some("did you mean `quay`?")
        );
    }

    #[test]
    fn a_long_text_is_not_compared() {
        let long = "warehouse".repeat(1_000_000);
        assert_eq!(nearest(&long, ["warehouse"]), None);
    }
}
