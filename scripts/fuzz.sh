#!/usr/bin/env bash
# Feeds every decoder with changed inputs, many more than the ordinary tests do, and ends with the total.
#
#   scripts/fuzz.sh [N] [WORD...]   N inputs for each decoder (1000000); only the test projects whose name holds one of the
#                                   words (Raft, Node, Storage, Kv, Server)
#
# Files are whole logs and snapshots, of which a thousand take some seconds. The same N gives the same inputs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  -h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
inputs=${1:-1000000}
[[ $inputs =~ ^[1-9][0-9]{0,8}$ ]] || die 2 "How many inputs? «$inputs» is not a number from 1 to 999999999."
shift || true
words=("$@")
((${#words[@]} > 0)) || words=(RaftStore.Raft RaftStore.Node RaftStore.Storage RaftStore.Kv RaftStore.Server)
FUZZ_INPUTS=$inputs exec "$REPO/scripts/test.sh" "${words[@]}" --filter Category=Fuzz
