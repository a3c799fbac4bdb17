#!/usr/bin/env bash
# A RaftStore cluster whose nodes each have a network of their own: a network namespace, connected to the others by a bridge.
# Cuts and losses are made by the kernel's packet filter, so that sockets see what they would see of a broken network. Root only.
#
#   scripts/netns-cluster.sh up [3|5]           builds if needed, makes the networks, starts the nodes, waits until they serve
#   scripts/netns-cluster.sh kvctl ARGUMENT...  runs kvctl where it reaches all nodes
#   scripts/netns-cluster.sh status             the processes, what filters are in force, and what the nodes say
#   scripts/netns-cluster.sh kill|stop|start|pause|resume I
#   scripts/netns-cluster.sh partition 1,2 3    drops every packet between nodes of different groups; a node in no group
#                                               still reaches everybody
#   scripts/netns-cluster.sh isolate I          drops every packet between node I and all others
#   scripts/netns-cluster.sh oneway I J         drops every packet from node I to node J
#   scripts/netns-cluster.sh loss PERCENT [I..] drops that share of the packets that come from other nodes
#   scripts/netns-cluster.sh delay MS [I..]     holds back what nodes send, where the kernel has netem
#   scripts/netns-cluster.sh heal               ends all of that
#   scripts/netns-cluster.sh down               ends the nodes and removes the networks; the data stays
#   scripts/netns-cluster.sh wipe               the same, and removes the data
#
# I is a number (1), a name (n1), or «leader». Clients reach all nodes, whatever is cut between those. NETNS (raftstore) begins the
# namespaces' names, DATA_DIR (.cluster-netns) holds data and logs. What up has made is removed where it fails.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly USAGE=2 NETWORK=10.213.0 CLIENT_PORT=7400 PEER_PORT=7500 TABLE=raftstore
prefix=${NETNS:-raftstore}
hub="$prefix-hub"
data_dir=${DATA_DIR:-$REPO/.cluster-netns}
[[ $data_dir == /* ]] || data_dir="$PWD/$data_dir"
conf="$data_dir/cluster.conf"
size=0
self="${DATA_DIR:+DATA_DIR=$DATA_DIR }${NETNS:+NETNS=$NETNS }scripts/netns-cluster.sh"

usage() { sed -n '2,22s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

source "$(dirname "${BASH_SOURCE[0]}")/nodes.sh"

load_conf() {
  [[ -r $conf ]] || return 1
  read -r size <"$conf" || true
  [[ $size == [35] ]] || die "$USAGE" "$conf is damaged; look at it, or remove $data_dir."
}

require_cluster() { load_conf || die "$USAGE" "There is no cluster in $data_dir; start one with: $self up"; }

# ---- Networks -----------------------------------------------------------------------------------------------------------

space() { echo "$prefix-n$1"; }
address() { echo "$NETWORK.$1"; }
has_space() { ip netns list | grep -q "^$1\\( \\|\$\\)"; }

# A bridge in a namespace of its own, so that nothing of this is seen outside; kvctl runs there.
make_hub() {
  has_space "$hub" && return 0
  ip netns add "$hub"
  ip -n "$hub" link set lo up
  ip -n "$hub" link add bridge type bridge
  ip -n "$hub" addr add "$NETWORK.254/24" dev bridge
  ip -n "$hub" link set bridge up
}

make_network() {
  local here
  here=$(space "$1")
  has_space "$here" && return 0
  ip netns add "$here"
  ip -n "$here" link set lo up
  ip -n "$here" link add eth0 type veth peer name "to-n$1" netns "$hub"
  ip -n "$hub" link set "to-n$1" master bridge up
  ip -n "$here" addr add "$(address "$1")/24" dev eth0
  ip -n "$here" link set eth0 up
}

remove_networks() {
  local i
  for ((i = 1; i <= size; i++)); do
    if has_space "$(space "$i")"; then ip netns delete "$(space "$i")"; fi
  done
  if has_space "$hub"; then ip netns delete "$hub"; fi
}

# Adds the rule $3... to the chain $2 (input: whole nodes; loss: a share) of node $1.
filter() {
  local here chain=$2
  here=$(space "$1")
  shift 2
  ip netns exec "$here" nft -f - <<RULES
add table inet $TABLE
add chain inet $TABLE input { type filter hook input priority 0; }
add chain inet $TABLE loss { type filter hook input priority 1; }
add rule inet $TABLE $chain $*
RULES
}

# Packets from $1 to $2 vanish on their way.
cut() { filter "$2" input ip saddr "$(address "$1")" drop; }

# ---- Nodes --------------------------------------------------------------------------------------------------------------

endpoints() {
  local i list=()
  for i in $(all_nodes); do list+=("http://$(address "$i"):$CLIENT_PORT"); done
  (
    IFS=,
    echo "${list[*]}"
  )
}

founders() {
  local i list=()
  for i in $(all_nodes); do list+=("n$i=$(address "$i"):$PEER_PORT"); done
  (
    IFS=,
    echo "${list[*]}"
  )
}

start_node() {
  local i=$1 directory facts
  look_at "$i"
  [[ $state == stopped ]] || return 0
  mkdir -p "$data_dir/run" "$data_dir/logs"
  directory=$(readlink -f "$BUILD_DIR/current")
  setsid ip netns exec "$(space "$i")" dotnet "$directory/raftstore/raftstore.dll" \
    --name "n$i" --data "$data_dir/n$i" --insecure --enable-fault-injection \
    --listen "http://$(address "$i"):$CLIENT_PORT" --peer-listen "$(address "$i"):$PEER_PORT" \
    --cluster "$(founders)" </dev/null >>"$(log_file "$i")" 2>&1 9>&- &
  pid=$!
  facts=$(process_facts "$pid") || die 1 "n$i ended at once; see $(log_file "$i")"
  echo "$pid ${facts#* }" >"$(pid_file "$i")"
}

kvctl_there() { ip netns exec "$hub" env KVCTL_ENDPOINTS="$(endpoints)" "$REPO/scripts/kvctl" "$@"; }

await_serving() {
  local deadline=$((SECONDS + 90)) i
  until kvctl_there --timeout 2s status -o json 2>/dev/null | tr '{' '\n' | grep -c '"health":"healthy"' | grep -qx "$size"; do
    for i in $(all_nodes); do
      look_at "$i"
      if [[ $state == stopped ]]; then
        tail -n 5 "$(log_file "$i")" >&2 || true
        die 1 "n$i ended instead of starting; its last lines are above, the rest in $(log_file "$i")"
      fi
    done
    ((SECONDS < deadline)) || die 1 "Not all nodes are healthy after 90 s. Their logs are in $data_dir/logs/."
    sleep 0.3
  done
}

# ---- Verbs --------------------------------------------------------------------------------------------------------------

# Turns 1 or n1 into a number, in $node.
parse_node() {
  [[ -n ${1:-} ]] || die "$USAGE" "Which node? Give a number (1), a name (n1), or «leader»."
  if [[ $1 == leader ]]; then
    node=$(kvctl_there status -o json 2>/dev/null | grep -o '"leader": *"n[1-9]"' | grep -m 1 -o '[1-9]') || die 1 "No node says who leads; see: $self status"
    return 0
  fi
  node=${1#n}
  if ! [[ $node =~ ^[1-9]$ ]] || ((node > size)); then
    die "$USAGE" "There is no node «$1»: this cluster has n1 to n$size."
  fi
}

# The nodes named, or all; in $nodes.
parse_nodes() {
  local word
  nodes=()
  for word in "$@"; do
    parse_node "$word"
    nodes+=("$node")
  done
  # shellcheck disable=SC2207 # numbers
  ((${#nodes[@]} > 0)) || nodes=($(all_nodes))
}

undo_up() {
  local code=$?
  ((code == 0)) && return 0
  say "up failed; what it made is removed again."
  # shellcheck disable=SC2046 # numbers
  stop_nodes $(all_nodes)
  remove_networks
  exit "$code"
}

verb_up() {
  local wanted=${1:-3}
  [[ $wanted == [35] ]] || die "$USAGE" "A cluster has 3 or 5 nodes, not «$wanted»."
  if load_conf; then
    ((size == wanted)) || [[ -z ${1:-} ]] || die "$USAGE" "$data_dir holds a cluster of $size; remove it first:  $self wipe"
  else
    [[ ! -d $data_dir || -z $(ls -A "$data_dir") ]] || die "$USAGE" "$data_dir is not empty and not a cluster of this script: set DATA_DIR to another directory."
    if has_space "$hub"; then die "$USAGE" "There is a namespace $hub already, of another cluster or another program: set NETNS to another name."; fi
    size=$wanted
  fi
  ensure_product_built
  mkdir -p "$data_dir"
  echo "$size" >"$conf"
  trap undo_up EXIT
  local i
  make_hub
  for i in $(all_nodes); do make_network "$i"; done
  for i in $(all_nodes); do start_node "$i"; done
  await_serving
  trap - EXIT
  kvctl_there status
  cat <<TRY

Try:
  $self isolate 1
  $self kvctl put greeting hello
  $self heal
TRY
}

verb_status() {
  local i
  printf '%-5s %-8s %-8s %s\n' NODE PROCESS PID FILTERS
  for i in $(all_nodes); do
    look_at "$i"
    printf '%-5s %-8s %-8s %s\n' "n$i" "$state" "${pid/#0/-}" "$(filters_of "$i")"
  done
  echo
  kvctl_there status
}

filters_of() {
  local rules delays
  rules=$(ip netns exec "$(space "$1")" nft list ruleset 2>/dev/null | grep -E ' drop$' | sed 's/^[[:space:]]*//' | paste -sd ';' -)
  delays=$(ip netns exec "$(space "$1")" tc qdisc show dev eth0 2>/dev/null | grep -o 'netem.*' || true)
  echo "${rules:-none}${delays:+; $delays}"
}

verb_kill() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -KILL "$pid"
  await_end 5 "$node"
}

