# Runs the command of one instance, keeps how it ended, and lets it outlive neither its host process
# nor this watcher. POSIX shell without job control; runs in dash, bash and busybox.
#
#   sh watch.sh DIRECTORY LINGER PATH COMMAND
#
# DIRECTORY  the instance's, with these files:
#              lease      "PID START SECONDS": the host process, and how long to live on without it
#              releasing  there once the host releases the instance: it has asked the processes to end
#              ending     made here when the guard begins to end an instance without a host
#              guard, command  pid and /proc/PID/stat of these processes
#              exit       the exit code, or - if it is not known; its time of change is the end
#              log, log.1 what the instance wrote: the end of it, and what was before that
#              token      a secret, which is in the environment of every process of the instance
#                         (AUTODEPLOY_TREE), so that those that left its session and its parent are
#                         found as well; it must not get into a command line, which everybody can see
# LINGER     how many seconds processes get that are left over when the command has ended
# PATH       where to find this watcher's own tools, whatever PATH the command gets
#
# Three processes: this one runs the command in the foreground, since all background jobs of a shell
# without job control ignore INT and QUIT, and so would everything that they start. The guard beside it
# looks once a second whether host and watcher still live. The copier reads the pipe that the command
# writes to, and keeps the log short; it ends with the last process that can write.
#
# Variables begin with _ad_: one that is in the environment already would reach the command changed.

_ad_dir=$1 _ad_linger=$2 _ad_command_path=$PATH _ad_command=$4
PATH=$3:/usr/bin:/bin
_ad_umask=$(umask)
umask 077
_ad_lost=3 # seconds between TERM and KILL when there is no host

# Nothing runs before the host has written down who this is.
read -r _ad_go && [ "$_ad_go" = go ] || exit 125
exec </dev/null
for _ad_tool in sleep dd mkfifo mv rm wc; do
  command -v "$_ad_tool" >/dev/null && continue
  echo "autodeploy: there is no '$_ad_tool' in PATH" >&2
  exit 126
done
_ad_token=
read -r _ad_token <"$_ad_dir/token" || exit 126
mkfifo "$_ad_dir/output" || exit 126
exec 4<>"$_ad_dir/output" # so that the next two need not wait for each other
exec 5<"$_ad_dir/output" 3>"$_ad_dir/output" 4<&-
rm -f "$_ad_dir/output"
exec >/dev/null 2>&1 # what shells remark about killed jobs is not the command's output

# Copies the pipe (5) to the log. A log of at least 1 MiB is moved away after 1024 reads, so that each of
# the two files has 5 MiB at most. Ends when nobody is left who could write.
_ad_copy() {
  trap '' TERM HUP INT QUIT
  while :; do
    # Opened for reading first: a pipe that the command put there would be waited for, for ever.
    _ad_read=$(LC_ALL=C dd bs=4096 count=1024 2>&1 <&5 6<>"$_ad_dir/log" >>"$_ad_dir/log" 6<&-) ||
      _ad_read=$(LC_ALL=C dd bs=4096 count=16 of=/dev/null 2>&1 <&5) # a full disk must not stop it
    case "$_ad_read" in "0+0 records in"*) return ;; esac
    [ "$(wc -c 6<>"$_ad_dir/log" <"$_ad_dir/log" 6<&-)" -le 1048576 ] || mv -f "$_ad_dir/log" "$_ad_dir/log.1"
  done
}

# Sets _ad_stat to /proc/PID/stat, or to nothing. A process may have put line breaks into its name.
_ad_read_stat() {
  _ad_stat=
  while read -r _ad_line; do _ad_stat="$_ad_stat $_ad_line"; done <"/proc/$1/stat"
  _ad_stat=${_ad_stat# }
}

# Prints a process as "PID STAT"; the host recognises it by the start time in it.
_ad_identity() {
  _ad_read_stat "$1"
  echo "$1 $_ad_stat"
}

# Whether process $1 that began at $2 (- if that is not known) runs; one that waits to be reaped does not.
_ad_alive() {
  [ "${1:-0}" -gt 0 ] || return 1
  [ -e /proc/self/stat ] || { kill -0 "$1"; return; }
  _ad_read_stat "$1"
  set -- "$2" ${_ad_stat##*) }
  case "${2:-X}" in [XZ]) return 1 ;; esac
  [ "$1" = - ] || [ "$1" = "${21}" ]
}

_ad_read_lease() {
  read -r _ad_pid _ad_start _ad_window <"$_ad_dir/lease"
}

_ad_host_alive() {
  _ad_read_lease # without a lease file: the one that was read last
  _ad_alive "$_ad_pid" "$_ad_start"
}

# Prints where the token is in a process's environment. The variables end with NUL bytes there, and not
# every grep (busybox has one) looks beyond the first. Without the file nothing would match everything.
# A process can make its environment as long as it likes: then only as much is read of each as one can be
# started with, which takes longer. TERM is ignored here, and so by what is run.
_ad_marked() {
  [ -s "$_ad_dir/token" ] || return
  if printf 'a\0b' | grep -qF b; then
    _ad_list=$(timeout -s KILL 2 grep -lsF -f "$_ad_dir/token" /proc/[0-9]*/environ)
    case $? in [012]) echo "$_ad_list" && return ;; esac
  fi
  for _ad_file in /proc/[0-9]*/environ; do
    head -c 8388608 "$_ad_file" | tr '\0' '\n' | grep -qF -f "$_ad_dir/token" && echo "$_ad_file"
  done
}

