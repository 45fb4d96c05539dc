/** The name of the guard, as $0, and of the shell that is about to become the program. */
export const GUARD = "flow-guard";

/** Of the worker's end of the pipe that the guard reads. */
const PIPE = 3;
/** A descriptor of the worker's own that stays open until the guard is gone. */
const HELD = 4;

/**
 * Becomes the program, after it has left a guard in its session. The guard reads
 * from a pipe whose other end only the worker holds: when the worker dies, by
 * whatever signal, the guard asks all of the session to end, and insists after a
 * second. There is no moment at which the program runs unguarded. The guard is no
 * child of the program's, which may wait for all of its own. It holds the
 * worker's stderr: whoever waits for that to close waits for the programs too.
 *
 * Without /proc only the program's first process group is found.
 */
export const guarded = `
( ( trap '' HUP INT TERM
    read -r _ <&${PIPE}
    PATH=$PATH:/usr/bin:/bin
    read -r own _ </proc/self/stat || kill -s TERM 0
    tell() {
      left=
      for stat in /proc/[0-9]*/stat; do
        read -r line <"$stat" || continue
        pid=\${stat%/stat} pid=\${pid#/proc/}
        set -- "$1" \${line##*) }
        [ "$5" = $$ ] && [ "$2" != Z ] && [ "$pid" != "$own" ] || continue
        left=1
        kill -s "$1" "$pid"
      done
      [ "$left" ]
    }
    tell TERM
    for look in 1 2 3 4 5 6 7 8 9 10; do
      [ -z "$own" ] || tell 0 || break
      sleep 0.1 || sleep 1
    done
    for look in 1 2 3 4 5 6 7 8 9 10; do
      tell KILL || break
      sleep 0.1 || break
    done
    kill -s KILL 0
  ) </dev/null >/dev/null 2>&1 & )
exec ${PIPE}<&- ${HELD}>&-
exec "$@"
`;
