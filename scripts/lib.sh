# shellcheck shell=bash
# Shared by the scripts beside it; not run by itself. Sets REPO and offers a build that is redone only when a source changed.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD_DIR="$REPO/.build"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

# The wrapper itself failed: a code that neither kvctl nor raftstore uses.
readonly WRAPPER_FAILED=125

say() { printf '%s\n' "$*" >&2; }

die() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

require_dotnet() {
  command -v dotnet >/dev/null 2>&1 ||
    die "$WRAPPER_FAILED" "dotnet is not on the PATH: install the .NET 10 SDK (https://dotnet.microsoft.com/download), then run this again."
}

# One number for everything the product is built from: names, sizes and modification times. A removed file changes it too.
source_fingerprint() {
  find "$REPO/src" "$REPO/Directory.Build.props" "$REPO/Directory.Packages.props" "$REPO/global.json" "$REPO/RaftStore.Product.slnf" \
    \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | cksum
}

build_is_current() {
  local built
  [[ -r $BUILD_DIR/current/fingerprint ]] && built=$(<"$BUILD_DIR/current/fingerprint") && [[ $built == "$1" ]]
}

# Runs a command while holding a lock that ends with this process. Without flock, a directory is the lock, and the pid in
# it tells whether its owner still lives.
with_build_lock() {
  mkdir -p "$BUILD_DIR"
  if command -v flock >/dev/null 2>&1; then
    # A build leaves helpers of its own behind, which wait for the next one: they must not inherit the lock.
    (
      flock 9
      "$@" 9>&-
    ) 9>"$BUILD_DIR/lock"
    return
  fi

  local owner
  until mkdir "$BUILD_DIR/lock.d" 2>/dev/null; do
    owner=$(cat "$BUILD_DIR/lock.d/pid" 2>/dev/null || true)
    if [[ -n $owner ]] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$BUILD_DIR/lock.d"
    else
      sleep 0.2
    fi
  done
  echo "$BASHPID" >"$BUILD_DIR/lock.d/pid"
  local code=0
  ("$@") || code=$?
  rm -rf "$BUILD_DIR/lock.d"
  return "$code"
}

# Builds into a directory of its own and then points «current» at it, so that nodes which run from an earlier build keep
# every file they may still load.
build_product_locked() {
  local fingerprint generation log="$BUILD_DIR/build.log" started=$SECONDS
  fingerprint=$(source_fingerprint)
  if build_is_current "$fingerprint"; then
    return 0
  fi

  say "Building RaftStore (Release) because its sources changed …"
  if ! dotnet build "$REPO/RaftStore.Product.slnf" -c Release -v quiet -nologo -clp:NoSummary >"$log" 2>&1; then
    cat "$log" >&2
    die "$WRAPPER_FAILED" "The build failed; its output is above and in $log."
  fi

  generation=$(date +%Y%m%d-%H%M%S)-$$
  mkdir -p "$BUILD_DIR/$generation"
  cp -R "$REPO/src/RaftStore.Server/bin/Release/net10.0" "$BUILD_DIR/$generation/raftstore"
  cp -R "$REPO/src/kvctl/bin/Release/net10.0" "$BUILD_DIR/$generation/kvctl"
  printf '%s' "$fingerprint" >"$BUILD_DIR/$generation/fingerprint"
  ln -sfn "$generation" "$BUILD_DIR/next"
  mv -T "$BUILD_DIR/next" "$BUILD_DIR/current"
  remove_old_builds
  say "Built in $((SECONDS - started)) s."
}

# Keeps the three newest builds, and every older one that a process of this user still runs from.
remove_old_builds() {
  local old
  while IFS= read -r old; do
    if ! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -qF "$BUILD_DIR/$old/"; then
      rm -rf "${BUILD_DIR:?}/$old"
    fi
  done < <(find "$BUILD_DIR" -mindepth 1 -maxdepth 1 -type d -name '20*-*-*' -printf '%f\n' | sort -r | tail -n +4)
}

# Afterwards $BUILD_DIR/current/{raftstore,kvctl} hold a build of the sources as they are.
ensure_product_built() {
  require_dotnet
  build_is_current "$(source_fingerprint)" || with_build_lock build_product_locked
}

# Replaces this process by a program of the current build. The path is resolved, so that a later build changes nothing for it.
exec_product() {
  local name=$1 directory
  shift
  directory=$(readlink -f "$BUILD_DIR/current")
  exec dotnet "$directory/$name/$name.dll" "$@"
}