# Sets _ad_found to the living processes of the instance.
_ad_find() {
  _ad_found=' ' _ad_leader= _ad_stat=
  read -r _ad_leader _ad_stat <"$_ad_dir/command"
  set -- ${_ad_stat##*) }
  _ad_alive "$_ad_leader" "${20:--}" && _ad_found=" $_ad_leader "
  if [ -e /proc/self/stat ]; then
    for _ad_file in $(_ad_marked); do
      _ad_file=${_ad_file#/proc/}
      _ad_alive "${_ad_file%/environ}" - && _ad_found="$_ad_found${_ad_file%/environ} "
    done
    _ad_table=$(
      for _ad_file in /proc/[0-9]*/stat; do
        _ad_file=${_ad_file%/stat}
        _ad_read_stat "${_ad_file#/proc/}"
        set -- ${_ad_stat%% *} ${_ad_stat##*) }
        case "${2:-X}" in [XZ]) ;; *) echo "$1 $3 $5" ;; esac
      done
    )
  else
    _ad_table=$(ps -A -o pid= -o ppid= -o pgid=)
  fi
  _ad_more=1
  while [ -n "$_ad_more" ]; do
    _ad_more=
    set -- $_ad_table
    while [ $# -ge 3 ]; do
      case "$_ad_found" in
        *" $1 "*) ;;
        *" $2 "* | *" $3 "*) _ad_found="$_ad_found$1 " _ad_more=1 ;;
      esac
      shift 3
    done
  done
  _ad_found=${_ad_found# }
}

# Ends what is left of the instance: TERM, LINGER seconds (fewer without a host), KILL.
_ad_end() {
  _ad_find
  # On release the host has asked already, and many programs drop everything when asked twice.
  [ -z "$_ad_found" ] || [ -e "$_ad_dir/releasing" ] || kill -TERM $_ad_found
  _ad_since=$(date +%s)
  while [ -n "$_ad_found" ]; do
    _ad_age=$(($(date +%s) - _ad_since))
    if [ "$_ad_age" -ge "$_ad_linger" ] || { [ "$_ad_age" -ge "$_ad_lost" ] && ! _ad_host_alive; }; then
      kill -KILL $_ad_found
      [ "$_ad_age" -lt $((_ad_linger + 60)) ] || break # they cannot be ended from here
    fi
    sleep 0.1 || sleep 1
    _ad_find
  done
  _ad_alive $$ "$_ad_self" || [ -e "$_ad_dir/exit" ] || echo - >"$_ad_dir/exit"
}

_ad_guard() {
  trap '' TERM HUP INT QUIT
  trap '_ad_ended=1; [ -z "$_ad_sleep" ] || kill -KILL "$_ad_sleep"' USR1
  _ad_ended= _ad_missed=0 _ad_sleep=
  while [ -z "$_ad_ended" ] && _ad_alive $$ "$_ad_self"; do
    if _ad_host_alive; then
      _ad_missed=0
    else
      _ad_missed=$((_ad_missed + 1))
      if [ "$_ad_missed" -gt "$_ad_window" ]; then
        # A new host writes its lease and then looks for this directory; here it is the other way
        # round. So one of the two sees the other.
        mkdir "$_ad_dir/ending"
        _ad_host_alive || break
        rmdir "$_ad_dir/ending"
      fi
    fi
    _ad_alive "$_ad_copier" - || {
      _ad_copy & # or the command would wait for ever once the pipe is full
      _ad_copier=$!
    }
    sleep 1 &
    _ad_sleep=$!
    wait "$_ad_sleep"
    _ad_sleep=
  done
  _ad_end
}

set -- $(_ad_identity $$)
shift
_ad_rest=$*
set -- ${_ad_rest##*) }
_ad_self=${20:--}

# A handler, not '': what is ignored stays ignored in the command.
trap : TERM HUP INT QUIT
trap '' USR1
{ exec 3>&-; _ad_copy; } & # dash keeps what is closed for one command only
_ad_copier=$!
{ exec 3>&-; _ad_guard; } &
_ad_guard_pid=$!
exec 5<&-
trap - USR1
_ad_identity "$_ad_guard_pid" >"$_ad_dir/guard"

AUTODEPLOY_TREE=${AUTODEPLOY_TREE:+$AUTODEPLOY_TREE }$_ad_token
export AUTODEPLOY_TREE
# The output is given back in there, as dash would have it here as well while it waits.
set -- /bin/sh -c '
  exec >&3 2>&3 3>&-
  _ad_stat=
  { read -r _ad_stat <"/proc/$$/stat"; } 2>/dev/null
  echo "$$ $_ad_stat" >"$1/command"
  PATH=$2
  umask "$3"
  shift 3
  exec /bin/sh -c "$1"' sh "$_ad_dir" "$_ad_command_path" "$_ad_umask" "$_ad_command"
if command -v setsid >/dev/null; then
  setsid "$@"
elif command -v perl >/dev/null; then
  perl -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127' -- "$@"
else
  "$@"
fi
_ad_code=$?

# The end of the log says why it ended, so it comes first. Processes that are left over keep the pipe open.
exec 3>&-
_ad_looks=0
while _ad_alive "$_ad_copier" - && [ "$_ad_looks" -lt 225 ]; do
  [ "$((_ad_looks += 1))" -le 200 ] || sleep 0.02 || sleep 1
done
echo "$_ad_code" >"$_ad_dir/exit"
kill -USR1 "$_ad_guard_pid"
exit "$_ad_code"
