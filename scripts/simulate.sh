#!/usr/bin/env bash
# Runs simulated clusters: the product's own pump, log and state machine under drawn faults, in virtual time.
#
#   scripts/simulate.sh --seeds N [--first F]   N runs (2000 without arguments), with progress; exit code 6 if a rule broke, or if
#                                               1000 runs or more never met a rare situation that they should
#   scripts/simulate.sh --seed S                tells the story of one run; its last line is the trace hash
#   scripts/simulate.sh --speed                 measures the simulator: three nodes, 100 operations a virtual second, one thread
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 0
fi

require_dotnet
(($# > 0)) || set -- --seeds 2000
project="$REPO/src/RaftStore.Simulation"
with_build_lock dotnet build "$project" -c Release -v quiet -nologo -clp:NoSummary >&2

# Many runs are faster, by about a seventh, where the framework's code is compiled for this processor like ours, instead of used as it was delivered.
# It takes half a second at the start, which the story of one run would only wait for.
[[ $1 == --seed ]] || export DOTNET_ReadyToRun=0

# 128 MiB before a collection: nearly all of what a run allocates is garbage by then. Measured side by side, runs take a fifth less time so, and the
# process no more memory at its largest. An environment that asks for something else gets it.
export DOTNET_GCgen0size="${DOTNET_GCgen0size:-0x8000000}"
exec dotnet "$project/bin/Release/net10.0/RaftStore.Simulation.dll" "$@"
