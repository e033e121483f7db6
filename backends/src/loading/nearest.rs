//! What to say about a name that a solver does not have: the ones like it.

/// So many names are told.
const MOST_TOLD: usize = 8;

/// A sentence for an option that is not there.
pub fn unknown(solver: &str, name: &str, all: &[String]) -> String {
    format!("{solver} has no option '{name}' among its {}; like it are: {}", all.len(), like(name, all).join(", "))
}

/// The names most like this one: those that hold its last part, then by spelling.
fn like<'a>(name: &str, all: &'a [String]) -> Vec<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let last = wanted.rsplit(['.', '_', '/']).next().unwrap_or(&wanted);
    let mut rated: Vec<(bool, f64, &str)> = all
        .iter()
        .map(|known| {
            let lower = known.to_ascii_lowercase();
            let holds = last.len() > 3 && lower.contains(last);
            (holds, strsim::normalized_damerau_levenshtein(&wanted, &lower), known.as_str())
        })
        .collect();
    rated.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2)));
    rated.into_iter().take(MOST_TOLD).map(|rate| rate.2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_like_the_wrong_one_come_first() {
        let all = ["MIPREL", "MIPRELSTOP", "MAXNODE", "MAXTIME", "mip.tolerances.mipgap", "mip.limits.nodes"];
        let all: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(like("mipgap", &all)[0], "mip.tolerances.mipgap");
        assert_eq!(like("MAXTIMES", &all)[0], "MAXTIME");
        assert_eq!(like("limits_nodes", &all)[0], "mip.limits.nodes");
        assert!(
            unknown("Toy", "MAXTIM", &all).starts_with("Toy has no option 'MAXTIM' among its 6; like it are: MAXTIME,")
        );
    }
}
