# A Rust service: the same decision, in the sandbox.
cargo init -q --name ask
echo 'trimtab-host = "0.1"' >>Cargo.toml
cat >src/main.rs <<'END'
fn main() {
    let policy = trimtab_host::Sandbox::new().unwrap();
    let input = br#"{"ev":8,"min_ev":10,"tier":"thriving"}"#;
    let answer = policy.call("rebalance.accept", input).unwrap();
    println!("{}", String::from_utf8(answer).unwrap());
}
END
cargo run -rq
