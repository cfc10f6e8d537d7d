//! From nothing to a checked gateway.

use crate::lazaret;

#[test]
fn a_new_gateway_is_right_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let new = lazaret(folder.path(), &["new", "mine"]);
    assert_eq!(new.code, Some(0), "{}", new.err);
    assert!(new.out.contains("lazaret check mine/gateway.toml"));
    let check = lazaret(folder.path(), &["check", "mine/gateway.toml"]);
    assert_eq!(check.code, Some(0), "{}", check.err);
    assert_eq!(check.err, "mine/gateway.toml: no errors\n");
    insta::assert_snapshot!(check.out, @r#"
    mine
                          asked for  there is                utilisation     5 to 95 %
     place     platform        1.70        20  slots               8.5 %
     place     warehouse       9.84        80  slots                12 %
     place     yard             402       700  slots                57 %  38 % to 76 %
     crew      cleaner         6.56      26.7  crew at work         25 %
     fleet     north           10.1        80  vehicles             13 %
     dispatch  dispatch        17.5      30.0  lots a day           58 %

    By arithmetic, without waiting; unknowns at their means, and the range over what is unknown.
    "#);
}

#[test]
fn a_new_gateway_never_replaces_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(lazaret(folder.path(), &["new", "mine.toml"]).code, Some(0));
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "weeks of work").unwrap();
    let again = lazaret(folder.path(), &["new", "mine.toml"]);
    assert_eq!(again.code, Some(2));
    assert_eq!(
        again.err,
        "error: mine.toml already exists and was not changed; choose another name\n"
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), "weeks of work");
}

#[test]
fn a_new_gateway_brings_the_schema_that_its_first_line_names() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(lazaret(folder.path(), &["new", "mine"]).code, Some(0));
    let text = std::fs::read_to_string(folder.path().join("mine/gateway.toml")).unwrap();
    let named = text.lines().next().unwrap().strip_prefix("#:schema ./");
    let schema = folder.path().join("mine").join(named.unwrap());
    let printed = lazaret(folder.path(), &["schema"]).out;
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), printed);
    // One that is there stays, and is told of if it is another.
    std::fs::write(&schema, "{}").unwrap();
    let second = lazaret(folder.path(), &["new", "mine/second.toml"]);
    assert_eq!(second.code, Some(0), "{}", second.err);
    assert!(
        second.out.contains("is of another version"),
        "{}",
        second.out
    );
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), "{}");
    assert!(folder.path().join("mine/second.toml").exists());
}
