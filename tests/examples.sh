#!/bin/sh
# Runs the examples as a user does, and checks what they print and how they end. From the repository root:
#
#   sh tests/examples.sh
#
# Prints one line for each check; exit code 1 if one failed. Nothing leaves this machine: the only name server is port 0,
# on which no program can listen, and what is checked does not depend on this machine's own name.

set -u

dns='--dns 127.0.0.1:0 --deadline 0.2'
out=$(mktemp)
err=$(mktemp)
in=$(mktemp)
trap 'rm -f "$out" "$err" "$in"' EXIT
failed=0

# A variable of the shell that runs this would be the operator's word.
unset HELO_NAME

cargo build -q --example audit --example handshake --example kubernetes_pod --example this_host || exit 1

# run ARGUMENT...: reads $in; leaves standard output, standard error and exit code in $out, $err and $code.
run() {
    cargo run -q --example "$@" <"$in" >"$out" 2>"$err"
    code=$?
}

# run_with VALUE ARGUMENT...: as run, with this HELO_NAME. POSIX leaves open what an assignment before a function does.
run_with() {
    value=$1
    shift
    HELO_NAME=$value cargo run -q --example "$@" >"$out" 2>"$err"
    code=$?
}

# check WHAT CONDITION...: says whether the condition (a command) holds for the last run.
check() {
    what=$1
    shift
    if "$@"; then
        echo "ok: $what"
        return
    fi
    failed=1
    echo "FAILED: $what"
    echo "  exit code $code"
    sed 's/^/  stdout: /' "$out"
    sed 's/^/  stderr: /' "$err"
}

# sends NAME: it ended well, and the last line is the command with this name and nothing else.
sends() {
    test "$code" -eq 0 && test "$(tail -n 1 "$out")" = "EHLO $1"
}

# is_cured_by LINE: there is no name, and the last line says what to configure.
is_cured_by() {
    test "$code" -eq 1 && test "$(tail -n 1 "$err")" = "$1" && ! grep -q '^EHLO ' "$out"
}

# is_json TEXT: standard output is one line, an object that holds this text.
is_json() {
    test "$(wc -l <"$out")" -eq 1 && grep -q '^{.*}$' "$out" && grep -qF -e "$1" "$out"
}

# is_wrong_usage [EXAMPLE]: bad arguments; the usage goes to standard error, and nothing to standard output.
is_wrong_usage() {
    test "$code" -eq 2 && grep -q "^usage: ${1:-this_host} " "$err" && ! test -s "$out"
}

# is_wrong_usage_as EXAMPLE TEXT: as is_wrong_usage, and the reason holds the text.
is_wrong_usage_as() {
    is_wrong_usage "$1" && grep -qF -e "$2" "$err"
}

# reports LINE: the report holds this line.
reports() {
    grep -qxF -e "$1" "$out"
}

run kubernetes_pod
check 'kubernetes_pod ends with the PTR name' sends mail.example.com
check 'kubernetes_pod discovers the address that nobody configured' \
    grep -q '^client address 192.0.2.10 (discovered, two services agree): ' "$out"

run this_host -- --configured mail.example.com --client-address 192.0.2.10 $dns
check 'this_host sends the configured name without DNS' sends mail.example.com
check 'this_host says that it is provisional' \
    reports 'chosen: mail.example.com from configured name, provisional'

run this_host -- --configured ' Mail.Example.COM. ' --client-address 192.0.2.10 $dns
check 'this_host repairs the configured name' sends mail.example.com

run_with helo.example.com this_host -- --client-address 192.0.2.10 $dns
check 'this_host sends HELO_NAME' sends helo.example.com

run_with helo.example.com this_host -- --configured mail.example.com --client-address 192.0.2.10 $dns
check 'this_host prefers --configured to HELO_NAME' sends mail.example.com
check 'this_host says what HELO_NAME would have been' \
    reports 'warning: the configured name "mail.example.com" is used; HELO_NAME says "helo.example.com" (variable-overruled)'

run_with '' this_host -- --configured mail.example.com --client-address 192.0.2.10 $dns
check 'this_host takes an empty HELO_NAME for none' sends mail.example.com
check 'this_host says that HELO_NAME is empty' \
    reports 'warning: HELO_NAME is blank and counts as not set (blank-setting)'

# bad_variable VALUE LINE
bad_variable() {
    run_with "$1" this_host -- --client-address 192.0.2.10 $dns
    check "this_host refuses HELO_NAME=$1" is_cured_by "$2"
}

bad_variable '{}' HELO_NAME=mail.example.com
bad_variable 'http://mail.example.net' HELO_NAME=mail.example.net
bad_variable 'mail.example.net:25' HELO_NAME=mail.example.net
bad_variable '[10.0.0.1]' HELO_NAME=mail.example.com
bad_variable 'localhost' HELO_NAME=mail.example.com
bad_variable 'shop_mailer_1' HELO_NAME=mail.example.com

run this_host -- --configured mail.example.com --client-address 192.0.2.10 --policy strict $dns
check 'this_host --policy strict wants the record' is_cured_by 'mail.example.com. A 192.0.2.10'

run this_host -- --configured '[10.0.0.1]' --client-address 10.0.0.1 --server 10.0.0.25:25 --policy submission $dns
check 'this_host --policy submission sends a private literal to a private server' sends '[10.0.0.1]'

