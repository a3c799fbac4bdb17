#!/usr/bin/env bash
# Feeds every decoder with changed inputs, many more than the ordinary tests do, and ends with the total.
#
#   scripts/fuzz.sh [--keep] [N] [WORD...]   N inputs for each decoder (1000000); only the test projects whose name holds one of
#                                            the words (Raft, Node, Storage, Kv, Server)
#   --keep   adds what led somewhere new to the stored corpora, tests/*/Fuzzing/Corpus, with which every run begins
#
# A million inputs for each take some ten minutes, half of them for files. The same N and the same corpora give the same inputs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

keep=false
case ${1:-} in
  -h | --help)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  --keep)
    keep=true
    shift
    ;;
esac
inputs=${1:-1000000}
[[ $inputs =~ ^[1-9][0-9]{0,8}$ ]] || die 2 "How many inputs? «$inputs» is not a number from 1 to 999999999."
shift || true
words=("$@")
((${#words[@]} > 0)) || words=(RaftStore.Raft RaftStore.Node RaftStore.Storage RaftStore.Kv RaftStore.Server)
FUZZ_KEEP=$keep FUZZ_INPUTS=$inputs exec "$REPO/scripts/test.sh" "${words[@]}" --filter Category=Fuzz
