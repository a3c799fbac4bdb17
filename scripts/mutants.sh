#!/usr/bin/env bash
# Switches on known bugs, one at a time, and looks whether the simulator, or the test named for it, notices each.
#
#   scripts/mutants.sh                     every mutant; its recorded seed first, then seeds 1 to 200. Exit code 6 if one survives
#   scripts/mutants.sh --anew [NAME …]     from seed 1 on, whatever is recorded
#   scripts/mutants.sh --record [NAME …]   likewise, and writes the first seed that noticed into the list
#   scripts/mutants.sh --within N …        at most N seeds each instead of 200
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 0
fi

tool="$REPO/tests/RaftStore.Mutants"

# The build with mutants goes to bin/Mutants and obj/Mutants of each project, beside the ordinary one.
build_mutants() {
  local project
  dotnet build "$tool" -c Release -v quiet -nologo -clp:NoSummary
  dotnet build "$REPO/src/RaftStore.Simulation" -c Mutants -v quiet -nologo -clp:NoSummary
  while IFS= read -r project; do
    dotnet build "$REPO/tests/$project" -c Mutants -v quiet -nologo -clp:NoSummary
  done < <(dotnet "$tool/bin/Release/net10.0/RaftStore.Mutants.dll" projects)
}

require_dotnet
with_build_lock build_mutants >&2
exec dotnet "$tool/bin/Release/net10.0/RaftStore.Mutants.dll" hunt "$@"
