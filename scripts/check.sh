#!/usr/bin/env bash
# What must hold before a change is offered: the format, a Release build without a warning, every test.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

require_dotnet
cd "$REPO"
echo "Checking the format …"
dotnet restore RaftStore.sln -v quiet
dotnet format whitespace RaftStore.sln --no-restore --verify-no-changes ||
  die 1 "The format differs: run «dotnet format whitespace RaftStore.sln» and look at what it changed."

# The build checks the code style too, and unlike «dotnet format» it sees what the protocol compiler generates. Not
# incremental: what an earlier build compiled with warnings would not be compiled again.
echo "Building with warnings as errors …"
dotnet build RaftStore.sln -c Release --no-restore --no-incremental -v quiet -nologo -clp:NoSummary -p:Strict=true
scripts/test.sh --no-build "$@"
