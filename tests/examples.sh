#!/bin/sh
# Runs the examples as a user does, and checks what they print and how they end. From the repository root:
#
#   sh tests/examples.sh
#
# Prints one line for each check; exit code 1 if one failed. Nothing leaves this machine: the only name server is port 0,
# on which no program can listen, and what is checked does not depend on this machine's own name.

set -u

dns='--dns 127.0.0.1:0 --deadline 0.2'
built=${CARGO_TARGET_DIR:-target}/debug/examples
temporary=$(mktemp -d)
out=$temporary/out
err=$temporary/err
in=$temporary/in
trap 'rm -rf "$temporary"' EXIT
: >"$in"
failed=0

# A variable of the shell that runs this would be the operator's word.
unset HELO_NAME

cargo build -q --features serde --example helo || exit 1
cp "$built/helo" "$temporary/helo_with_serde"
cargo build -q --example choose --example greet --example helo --example kubernetes_pod --example own_dns || exit 1
helo=$built/helo
helo_with_serde=$temporary/helo_with_serde

# run PROGRAM ARGUMENT...: reads $in; leaves standard output, standard error and exit code in $out, $err and $code.
run() {
    "$@" <"$in" >"$out" 2>"$err"
    code=$?
}

# run_with VALUE PROGRAM ARGUMENT...: as run, with this HELO_NAME.
run_with() {
    value=$1
    shift
    run env HELO_NAME="$value" "$@"
}

