# shellcheck shell=bash
# The processes of a cluster on this machine, and questions to them; sourced by cluster.sh, whose variables it uses, and not run by itself.

# ---- Processes ----------------------------------------------------------------------------------------------------------

pid_file() { echo "$data_dir/run/n$1.pid"; }
log_file() { echo "$data_dir/logs/n$1.log"; }

# State letter and start time of a process, from /proc: after the name, which may hold anything, come state (field 3) and,
# nineteen fields later, the time it started. A pid that was given to another process has another start time.
process_facts() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2206 # the fields after the name are plain numbers and one letter
  local fields=(${line##*) })
  echo "${fields[0]} ${fields[19]}"
}

# Sets pid and state ("running", "paused" or "stopped") of node $1.
look_at() {
  local recorded facts
  pid=0 state=stopped
  [[ -r $(pid_file "$1") ]] || return 0
  read -r pid recorded <"$(pid_file "$1")" || true
  if [[ -z ${pid:-} ]] || ! facts=$(process_facts "$pid") || [[ ${facts#* } != "$recorded" || ${facts%% *} == [ZX] ]]; then
    pid=0
    return 0
  fi

  case ${facts%% *} in
    [Tt]) state=paused ;;
    *) state=running ;;
  esac
}

launch() {
  local i=$1 directory runner=() how=(--cluster "$(founders)")
  look_at "$i"
  case $state in
    running) return 0 ;;
    paused)
      kill -CONT "$pid"
      return 0
      ;;
  esac

  mkdir -p "$data_dir/run" "$data_dir/logs"
  # Founders that have all lost their data would found another cluster under the old one's name.
  if ((i <= founding_size)) && [[ -e $data_dir/run/formed && ! -e $data_dir/run/n$i.joins && ! -d $data_dir/n$i ]]; then
    die 1 "The data of n$i is gone, and it may not come back empty: it has forgotten what it promised the others. Put another in its place:  $self replace $i"
  fi
  # Who did not found the cluster, or was replaced, joins it; a directory that has joined needs no more than to be started again.
  if ((i > founding_size)) || [[ -e $data_dir/run/n$i.joins ]]; then
    how=(--join "$(endpoints)")
  fi
  directory=$(readlink -f "$BUILD_DIR/current")
  # A session of its own: Ctrl-C in this terminal is not meant for the nodes.
  command -v setsid >/dev/null 2>&1 && runner=(setsid)
  "${runner[@]}" dotnet "$directory/raftstore/raftstore.dll" \
    --name "n$i" --data "$data_dir/n$i" \
    --listen "http://127.0.0.1:$(client_port "$i")" --peer-listen "127.0.0.1:$(peer_port "$i")" \
    --enable-fault-injection "${how[@]}" </dev/null >>"$(log_file "$i")" 2>&1 9>&- &
  pid=$!
  local facts
  facts=$(process_facts "$pid") || die 1 "n$i ended at once; see $(log_file "$i")"
  echo "$pid ${facts#* }" >"$(pid_file "$i")"
}

# Waits until the given nodes are gone, and ends those that take longer than the given seconds.
await_end() {
  local limit=$1 i waited=0 left
  shift
  while :; do
    left=()
    for i in "$@"; do
      look_at "$i"
      [[ $state == stopped ]] || left+=("$i")
    done
    ((${#left[@]} > 0)) || break
    if ((waited >= limit * 10)); then
      for i in "${left[@]}"; do
        look_at "$i"
        say "n$i did not end within $limit s: killing it."
        [[ $state == stopped ]] || kill -KILL "$pid"
      done
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
  for i in "$@"; do rm -f "$(pid_file "$i")"; done
}

stop_nodes() {
  local i
  for i in "$@"; do
    look_at "$i"
    [[ $state == stopped ]] && continue
    kill -TERM "$pid"
    [[ $state == paused ]] && kill -CONT "$pid"
  done
  await_end 20 "$@"
}

# Every node that belongs to the cluster; one that was removed has left a mark.
all_nodes() {
  local i
  for ((i = 1; i <= size; i++)); do [[ -e $data_dir/run/n$i.removed ]] || echo "$i"; done
}

# ---- Asking a node, without any program beside bash ----------------------------------------------------------------------

# Prints status line and headers of GET $2 on node $1's client port; fails where nobody answers within two seconds.
http_head() {
  local port
  port=$(client_port "$1")
  # shellcheck disable=SC2016 # the inner shell expands them
  timeout 2 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n" "$2" "$1" >&3
    carriage_return=$(printf "\r")
    while IFS= read -r line <&3 && [[ $line != "$carriage_return" ]]; do
      printf "%s\n" "${line%"$carriage_return"}"
    done' _ "$port" "$2" 2>/dev/null
}

is_ready() { [[ $(http_head "$1" /readyz | head -n 1) == "HTTP/1."[01]" 200"* ]]; }

# The number of the node that leads, as the first running node to answer says.
leader_number() {
  local i name
  for i in $(all_nodes); do
    look_at "$i"
    [[ $state == running ]] || continue
    name=$(http_head "$i" /v1/cluster | sed -n 's/^[Rr]aft[Ss]tore-[Ll]eader: *//p')
    if [[ $name =~ ^n([1-9])$ ]]; then
      echo "${BASH_REMATCH[1]}"
      return 0
    fi
  done
  return 1
}

await_ready() {
  local deadline=$((SECONDS + 60)) i waiting
  while :; do
    waiting=()
    for i in "$@"; do
      look_at "$i"
      if [[ $state == stopped ]]; then
        tail -n 5 "$(log_file "$i")" >&2 || true
        die 1 "n$i ended instead of starting; its last lines are above, the rest in $(log_file "$i")"
      fi
      is_ready "$i" || waiting+=("n$i")
    done
    ((${#waiting[@]} > 0)) || return 0
    ((SECONDS < deadline)) || die 1 "Not ready after 60 s: ${waiting[*]}. Their logs are in $data_dir/logs/."
    sleep 0.2
  done
}
