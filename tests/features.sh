#!/bin/sh
# Checks the features: that each compiles alone and all together, what each brings, and that the oldest versions that
# Cargo.toml allows still do. From the repository root:
#
#   sh tests/features.sh
#
# Prints one line for each check; exit code 1 if one failed. What cannot be checked here is said as `NOT CHECKED`, with
# the reason, and does not fail: the hosted CI file checks it.

set -u

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failed=0

# result WHAT CODE: says how a check ended.
result() {
    if [ "$2" -eq 0 ]; then
        echo "ok: $1"
    else
        failed=1
        echo "FAILED: $1"
    fi
}

# The features that Cargo.toml names, without `default`.
features() {
    sed -n '/^\[features\]/,/^\[dependencies\]/s/^\([a-z][a-z-]*\) = .*/\1/p' Cargo.toml | grep -vx default
}

# packages ARGUMENT...: the packages that a build takes, with versions, one a line.
packages() {
    cargo tree --quiet --locked -e normal --prefix none -f '{p}' "$@" | sed 's/ (.*//' | sort -u
}

# direct FEATURES: the names of the direct dependencies, on one line.
direct() {
    cargo tree --quiet --locked -e normal --depth 1 --prefix none -f '{p}' --no-default-features --features "$1" |
        sed '1d; s/ .*//' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# brings FEATURES DEPENDENCY...: these and no other direct dependencies.
brings() {
    of=$1
    shift
    found=$(direct "$of")
    [ "$found" = "$*" ]
    result "the features '$of' bring: $found" $?
}

for feature in $(features); do
    cargo clippy --quiet --locked --no-default-features --features "$feature" -- -D warnings
    result "$feature alone compiles without a warning" $?
    cargo test --quiet --locked --lib --no-default-features --features "$feature" >/dev/null
    result "$feature alone passes the unit tests" $?
done
cargo clippy --quiet --locked --no-default-features -- -D warnings
result 'no feature at all compiles without a warning' $?
cargo clippy --quiet --locked --all-features -- -D warnings
result 'all features together compile without a warning' $?

brings '' thiserror
brings receivers thiserror
brings spf thiserror
brings dns hickory-resolver thiserror tokio
brings idna idna thiserror
brings hostname hostname thiserror
brings serde serde_core thiserror
brings lettre lettre thiserror
brings tracing thiserror tracing
brings dns,hostname,idna,receivers,spf hickory-resolver hostname idna thiserror tokio

packages --no-default-features | grep -v '^helo-name ' >"$copy/core"
packages -p thiserror >"$copy/thiserror"
cmp -s "$copy/core" "$copy/thiserror"
result "without features there are thiserror and its macro: $(wc -l <"$copy/core" | tr -d ' ') packages" $?

packages | grep -v '^helo-name ' >"$copy/default"
for package in hickory-resolver hostname idna thiserror tokio; do
    packages -p "$package"
done | sort -u >"$copy/theirs"
cmp -s "$copy/default" "$copy/theirs"
result "the default features bring no more than hickory-resolver, hostname, idna, thiserror and tokio do: $(wc -l <"$copy/default" | tr -d ' ') packages" $?

# The oldest versions of the direct dependencies, in a copy, as that rewrites Cargo.lock.
minimal_versions() {
    cp -R Cargo.toml Cargo.lock README.md benches examples src tests "$copy" || return 1
    (
        cd "$copy" || exit 1
        if ! cargo +nightly update --quiet -Z direct-minimal-versions 2>"$copy/problem"; then
            cat "$copy/problem"
            # A version that does not fit is a finding; anything else (no network) tells nothing.
            ! grep -q 'failed to select a version' "$copy/problem" && exit 77
            exit 1
        fi
        cargo check --quiet --locked --all-features
    )
}

if cargo +nightly --version >/dev/null 2>&1; then
    minimal_versions
    code=$?
    if [ "$code" -eq 77 ]; then
        echo 'NOT CHECKED: minimal versions, as their list cannot be had here'
    else
        result 'the oldest versions that Cargo.toml allows compile' "$code"
    fi
else
    echo 'NOT CHECKED: minimal versions, as there is no nightly toolchain here'
fi

exit "$failed"
