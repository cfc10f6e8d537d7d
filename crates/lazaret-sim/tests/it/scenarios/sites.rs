//! Several sites.

use expect_test::expect;

use super::check;

const SITES: &str = r#"
[site.harbour]
[site.inland]
[route.road]
from = "harbour"
to = "inland"
takes = "2 h"
[source.r]
every = "90 h"
first = "0 h"
convoy = 2
[place.p]
slots = 2
[place.w]
slots = 2
[place.store]
site = "inland"
slots = 1
[[step]]
id = "unload"
at = "p"
takes = "1 h"
[[step]]
id = "disinfect"
at = "w"
takes = "1 h"
[[step]]
id = "hold"
at = "store"
takes = "4 h"
"#;

#[test]
fn a_lot_takes_its_slot_at_the_other_site_before_it_sets_out() {
    check(
        "16 h",
        SITES,
        expect![[r#"
        06:00 r-1 sets out with 2
        06:00 r-1 arrives
        06:00 r-1-1 takes a slot in p.1
        06:00 r-1-1 begins to be unloaded
        06:00 r-1-2 takes a slot in p.1
        06:00 r-1-2 begins to be unloaded
        07:00 lot r-1-1-1 (general) is off
        07:00 r-1-1-1 takes a slot in w.1
        07:00 r-1-1-1 begins disinfect
        07:00 r-1-1 is empty
        07:00 r-1-1 leaves p.1
        07:00 lot r-1-2-1 (general) is off
        07:00 r-1-2-1 takes a slot in w.1
        07:00 r-1-2-1 begins disinfect
        07:00 r-1-2 is empty
        07:00 r-1-2 leaves p.1
        07:00 r-1-1 is washed
        07:00 r-1-2 is washed
        07:00 r-1-1 goes home
        07:00 r-1-2 goes home
        07:00 r-1-1 is home
        07:00 r-1-2 is home
        08:00 r-1-1-1 ends disinfect
        08:00 r-1-1-1 sets out for store.1
        08:00 r-1-2-1 ends disinfect
        08:00 r-1-2-1 is held up in w.1: no room in store
        10:00 hold of r-1-1-1 begins, until 14:00
        14:00 hold of r-1-1-1 ends
        14:00 r-1-1-1 is released
        14:00 r-1-2-1 sets out for store.1
        16:00 hold of r-1-2-1 begins, until 20:00
        20:00 hold of r-1-2-1 ends
        20:00 r-1-2-1 is released
    "#]],
    );
}
