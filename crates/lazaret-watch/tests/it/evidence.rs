//! Evidence files: what is read, and what is said about what is wrong.

use lazaret_watch::evidence::{Row, read};

const HEAD: &str = "id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,\
                    admiralty_source,admiralty_info,claim,url\n";

/// The codes of what is wrong with `rows`, each with the characters it points at.
fn wrong(rows: &str) -> Vec<(String, String)> {
    let text = format!("{HEAD}{rows}");
    match read(&text) {
        Ok(evidence) => evidence
            .warnings
            .iter()
            .map(|d| (d.code.to_string(), String::new()))
            .collect(),
        Err(found) => found
            .iter()
            .map(|d| {
                let at = d.labels[0].at;
                (d.code.to_string(), text[at.start..at.end].to_string())
            })
            .collect(),
    }
}

fn check(rows: &str, expected: &[(&str, &str)]) {
    let found = wrong(rows);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_evidence_about_uiju_is_read_whole() {
    let text = include_str!("../../../../examples/uiju/evidence.csv");
    let evidence = read(text).unwrap();
    assert_eq!(evidence.rows.len(), 78);
    assert!(evidence.warnings.is_empty());
    let e066 = evidence.rows.iter().find(|row| row.id == "E066").unwrap();
    assert_eq!(e066.value_in_words(), "at least 15 wagon");
    assert_eq!(e066.source(), "Yonhap");
    let yes_or_no = evidence.rows.iter().filter(|row| row.unit == "bool");
    let said: Vec<String> = yes_or_no.map(Row::value_in_words).collect();
    assert!(
        !said.is_empty() && said.iter().all(|said| said == "yes" || said == "no"),
        "{said:?}"
    );
}

/// A form that adds a row finds its field by this place.
#[test]
fn what_is_missing_is_told_where_it_would_stand() {
    let text = format!("{HEAD},2022-01-18,2022-01-18,x,,s,q,,1,,m,B,3,,\n");
    let found = read(&text).unwrap_err();
    let places: Vec<(&str, usize)> = found
        .iter()
        .map(|wrong| (wrong.code, wrong.labels[0].at.start))
        .collect();
    let row = HEAD.len();
    let medium = row + ",2022-01-18,2022-01-18,x,".len();
    assert_eq!(places, [("no-id", row), ("empty", medium)]);
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_in_its_place() {
    check(
        "E1,2022-01-40,2022-01-17,x,press,s,q,1,2,3,m,B,3,,\n\
         E1,2022-01-18,2022-01-17,x,press,s,q,3,2,1,m,G,7,,\n\
         E3,2022-01-18,2022-01-18,x,press,s,q,1,9,3,m,B,3,,\n\
         E4,2022-01-18,2022-01-18,x,press,s,q,one,,,m,B,3,,\n",
        &[
            ("bad-date", "2022-01-40"),
            ("duplicate-id", "E1"),
            ("published-before-observed", "2022-01-17"),
            ("low-above-high", "3"),
            ("unknown-grade", "G"),
            ("unknown-grade", "7"),
            ("best-outside", "9"),
            ("bad-number", "one"),
        ],
    );
}

#[test]
fn rows_of_the_wrong_width_and_open_quotes_are_told() {
    check(
        "E1,2022-01-18,2022-01-18,x,press\n",
        &[("wrong-width", "E1,2022-01-18,2022-01-18,x,press")],
    );
    let found = wrong("E1,2022-01-18,2022-01-18,\"x,press,s,q,1,,,m,B,3,,\n");
    assert!(found[0].0 == "wrong-width" || found[0].0 == "unclosed-quote");
}

#[test]
fn an_empty_file_is_no_error() {
    for text in ["", "\n\n", HEAD] {
        let evidence = read(text).unwrap();
        assert!(evidence.rows.is_empty());
        assert_eq!(evidence.warnings[0].code, "no-evidence");
    }
}

#[test]
fn missing_and_misspelt_columns_are_named() {
    let found = read("id,date_observd,observer\n").unwrap_err();
    let misspelt = found.iter().find(|d| d.code == "unknown-column").unwrap();
    let help = misspelt.help.as_deref();
    assert_eq!(help, Some("did you mean `date_observed`?"));
    assert!(
        found
            .iter()
            .any(|d| d.code == "missing-column" && d.message.contains("`best`"))
    );
}

#[test]
fn copies_name_a_row_that_is_there_and_earlier() {
    let head = HEAD.replace("claim,url", "claim,url,copies");
    let row = |id: &str, published: &str, copies: &str| {
        format!("{id},2022-01-01,{published},x,press,s,q,,1,,m,B,3,,,{copies}\n")
    };
    let codes = |rows: String| -> Vec<&'static str> {
        match read(&format!("{head}{rows}")) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(|d| d.code).collect(),
        }
    };
    assert!(codes(row("a", "2022-01-02", "") + &row("b", "2022-01-03", "a")).is_empty());
    assert_eq!(codes(row("a", "2022-01-02", "z")), ["copies-unknown"]);
    assert_eq!(codes(row("a", "2022-01-02", "a")), ["copies-itself"]);
    let later = row("a", "2022-01-02", "b") + &row("b", "2022-01-03", "");
    assert_eq!(codes(later), ["copies-later"]);
}

#[test]
fn a_hundred_thousand_rows_are_read() {
    let mut text = HEAD.to_string();
    for i in 0..100_000 {
        text += &format!("E{i},2022-01-18,2022-01-18,x,press,s,q,1,2,3,m,B,3,\"a, b\",\n");
    }
    assert_eq!(read(&text).unwrap().rows.len(), 100_000);
}