verb_stop() {
  parse_node "${1:-}"
  stop_nodes "$node"
}

verb_start() {
  parse_node "${1:-}"
  ensure_product_built
  start_node "$node"
}

verb_pause() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -STOP "$pid"
}

verb_resume() {
  parse_node "${1:-}"
  look_at "$node"
  [[ $state != stopped ]] || die 1 "n$node is not running."
  kill -CONT "$pid"
}

verb_partition() {
  (($# >= 2)) || die "$USAGE" "A partition has at least two groups:  $self partition 1,2 3"
  local group seen=" " i j
  local -A group_of=()
  for group in "$@"; do
    [[ $group =~ ^[^,]+(,[^,]+)*$ ]] || die "$USAGE" "The group «$group» names a node that is none; groups are like 1,2 or n3."
    for i in ${group//,/ }; do
      parse_node "$i"
      [[ $seen != *" $node "* ]] || die "$USAGE" "n$node is named twice."
      seen+="$node "
      group_of[$node]=$group
    done
  done
  for i in "${!group_of[@]}"; do
    for j in "${!group_of[@]}"; do
      [[ ${group_of[$i]} == "${group_of[$j]}" ]] || cut "$i" "$j"
    done
  done
  echo "Cut from each other: $* (every packet is dropped)."
}

verb_isolate() {
  parse_node "${1:-}"
  local one=$node i
  for i in $(all_nodes); do
    if ((i != one)); then
      cut "$one" "$i"
      cut "$i" "$one"
    fi
  done
  echo "n$one is cut from all others (every packet is dropped)."
}

verb_oneway() {
  parse_node "${1:-}"
  local from=$node
  parse_node "${2:-}"
  ((from != node)) || die "$USAGE" "oneway takes two nodes, the sender and the receiver."
  cut "$from" "$node"
  echo "Nothing from n$from reaches n$node."
}

verb_loss() {
  local percent=${1:-} i j
  if ! [[ $percent =~ ^[1-9][0-9]?$ ]]; then die "$USAGE" "loss takes a percentage from 1 to 99, and then the nodes that lose."; fi
  shift
  parse_nodes "$@"
  for i in "${nodes[@]}"; do
    # One share at a time: what was said last holds.
    ip netns exec "$(space "$i")" nft flush chain inet "$TABLE" loss 2>/dev/null || true
    for j in $(all_nodes); do
      ((i == j)) || filter "$i" loss ip saddr "$(address "$j")" numgen random mod 100 '<' "$percent" drop
    done
  done
  echo "Of the packets from other nodes, $percent in a hundred are lost at: ${nodes[*]/#/n}"
}

verb_delay() {
  local ms=${1:-} i
  if ! [[ $ms =~ ^[1-9][0-9]{0,4}$ ]]; then die "$USAGE" "delay takes milliseconds from 1 to 99999, and then the nodes whose packets are late."; fi
  shift
  parse_nodes "$@"
  for i in "${nodes[@]}"; do
    ip netns exec "$(space "$i")" tc qdisc replace dev eth0 root netem delay "${ms}ms" 2>/dev/null ||
      die 1 "This kernel cannot delay packets (no netem). Messages can be delayed instead:  $self kvctl chaos delay ${ms}ms"
  done
}

verb_heal() {
  local i
  for i in $(all_nodes); do
    ip netns exec "$(space "$i")" nft delete table inet "$TABLE" 2>/dev/null || true
    ip netns exec "$(space "$i")" tc qdisc delete dev eth0 root 2>/dev/null || true
  done
  echo "No packet is dropped or held back any more."
}

verb_kvctl() {
  ensure_product_built
  kvctl_there "$@"
}

verb_down() {
  # shellcheck disable=SC2046 # numbers
  stop_nodes $(all_nodes)
  remove_networks
}

verb_wipe() {
  verb_down
  local i
  # By name, and only what this script and its nodes made.
  for i in $(all_nodes); do rm -rf "${data_dir:?}/n$i"; done
  rm -rf "${data_dir:?}/run" "${data_dir:?}/logs" "$conf"
  rmdir "$data_dir" 2>/dev/null || say "$data_dir still holds files of others; they were left alone."
}

verb=${1:-}
shift || true
case $verb in
  up | down | status | kill | stop | start | pause | resume | partition | isolate | oneway | loss | delay | heal | kvctl | wipe) ;;
  -h | --help | help) usage && exit 0 ;;
  "") usage >&2 && exit "$USAGE" ;;
  *) die "$USAGE" "Unknown verb «$verb»; see scripts/netns-cluster.sh --help." ;;
esac
((EUID == 0)) || die 1 "Network namespaces need root. Without it, scripts/cluster.sh has cuts too, made within the nodes."
command -v ip >/dev/null || die 1 "ip is missing: install iproute2."
command -v nft >/dev/null || die 1 "nft is missing: install nftables."
[[ $verb == up ]] || require_cluster
"verb_$verb" "$@"
