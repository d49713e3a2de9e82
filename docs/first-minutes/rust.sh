# A Rust service: the same decision, in the sandbox.
cargo new -q ask
cd ask
echo 'trimtab-host = "0.1"' >>Cargo.toml
cat >src/main.rs <<'END'
fn main() {
    let sandbox = trimtab_host::Sandbox::new().unwrap();
    let answer = sandbox.call("rebalance.accept", br#"{"ev":8,"min_ev":10,"tier":"thriving"}"#);
    println!("{}", String::from_utf8_lossy(&answer.unwrap()));
}
END
cargo run -rq
