#!/usr/bin/env bash
# A RaftStore cluster on this machine, for trying things out.
#
#   scripts/cluster.sh up [3|5]     builds if needed, starts what is not running, waits until every node serves; up 5 makes
#                                   a cluster of three grow
#   scripts/cluster.sh down         stops every node; the data stays
#   scripts/cluster.sh status       the processes, and what the nodes say of themselves
#   scripts/cluster.sh kill I       ends node I at once (SIGKILL), as a crash would
#   scripts/cluster.sh stop I       asks node I to end (SIGTERM) and waits for it
#   scripts/cluster.sh start I      starts node I again
#   scripts/cluster.sh pause I      freezes node I (SIGSTOP), as a long pause of its machine would
#   scripts/cluster.sh resume I     lets it go on (SIGCONT)
#   scripts/cluster.sh partition 1,2 3   cuts groups of nodes from each other; a node in no group still reaches everybody
#   scripts/cluster.sh isolate I    cuts node I from all others
#   scripts/cluster.sh heal         ends every cut and every other fault (kvctl chaos knows more of them)
#   scripts/cluster.sh add          starts one node more, which joins and gets a vote once it has caught up
#   scripts/cluster.sh remove I     takes node I out of the cluster; its process ends by itself
#   scripts/cluster.sh replace I    puts an empty node in the place of node I, which is ended (SIGKILL); its data goes when the
#                                   new node has its vote
#   scripts/cluster.sh logs I [-f]  the end of its log; -f follows it
#   scripts/cluster.sh wipe         stops every node and removes the cluster's data and logs
#
# I is a number (1), a name (n1), or «leader». BASE_PORT (7400) and DATA_DIR (.cluster) make a second cluster beside the
# first: node I serves clients on BASE_PORT+I and peers on BASE_PORT+100+I. Only processes that this script started are ended.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly USAGE=2
data_dir=${DATA_DIR:-$REPO/.cluster}
[[ $data_dir == /* ]] || data_dir="$PWD/$data_dir"
conf="$data_dir/cluster.conf"
size=0
founding_size=0
base_port=${BASE_PORT:-7400}
# How a user must call this script again for the same cluster, to be shown in what it suggests.
self="${DATA_DIR:+DATA_DIR=$DATA_DIR }scripts/cluster.sh"

usage() { sed -n '2,26s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

# ---- What the directory holds -------------------------------------------------------------------------------------------

load_conf() {
  [[ -r $conf ]] || return 1
  local stored_size stored_port
  read -r stored_size stored_port stored_founders <"$conf" || true
  [[ $stored_size =~ ^[1-9]$ && ${stored_founders:-3} =~ ^[35]$ && $stored_port =~ ^[0-9]+$ ]] || die "$USAGE" "$conf is damaged; look at it, or remove $data_dir."
  if [[ -n ${BASE_PORT:-} && $BASE_PORT != "$stored_port" ]]; then
    die "$USAGE" "$data_dir holds a cluster on base port $stored_port, not $BASE_PORT: leave BASE_PORT out, or set DATA_DIR to another directory."
  fi
  size=$stored_size base_port=$stored_port founding_size=${stored_founders:-$stored_size}
}

# size: the highest number that a node has had. founding_size: how many founded the cluster; the others joined it.
save_conf() { echo "$size $base_port $founding_size" >"$conf"; }

require_cluster() { load_conf || die "$USAGE" "There is no cluster in $data_dir; start one with: $self up"; }

client_port() { echo $((base_port + $1)); }
peer_port() { echo $((base_port + 100 + $1)); }

founders() {
  local i list=()
  for ((i = 1; i <= founding_size; i++)); do list+=("n$i=127.0.0.1:$(peer_port "$i")"); done
  (
    IFS=,
    echo "${list[*]}"
  )
}

endpoints() {
  local i list=()
  for i in $(all_nodes); do list+=("http://127.0.0.1:$(client_port "$i")"); done
  (
    IFS=,
    echo "${list[*]}"
  )
}

source "$(dirname "${BASH_SOURCE[0]}")/nodes.sh"

# ---- Verbs --------------------------------------------------------------------------------------------------------------

# Turns 1, n1 or «leader» into a number, in $node.
parse_node() {
  require_cluster
  local word=${1:-}
  [[ -n $word ]] || die "$USAGE" "Which node? Give a number (1), a name (n1), or «leader»."
  if [[ $word == leader ]]; then
    node=$(leader_number) || die 1 "No node says who leads; see: $self status"
    return 0
  fi
  node=${word#n}
  if ! [[ $node =~ ^[1-9]$ ]] || ((node > size)); then
    die "$USAGE" "There is no node «$word»: this cluster has n1 to n$size."
  fi
  [[ ! -e $data_dir/run/n$node.removed ]] || die "$USAGE" "n$node was removed from this cluster; «$self add» takes in another node."
}

print_processes() {
  local i
  printf '%-5s %-8s %-8s %-23s %s\n' NODE PROCESS PID CLIENTS LOG
  for i in $(all_nodes); do
    look_at "$i"
    printf '%-5s %-8s %-8s %-23s %s\n' "n$i" "$state" "${pid/#0/-}" "http://127.0.0.1:$(client_port "$i")" "$(log_file "$i")"
  done
}

print_cluster() {
  KVCTL_ENDPOINTS=$(endpoints) "$REPO/scripts/kvctl" status
}

verb_up() {
  local wanted=${1:-}
  [[ -z $wanted || $wanted == [35] ]] || die "$USAGE" "A cluster has 3 or 5 nodes, not «$wanted»."
  if load_conf; then
    local present
    present=$(all_nodes | wc -l)
    if [[ -n $wanted ]] && ((present > wanted)); then
      die "$USAGE" "$data_dir holds a cluster of $present. To make it smaller, take nodes out one at a time:
  $self remove $(all_nodes | tail -n 1)
or start another one beside it:
  BASE_PORT=$((base_port + 200)) DATA_DIR=$data_dir-$wanted scripts/cluster.sh up $wanted"
    fi
  else
    if ! [[ $base_port =~ ^[1-9][0-9]{0,4}$ ]] || ((base_port > 65430)); then
      die "$USAGE" "BASE_PORT=$base_port: a number from 1 to 65430 is needed."
    fi
    if [[ -d $data_dir && -n $(ls -A "$data_dir") ]]; then
      die "$USAGE" "$data_dir is not empty and not a cluster of this script: set DATA_DIR to another directory."
    fi
    size=${wanted:-3}
    founding_size=$size
  fi

  ensure_product_built
  if [[ ! -e $conf ]]; then
    mkdir -p "$data_dir"
    save_conf
  fi
  local i
  for i in $(all_nodes); do launch "$i"; done
  # shellcheck disable=SC2046 # numbers
  await_ready $(all_nodes)
  touch "$data_dir/run/formed"
  if [[ -n $wanted ]]; then
    while (($(all_nodes | wc -l) < wanted)); do add_node; done
  fi
  print_cluster
  local kvctl=scripts/kvctl
  ((base_port == 7400)) || kvctl="KVCTL_ENDPOINTS=$(endpoints) scripts/kvctl"
  cat <<TRY

Three things to try:
  $kvctl put greeting hello
  $self kill leader && $kvctl get greeting
  $self status
TRY
}

verb_down() {
  require_cluster
  # shellcheck disable=SC2046 # numbers
  stop_nodes $(all_nodes)
  echo "Stopped. The data stays in $data_dir."
}

verb_status() {
  require_cluster
  ensure_product_built
  print_processes
  echo
  print_cluster
}

verb_kill() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -KILL "$pid"
  await_end 5 "$node"
  echo "n$node was killed."
}

verb_stop() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  stop_nodes "$node"
  echo "n$node has stopped."
}

verb_start() {
  parse_node "${1:-}"
  ensure_product_built
  look_at "$node"
  if [[ $state == stopped ]]; then
    launch "$node"
    echo "n$node was started."
  else
    echo "n$node is $state already."
  fi
}

verb_pause() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -STOP "$pid"
  echo "n$node is paused."
}

verb_resume() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -CONT "$pid"
  echo "n$node goes on."
}

kvctl_here() { KVCTL_ENDPOINTS=$(endpoints) "$REPO/scripts/kvctl" "$@"; }

await_vote() {
  local deadline=$((SECONDS + 120))
  until kvctl_here member list -o json 2>/dev/null | tr '}' '\n' | grep -q "\"name\":\"n$1\",\"role\":\"voter\".*\"healthy\":true"; do
    look_at "$1"
    if [[ $state == stopped ]]; then
      tail -n 3 "$(log_file "$1")" >&2 || true
      die 1 "n$1 ended instead of joining; its last lines are above, the rest in $(log_file "$1")"
    fi
    ((SECONDS < deadline)) || die 1 "n$1 has no vote after 120 s; see: $self status"
    sleep 1
  done
}

add_node() {
  ((size < 9)) || die "$USAGE" "This script numbers nodes from 1 to 9, and all numbers are used."
  size=$((size + 1))
  save_conf
  launch "$size"
  await_vote "$size"
  await_ready "$size"
  say "n$size has joined and votes."
}

verb_add() {
  require_cluster
  ensure_product_built
  add_node
  print_cluster
}

verb_remove() {
  parse_node "${1:-}"
  ensure_product_built
  kvctl_here member remove "n$node" || die 1 "n$node was not removed; the reason is above."
  touch "$data_dir/run/n$node.removed"
  await_end 20 "$node"
  rm -rf "${data_dir:?}/n$node" "$data_dir/run/n$node.joins"
  print_cluster
}

verb_replace() {
  parse_node "${1:-}"
  ensure_product_built
  local aside="$data_dir/n$node.replaced"
  # Nothing of the node is touched before the cluster has agreed; where an earlier attempt ended after that, this one goes on.
  if [[ ! -e $data_dir/run/n$node.joins || ! -e $aside ]]; then
    kvctl_here --timeout 30s member replace "n$node" --peer "127.0.0.1:$(peer_port "$node")" ||
      die 1 "n$node was not replaced; the reason is above. Its process and its data were left alone."
    look_at "$node"
    [[ $state == stopped ]] || kill -KILL "$pid"
    await_end 5 "$node"
    rm -rf "$aside"
    [[ ! -d $data_dir/n$node ]] || mv "$data_dir/n$node" "$aside"
    mkdir -p "$data_dir/run"
    touch "$data_dir/run/n$node.joins"
  fi
  launch "$node"
  await_vote "$node"
  await_ready "$node"
  rm -rf "$aside"
  print_cluster
}

verb_partition() {
  require_cluster
  ensure_product_built
  kvctl_here --timeout 3s chaos partition "$@"
}

verb_isolate() {
  parse_node "${1:-}"
  ensure_product_built
  kvctl_here --timeout 3s chaos isolate "n$node"
}

verb_heal() {
  require_cluster
  ensure_product_built
  kvctl_here --timeout 3s chaos heal
}

verb_logs() {
  parse_node "${1:-}"
  [[ -r $(log_file "$node") ]] || die 1 "n$node has no log yet."
  if [[ ${2:-} == -f ]]; then
    exec tail -n 100 -f "$(log_file "$node")"
  fi
  tail -n 200 "$(log_file "$node")"
}

verb_wipe() {
  if ! load_conf; then
    echo "There is no cluster in $data_dir."
    return 0
  fi
  # shellcheck disable=SC2046 # numbers
  stop_nodes $(all_nodes)
  local i
  # By name, and only what this script and its nodes made.
  for ((i = 1; i <= size; i++)); do rm -rf "${data_dir:?}/n$i" "${data_dir:?}/n$i.replaced"; done
  rm -rf "${data_dir:?}/run" "${data_dir:?}/logs" "$conf"
  rmdir "$data_dir" 2>/dev/null || say "$data_dir still holds files of others; they were left alone."
  echo "Wiped."
}

verb=${1:-}
shift || true
case $verb in
  up | down | status | kill | stop | start | pause | resume | partition | isolate | heal | add | remove | replace | logs | wipe) "verb_$verb" "$@" ;;
  -h | --help | help) usage ;;
  "") usage >&2 && exit "$USAGE" ;;
  *) die "$USAGE" "Unknown verb «$verb»; see scripts/cluster.sh --help." ;;
esac
