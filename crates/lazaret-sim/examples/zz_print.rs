#![allow(clippy::disallowed_methods, clippy::print_stdout, missing_docs)]
use lazaret_sim::{Model, Replication, Silent, World};
use lazaret_vocabulary::time::GateTime;
fn main() {
    let mut args = std::env::args().skip(1);
    let n: u64 = args.next().unwrap().parse().unwrap();
    for file in args {
        let file: String = file;
        let text = std::fs::read_to_string(file.as_str()).unwrap_or_default();
        let Ok(reading) =
            lazaret_gateway::read(&text, &Vec::<String>::new(), &|_| Err(String::from("none")))
        else {
            continue;
        };
        let Ok(model) = Model::compile(&reading.gateway) else {
            continue;
        };
        let mut world = World::new(&model, Silent);
        let mut hash = 0xcbf29ce484222325u64;
        let mut put = |x: u64| hash = (hash ^ x).wrapping_mul(0x100000001b3).rotate_left(17);
        for number in 0..n {
            let warm = if number % 2 == 1 {
                GateTime::from_micros(reading.gateway.length.micros() / 5)
            } else {
                GateTime::START
            };
            match world.replicate(Replication::new(1, number), warm) {
                Ok(outcome) => {
                    outcome.values.iter().for_each(|v| put(v.to_bits()));
                    outcome
                        .occupancy
                        .iter()
                        .for_each(|v| put(u64::from(v.to_bits())));
                    put(format!("{:?}{:?}", outcome.standstills, outcome.deadlock)
                        .bytes()
                        .fold(7u64, |a, b| a.wrapping_mul(31).wrapping_add(u64::from(b))));
                }
                Err(_) => put(7),
            }
        }
        println!("{hash:016x} {file}");
    }
}
