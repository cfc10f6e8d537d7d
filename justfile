# The common chores. `just --list` shows them; each is one command that also works without just.

# Everything that must pass before a change lands.
gate:
    bash .ci/run

# Write the golden files anew, then read the difference like code.
bless:
    UPDATE_EXPECT=1 UPDATE_DOCS=1 INSTA_UPDATE=always LAZARET_BLESS=1 cargo test --workspace
    git --no-pager diff --stat

# Measure against the peers, in pairs; the results go to bench/RESULTS.md by hand.
bench *arguments:
    python3 bench/run.py {{arguments}}

# The documentation of the crates.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features full

# Formats Rust and web sources.
format:
    cargo fmt --all
    cd web && npm run format

# What runs by night: long fuzzing, random comparisons, calibrations.
nightly:
    bash .ci/nightly

# The guide as a book, in target/book.
book *arguments:
    python3 .ci/book {{arguments}}

# The static program of this machine's kind, tested, with checksum, SBOM and provenance, in target/dist.
binary:
    bash .ci/binary