# run_on TEXT PROGRAM ARGUMENT...: as run, and the program reads this format of printf.
run_on() {
    # shellcheck disable=SC2059 # a format is meant
    printf "$1" >"$in"
    shift
    run "$@"
    : >"$in"
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

# prints CODE LINE...: these are its lines, and this is its exit code.
prints() {
    test "$code" -eq "$1" || return 1
    shift
    printf '%b\n' "$@" | cmp -s - "$out"
}

# finds CODE LINE...: as prints, with the lines in any order.
finds() {
    test "$code" -eq "$1" || return 1
    shift
    test "$(printf '%b\n' "$@" | sort)" = "$(sort "$out")"
}

# is_json TEXT: standard output is one line, an object that holds this text.
is_json() {
    test "$(wc -l <"$out")" -eq 1 && grep -q '^{.*}$' "$out" && grep -qF -e "$1" "$out"
}

# reports LINE: the report holds this line.
reports() {
    grep -qxF -e "$1" "$out"
}

# is_wrong_usage TEXT: wrong options; standard error holds the text, and standard output nothing.
is_wrong_usage() {
    test "$code" -eq 2 && grep -q '^error: ' "$err" && grep -qF -e "$1" "$err" && ! test -s "$out"
}

# refuses COMMAND TEXT ARGUMENT...: `helo COMMAND ARGUMENT...` is wrong usage, for the reason in the text.
refuses() {
    command=$1
    text=$2
    shift 2
    run "$helo" "$command" "$@"
    check "helo $command refuses $*" is_wrong_usage "$text"
}

# The lessons.

for lesson in examples/*.rs; do
    code=$(wc -l <"$lesson")
    check "$lesson has at most 60 lines" test "$code" -le 60
done

run "$built/kubernetes_pod"
check 'kubernetes_pod ends with the PTR name' sends mail.example.com
check 'kubernetes_pod discovers the address that nobody configured' \
    grep -q '^client address 192.0.2.10 (discovered, two services agree): ' "$out"

run "$built/own_dns"
check 'own_dns ends with the name of the table' sends mail.example.com

run "$built/choose" '{}'
check 'choose says what to configure' is_cured_by HELO_NAME=mail.example.com

run "$built/greet"
check 'greet says how to use it' grep -qF 'usage: greet HOST:PORT NAME...' "$err"

run "$built/greet" 127.0.0.1:0 mail.example.com
check 'greet fails where nobody listens' test "$code" -eq 1

# helo explain

run "$helo" explain --configured mail.example.com --client-address 192.0.2.10 $dns
check 'helo explain sends the configured name without DNS' sends mail.example.com
check 'helo explain says that it is provisional' \
    reports 'chosen: mail.example.com from configured name, provisional'

run "$helo" explain --configured ' Mail.Example.COM. ' --client-address 192.0.2.10 $dns
check 'helo explain repairs the configured name' sends mail.example.com

run_with helo.example.com "$helo" explain --client-address 192.0.2.10 $dns
check 'helo explain sends HELO_NAME' sends helo.example.com

run_with helo.example.com "$helo" explain --configured mail.example.com --client-address 192.0.2.10 $dns
check 'helo explain prefers --configured to HELO_NAME' sends mail.example.com
check 'helo explain says what HELO_NAME would have been' \
    reports 'warning: the configured name "mail.example.com" is used; HELO_NAME says "helo.example.com" (variable-overruled)'

run_with '' "$helo" explain --configured mail.example.com --client-address 192.0.2.10 $dns
check 'helo explain takes an empty HELO_NAME for none' sends mail.example.com
check 'helo explain says that HELO_NAME is empty' \
    reports 'warning: HELO_NAME is blank and counts as not set (blank-setting)'

# bad_variable VALUE LINE
bad_variable() {
    run_with "$1" "$helo" explain --client-address 192.0.2.10 $dns
    check "helo explain refuses HELO_NAME=$1" is_cured_by "$2"
}

bad_variable '{}' HELO_NAME=mail.example.com
bad_variable 'http://mail.example.net' HELO_NAME=mail.example.net
bad_variable 'mail.example.net:25' HELO_NAME=mail.example.net
bad_variable '[10.0.0.1]' HELO_NAME=mail.example.com
bad_variable 'localhost' HELO_NAME=mail.example.com
bad_variable 'shop_mailer_1' HELO_NAME=mail.example.com

run "$helo" explain --configured mail.example.com --client-address 192.0.2.10 --policy strict $dns
check 'helo explain --policy strict wants the record' is_cured_by 'mail.example.com. A 192.0.2.10'

run "$helo" explain --configured '[10.0.0.1]' --client-address 10.0.0.1 --server 10.0.0.25:25 --policy submission $dns
check 'helo explain --policy submission sends a private literal to a private server' sends '[10.0.0.1]'

run "$helo" explain --configured -x --client-address 192.0.2.10 $dns
check 'helo explain takes the word after --configured, whatever it is' is_cured_by HELO_NAME=mail.example.com

run "$helo" explain --configured a.example.com --configured mail.example.com --client-address 192.0.2.10 $dns
check 'helo explain takes the last of two values' sends mail.example.com

run "$helo_with_serde" explain --configured mail.example.com --client-address 192.0.2.10 --json $dns
check 'helo explain --json writes one document' is_json '"name":"mail.example.com"'

run "$helo_with_serde" explain --configured web_1 --client-address 192.0.2.10 --json $dns
check 'helo explain --json writes a document without a name too' is_json '"kind":"configuration"'
check 'helo explain --json without a name ends as without the option' is_cured_by HELO_NAME=mail.example.com

refuses explain "'--frobnicate'" --frobnicate yes
refuses explain "'--configured <NAME>'" --configured
refuses explain "'mail.example.com'" mail.example.com
refuses explain 'give an IP address' --client-address mail.example.com
refuses explain 'give an IP address and a port' --dns localhost
refuses explain 'strict, standard, submission' --policy lenient
refuses explain 'give a number of seconds' --deadline soon
refuses explain 'give a number of seconds' --deadline -1
refuses explain 'give HOST:PORT' --server 127.0.0.1
refuses explain '--json needs the feature serde' --configured mail.example.com --json $dns

# helo check

run "$helo" check Mail.Example.COM. mail.example.com
check 'helo check writes name and repairs' \
    prints 0 'ok\tmail.example.com\tremoved-trailing-dot,lower-cased' 'ok\tmail.example.com\t-'

run "$helo" check --exact mail.example.com host.local
check 'helo check --exact takes names that are not public' \
    prints 0 'ok\tmail.example.com\t-' 'ok\thost.local\t-'

# refuses_names KIND...: a line of the output for each, and all went well.
refuses_names() {
    test "$code" -eq 0 && test "$(cut -f 1,2 "$out")" = "$(printf 'refused\t%s\n' "$@")"
}

run_on 'web_1\n\\x4dail.example.com\\x20\\x00\n\n\\-\n\377' "$helo" check
check 'helo check reads lines of any bytes' refuses_names underscore control empty empty not-utf8

run "$helo" check -x - -- --exact
check 'helo check takes names that start with a hyphen' refuses_names hyphen-at-edge hyphen-at-edge hyphen-at-edge

run_on '' "$helo" check
check 'helo check of nothing writes nothing' test "$code/$(wc -c <"$out")" = 0/0

run "$helo_with_serde" check --json Mail.Example.COM
check 'helo check --json writes the name' is_json '{"ok":{"name":"mail.example.com","repairs":["lower-cased"]}}'

run "$helo_with_serde" check --json web_1
check 'helo check --json writes the reason' is_json '"kind":"underscore"'

refuses check '--json needs the feature serde' --json web_1
refuses check "'--frobnicate'" web_1 --frobnicate

# helo diagnose

refusal='rcpt\tweb_1\t450 4.7.1 <web_1>: Helo command rejected: Host not found\n'

run_on "$refusal" "$helo" diagnose
check 'helo diagnose writes whose fault it is, the cause, the time and the advice' \
    grep -q "^ours	unresolvable	lasting	Change " "$out"

run_on "$refusal\nnowhere\t-\t550 x\nmail\t-\t552-5.2.2 mailbox\\\\nfull\n" "$helo" diagnose
check 'helo diagnose goes on after a bad line' test "$code" -eq 1
check 'helo diagnose names the bad line' grep -q '^line 3: ' "$err"
check 'helo diagnose judges the others' test "$(cut -f 1 "$out" | tr '\n' ' ')" = 'ours not-ours '

run_on "$refusal" "$helo_with_serde" diagnose --json
check 'helo diagnose --json writes the diagnosis' is_json '"cause":"unresolvable"'
check 'helo diagnose --json writes the number of the line' is_json '"line":1'

refuses diagnose '--json needs the feature serde' --json
refuses diagnose "'replies.txt'" replies.txt

# helo predict

# predicts TEXT LINE: it ended well, and this line of the output holds the text.
predicts() {
    test "$code" -eq 0 && sed -n "$2p" "$out" | grep -qF -e "$1"
}

run_on 'mail.example.com\r\nweb_1\n\\-' "$helo" predict --no-dns
check 'helo predict writes PROFILE=CODE' predicts 'mail.example.com	postfix-default=250	' 1
check 'helo predict writes a refusal' predicts '	exim-default=501	' 2
check 'helo predict writes an argument as it is read' predicts '\-	postfix-default=501	' 3

run "$helo" predict --dns 127.0.0.1:0 --no-dns --table web_1
check 'helo predict --table writes the whole replies' \
    predicts '  exim-default      EHLO 501 Syntactically invalid EHLO argument(s)' 5

refuses predict '--no-dns' web_1
refuses predict "'--frobnicate'" --no-dns --frobnicate
refuses predict 'give an IP address' --no-dns --client mail.example.com
refuses predict 'give an IP address and a port' --dns localhost

# helo greet

refuses greet '<HOST:PORT>'
refuses greet 'give HOST:PORT' 127.0.0.1
refuses greet 'give HOST:PORT' 127.0.0.1:smtp
refuses greet "'--frobnicate'" --frobnicate 127.0.0.1:25
refuses greet 'give an IP address' --client-address mail.example.com 127.0.0.1:25
refuses greet 'underscore' 127.0.0.1:25 shop_mailer.example.com
refuses greet 'bare IP address' 127.0.0.1:25 mail.example.com 10.0.0.1

# cannot_connect: the connection is refused, since on port 0 nothing can listen.
cannot_connect() {
    test "$code" -eq 1 && grep -q '^helo: ' "$err" && ! grep -q '^C: ' "$out"
}

run "$helo" greet 127.0.0.1:0 mail.example.com
check 'helo greet fails where nobody listens' cannot_connect

# helo audit: a name that is not public and a private address are not asked for, and port 0 knows nothing.

run_on '# name and address\n\nlocalhost.localdomain\t10.0.0.1\nno tab\na_b.example.com\t10.0.0.1\nlast.example.com\t10.0.0.1' \
    "$helo" audit --dns 127.0.0.1:0
check 'helo audit writes a line for each' finds 1 \
    'localhost.localdomain\t10.0.0.1\tnot-public\t-\t-' \
    'line 4\t-\tunreadable\t-\tit has no tab' \
    'line 5\t-\tunreadable\t-\tunderscore at byte 1: a host name has only letters, digits and hyphens between its dots; use a name without underscore that exists in DNS' \
    'last.example.com\t10.0.0.1\tunknown\t-\t-'

run "$helo" audit --concurrency 1
check 'helo audit of nothing ends well' finds 0 ''

run_on '[203.0.114.5]\t203.0.114.5\n' "$helo" audit --dns 127.0.0.1:0
check 'helo audit knows a literal without DNS' \
    finds 0 '[203.0.114.5]\t203.0.114.5\tmatch\ttemperror\t-'

run_on 'no tab' "$helo_with_serde" audit --json
check 'helo audit --json writes an object' is_json '{"line":1,"unreadable":"it has no tab"}'

run "$helo" audit /nonexistent
check 'helo audit of a file that is not there fails' test "$code" -eq 1

refuses audit '--json needs the feature serde' --json
refuses audit "'--frobnicate'" --frobnicate
refuses audit "'--dns <IP:PORT>'" --dns
refuses audit 'give an IP address and a port' --dns localhost
refuses audit "'--concurrency <N>'" --concurrency 0
refuses audit "'--concurrency <N>'" --concurrency many
refuses audit "'other.tsv'" list.tsv other.tsv

# All commands.

for command in audit check diagnose explain greet predict; do
    run "$helo" "$command" --help
    check "helo $command --help prints usage, exit codes and examples" \
        test "$code/$(grep -c -e "^Usage: helo $command " -e '^Exit codes: ' -e '^Examples:' "$out")" = 0/3
done

# survives_a_closed_pipe PROGRAM ARGUMENT...: the reader is gone before the first line.
survives_a_closed_pipe() {
    { sleep 0.1; run_to_pipe "$@"; } | true
    test "$(cat "$temporary/code")" -le 1 && ! grep -q panicked "$err"
}

run_to_pipe() {
    "$@" <"$in" 2>"$err"
    echo "$?" >"$temporary/code"
}

yes mail.example.com | head -n 100000 >"$in"
check 'helo check ends well when nobody reads on' survives_a_closed_pipe "$helo" check
check 'helo predict ends well when nobody reads on' survives_a_closed_pipe "$helo" predict --no-dns x
check 'helo explain ends well when nobody reads on' \
    survives_a_closed_pipe "$helo" explain --configured mail.example.com $dns
check 'helo greet ends well when nobody reads on' survives_a_closed_pipe "$helo" greet 127.0.0.1:0 mail.example.com
printf "$refusal" >"$in"
check 'helo diagnose ends well when nobody reads on' survives_a_closed_pipe "$helo" diagnose
printf 'mail.local\t10.0.0.1\n' >"$in"
check 'helo audit ends well when nobody reads on' survives_a_closed_pipe "$helo" audit --dns 127.0.0.1:0

exit "$failed"
