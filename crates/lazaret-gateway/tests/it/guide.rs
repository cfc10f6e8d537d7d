//! The guide and the reader say the same.

use std::path::PathBuf;

const BEGIN: &str = "<!-- reference: begin -->\n";
const END: &str = "<!-- reference: end -->\n";

fn guide_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/gateway-file.md")
}

/// Set UPDATE_DOCS to write the reference anew after a change of the table of fields.
#[test]
fn the_reference_is_what_the_table_of_fields_says() {
    let guide = std::fs::read_to_string(guide_path()).unwrap();
    let begin = guide.find(BEGIN).unwrap() + BEGIN.len();
    let end = guide.find(END).unwrap();
    let wanted = format!("\n{}\n", lazaret_gateway::reference::reference());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let new = format!("{}{wanted}{}", &guide[..begin], &guide[end..]);
        std::fs::write(guide_path(), new).unwrap();
        return;
    }
    assert!(
        guide[begin..end] == wanted,
        "docs/gateway-file.md is not in step: UPDATE_DOCS=1 cargo test -p lazaret-gateway guide"
    );
}

#[test]
fn whole_files_in_the_guide_read() {
    let guide = std::fs::read_to_string(guide_path()).unwrap();
    let mut files = 0;
    for block in guide.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let no_overrides: [&str; 0] = [];
        if let Err(said) = lazaret_gateway::read(text, &no_overrides, &|_| Err(String::new())) {
            let said: String = said.iter().map(|d| d.plain(text, &no_overrides)).collect();
            panic!("{text}\n{said}");
        }
        files += 1;
    }
    assert!(files >= 1);
}

/// The fragments of the guide, one after the other, are one gateway of which every key exists.
#[test]
fn fragments_in_the_guide_read_together() {
    let guide = std::fs::read_to_string(guide_path()).unwrap();
    let mut text = String::from(
        "[gateway]\nname = \"guide\"\nlength = \"90 d\"\nstart = 2022-01-16\n\
         [place.platform]\nslots = 20\n[place.yard]\nslots = 3000\n[place.washing_bay]\nslots = 2\nzone = \"dirty\"\n",
    );
    for block in guide.split("```text\n").skip(1) {
        text.push_str(block.split("```").next().unwrap());
        text.push('\n');
    }
    let no_overrides: [&str; 0] = [];
    if let Err(said) = lazaret_gateway::read(&text, &no_overrides, &|_| Err(String::new())) {
        let said: String = said.iter().map(|d| d.plain(&text, &no_overrides)).collect();
        panic!("{said}");
    }
}

#[test]
fn every_distribution_of_the_guide_is_read() {
    use lazaret_gateway::quantity::FAMILIES;
    for family in FAMILIES {
        let takes = match family.name {
            "uniform" => "uniform(1 h, 2 h)",
            "uniform_int" => "uniform_int(1, 2)",
            "triangular" => "triangular(1 h, 2 h, 3 h)",
            "pert" => "pert(1 h, 2 h, 3 h)",
            "exponential" => "exponential(1 h)",
            "normal" => "normal(1 h, 10 min, 0 h, 2 h)",
            "lognormal" => "lognormal(1 h, 10 min)",
            "gamma" => "gamma(1 h, 10 min)",
            "erlang" => "erlang(2, 1 h)",
            "weibull" => "weibull(1.5, 1 h)",
            "poisson" => "poisson(3)",
            "discrete" => "discrete(1 h: 0.5, 2 h: 0.5)",
            "empirical" => "empirical('t.csv', 'h', h)",
            other => panic!("{other} is not tried here"),
        };
        let (key, value) = if family.counts {
            ("convoy", takes)
        } else {
            ("travel", takes)
        };
        let text = include_str!("../samples/reference.toml").to_string();
        let overrides = [format!("source.trains.{key}=\"{value}\"")];
        let csv = |_: &str| Ok("h\n1\n2\n".to_string());
        let reading = lazaret_gateway::read(&text, &overrides, &csv)
            .unwrap_or_else(|said| panic!("{}", said[0].plain(&text, &overrides)));
        let source = &reading.gateway.sources[0];
        let quantity = if family.counts {
            &source.vehicles
        } else {
            &source.travel
        };
        assert!(quantity.known_constant().is_none(), "{}", family.name);
        assert!(quantity.resolve(&[]).unwrap().mean() > 0.0);
    }
}