run this_host -- --configured mail.example.com --client-address 192.0.2.10 --json $dns
check 'this_host --json says that it needs the feature' grep -qx 'this_host: --json needs the feature serde' "$err"
check 'this_host --json without the feature is wrong usage' is_wrong_usage

run this_host --features serde -- --configured mail.example.com --client-address 192.0.2.10 --json $dns
check 'this_host --json writes one document' is_json '"name":"mail.example.com"'

run this_host --features serde -- --configured web_1 --client-address 192.0.2.10 --json $dns
check 'this_host --json writes a document without a name too' is_json '"kind":"configuration"'
check 'this_host --json without a name ends as without the option' is_cured_by HELO_NAME=mail.example.com

run check --features serde -- --json Mail.Example.COM
check 'check --json writes the name' is_json '{"ok":{"name":"mail.example.com","repairs":["lower-cased"]}}'

run check --features serde -- --json web_1
check 'check --json writes the reason' is_json '"kind":"underscore"'

run check -- --json web_1
check 'check --json without the feature is refused' test "$code" -eq 2

printf 'rcpt\tweb_1\t450 4.7.1 <web_1>: Helo command rejected: Host not found\n' >"$in"
run diagnose --features serde -- --json
check 'diagnose --json writes the diagnosis' is_json '"cause":"unresolvable"'

run diagnose -- --json
check 'diagnose --json without the feature is refused' test "$code" -eq 2

run this_host -- --help
check 'this_host --help prints the usage' grep -q '^usage: this_host ' "$out"

# bad_arguments ARGUMENT...
bad_arguments() {
    run this_host -- "$@"
    check "this_host refuses $*" is_wrong_usage this_host
}

bad_arguments --frobnicate yes
bad_arguments --configured
bad_arguments mail.example.com
bad_arguments --client-address mail.example.com
bad_arguments --dns localhost
bad_arguments --policy lenient
bad_arguments --deadline soon
bad_arguments --deadline -1
bad_arguments --server 127.0.0.1

run handshake -- --help
check 'handshake --help prints the usage' grep -q '^usage: handshake ' "$out"

# bad_handshake REASON ARGUMENT...
bad_handshake() {
    reason=$1
    shift
    run handshake -- "$@"
    check "handshake refuses $*" is_wrong_usage_as handshake "$reason"
}

bad_handshake 'want HOST:PORT'
bad_handshake 'want HOST:PORT' 127.0.0.1
bad_handshake 'want HOST:PORT' 127.0.0.1:smtp
bad_handshake 'unknown option --frobnicate' --frobnicate 127.0.0.1:25
bad_handshake 'want an IP address' --client-address mail.example.com 127.0.0.1:25
bad_handshake 'underscore' 127.0.0.1:25 shop_mailer.example.com
bad_handshake 'bare IP address' 127.0.0.1:25 mail.example.com 10.0.0.1

# cannot_connect: the connection is refused, since on port 0 nothing can listen.
cannot_connect() {
    test "$code" -eq 1 && grep -q '^handshake: ' "$err" && ! grep -q '^C: ' "$out"
}

run handshake -- 127.0.0.1:0 mail.example.com
check 'handshake fails where nobody listens' cannot_connect

# audit_of LINES ARGUMENT...: runs audit with these lines on standard input.
audit_of() {
    lines=$1
    shift
    printf "$lines" | cargo run -q --example audit -- "$@" >"$out" 2>"$err"
    code=$?
}

# finds CODE LINE...: these are its lines, in any order, and this is its exit code.
finds() {
    test "$code" -eq "$1" || return 1
    shift
    test "$(printf '%b\n' "$@" | sort)" = "$(sort "$out")"
}

# A name that is not public and a private address are not asked for, and port 0 knows nothing.
audit_of '# name and address\n\nlocalhost.localdomain\t10.0.0.1\nno tab\na_b.example.com\t10.0.0.1\nlast.example.com\t10.0.0.1' \
    --dns 127.0.0.1:0
check 'audit writes a line for each' finds 1 \
    'localhost.localdomain\t10.0.0.1\tnot-public\t-\t-' \
    'line 4\t-\tunreadable\t-\tit has no tab' \
    'line 5\t-\tunreadable\t-\tunderscore at byte 1: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS' \
    'last.example.com\t10.0.0.1\tunknown\t-\t-'

audit_of '' --json
check 'audit --json says that it needs the feature' grep -q '^audit: --json needs the feature serde' "$err"
audit_of '' --concurrency 1
check 'audit of nothing ends well' finds 0 ''

audit_of '[203.0.114.5]\t203.0.114.5\n' --dns 127.0.0.1:0
check 'audit knows a literal without DNS' \
    finds 0 '[203.0.114.5]\t203.0.114.5\tmatch\ttemperror\t-'

run audit -- --help
check 'audit --help prints the usage' grep -q '^usage: audit ' "$out"

run audit -- /nonexistent
check 'audit of a file that is not there fails' test "$code" -eq 1

# bad_audit ARGUMENT...
bad_audit() {
    run audit -- "$@"
    check "audit refuses $*" is_wrong_usage audit
}

bad_audit --frobnicate
bad_audit --dns
bad_audit --dns localhost
bad_audit --concurrency 0
bad_audit --concurrency many
bad_audit list.tsv other.tsv

exit "$failed"
