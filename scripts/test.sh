#!/usr/bin/env bash
# Builds everything once, runs the test projects two at a time and those of real clusters alone, and ends with the total.
#
#   scripts/test.sh                      every test
#   scripts/test.sh Raft Storage         only the projects whose name holds one of these words
#   scripts/test.sh --filter EXPRESSION  passed on to «dotnet test»
#   scripts/test.sh --no-build           trusts the build that is there
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

configuration=${CONFIGURATION:-Release}
results="$BUILD_DIR/test-results"
build=true
filter=()
words=()
while (($# > 0)); do
  case $1 in
    --filter)
      (($# > 1)) || die 2 "--filter needs an expression, as «dotnet test --filter» takes it."
      filter=(--filter "$2")
      shift
      ;;
    --no-build) build=false ;;
    -h | --help)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    -*) die 2 "Unknown option $1; see scripts/test.sh --help." ;;
    *) words+=("$1") ;;
  esac
  shift
done

# Side by side: the longest first, then the quick ones, so that a slip shows early. What starts clusters of real processes comes last, when
# nothing else runs; it takes two tests at a time by itself.
readonly LANES=2
long=(RaftStore.Mutants.Tests)
alone=(RaftStore.Cluster.Tests)

projects_side_by_side() {
  local name last=(RaftStore.Simulation.Tests RaftStore.Server.Tests)
  printf '%s\n' "${long[@]}"
  for name in "$REPO"/tests/*.Tests; do
    name=${name##*/}
    [[ " ${long[*]} ${last[*]} ${alone[*]} " == *" $name "* ]] || printf '%s\n' "$name"
  done
  printf '%s\n' "${last[@]}"
}

is_wanted() {
  ((${#words[@]} == 0)) && return 0
  local word
  for word in "${words[@]}"; do
    [[ ${1,,} == *"${word,,}"* ]] && return 0
  done
  return 1
}

# Adds one attribute of the <Counters …/> element of a result file to a total.
counter() {
  local counters=$1 name=$2
  [[ $counters =~ [[:space:]]$name=\"([0-9]+)\" ]] && printf '%s' "${BASH_REMATCH[1]}" || printf 0
}

passed=0 failed=0 skipped=0
broken=()

declare -A pids=() begun=()

start_project() {
  local name=$1
  # Without job control what runs in the background would not hear Ctrl-C.
  (
    trap - INT QUIT
    exec dotnet test "$REPO/tests/$name/$name.csproj" -c "$configuration" --no-build -nologo -m:1 "${filter[@]}" \
      --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" --results-directory "$results" \
      </dev/null >"$results/$name.out" 2>&1
  ) &
  pids[$name]=$!
  begun[$name]=$SECONDS
}

# Waits until one of those that run has ended, and tells of it.
await_one() {
  local name code ended=()
  while :; do
    for name in "${!pids[@]}"; do
      kill -0 "${pids[$name]}" 2>/dev/null || ended+=("$name")
    done
    ((${#ended[@]} == 0)) || break
    wait -n || true
  done

  for name in "${ended[@]}"; do
    code=0
    wait "${pids[$name]}" || code=$?
    unset "pids[$name]"
    tell_of_project "$name" "$code" "$((SECONDS - ${begun[$name]}))"
  done
}

# Runs the projects whose names come in, as many at a time as it is told.
run_projects() {
  local lanes=$1 project
  while IFS= read -r project; do
    is_wanted "$project" || continue
    while ((${#pids[@]} >= lanes)); do await_one; done
    start_project "$project"
  done

  while ((${#pids[@]} > 0)); do await_one; done
}

# Adds a project that has ended to the totals, and prints its line and, where it is not green, the end of what it said.
tell_of_project() {
  local name=$1 code=$2 took=$3 trx="$results/$1.trx" counters total executed project_passed
  if [[ ! -s $trx ]]; then
    if ((code == 0)) && ((${#filter[@]} > 0)); then
      return 0
    fi

    tail -n 40 "$results/$name.out"
    echo "$name: ran no test (exit code $code)"
    broken+=("$name")
    return 0
  fi

  counters=$(grep -o '<Counters [^>]*>' "$trx" | head -n 1)
  total=$(counter "$counters" total)
  executed=$(counter "$counters" executed)
  project_passed=$(counter "$counters" passed)
  passed=$((passed + project_passed))
  failed=$((failed + executed - project_passed))
  skipped=$((skipped + total - executed))
  printf '%-32s %5d passed %3d failed %3d skipped  %4d s\n' "$name" "$project_passed" "$((executed - project_passed))" "$((total - executed))" "$took"
  grep -E '^\s+(Skipped|\[SKIP\])|\[SKIP\]' "$results/$name.out" | sed 's/^ */  /' | sort -u || true
  if ((executed - project_passed > 0 || code != 0)); then
    grep -vE '^\s*$|^Test run for|^A total of|^Starting test|^Results File' "$results/$name.out" | tail -n 120
    broken+=("$name")
  elif ((total == 0 && ${#filter[@]} == 0)); then
    broken+=("$name")
  fi
}

require_dotnet
cd "$REPO"
rm -rf "$results"
mkdir -p "$results"
if $build; then
  echo "Building ($configuration${STRICT:+, warnings are errors}) …"
  if ! with_build_lock dotnet build RaftStore.sln -c "$configuration" -v quiet -nologo ${STRICT:+-p:Strict=true} >"$results/build.out" 2>&1; then
    cat "$results/build.out"
    die 1 "The build failed; no test was run."
  fi
fi

run_projects "$LANES" < <(projects_side_by_side)
run_projects 1 < <(printf '%s\n' "${alone[@]}")

if ((${#broken[@]} > 0)); then
  echo "Not green: ${broken[*]} (output and results under ${results#"$REPO"/}/)"
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && ${#broken[@]} == 0 && passed > 0))
