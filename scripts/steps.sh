# Quiet steps: what a step prints goes to build/log/<name>.log, its end is shown when it fails.
# Sourced after environment.sh.

child=

# A step that is running when the script is interrupted is ended with it.
interrupted() {
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; fi
  exit 130
}
trap interrupted INT TERM

log_of() { printf '%s/%s.log' "$log_folder" "$(tr -cs 'a-zA-Z0-9\n' '-' <<<"$1" | sed 's/-$//')"; }

# logged <name> <minutes> <command...>: runs the command under a deadline, its output in the log.
logged() {
  local log minutes=$2 status=0
  log=$(log_of "$1")
  shift 2
  timeout --kill-after=20 "${minutes}m" "$@" >"$log" 2>&1 </dev/null &
  child=$!
  wait "$child" || status=$?
  child=
  if [ $status -eq 124 ] || [ $status -eq 137 ]; then echo "(ended after its deadline of $minutes minutes)" >>"$log"; fi
  return $status
}

show_end() {
  echo "    the last lines of ${1#"$root/"}:"
  tail -n "${2:-30}" "$1" | cut -c-400 | sed 's/^/    | /'
}

# say <mark> <name> <text> <seconds>
say() { printf '  %s %-30s %-22s %5s s\n' "$1" "$2" "$3" "$4"; }
