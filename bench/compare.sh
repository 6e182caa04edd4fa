#!/bin/bash
# compare.sh: measure several mail servers side by side with mailload, print a table with the ratio to the first.
#   compare.sh [-t "TEST TEST ..."] [-r REPS] [-o OUTDIR] SPEC SPEC ...
# SPEC:  NAME=HOST:KEY=VALUE,KEY=VALUE,...:PIDS:MAILROOT
#   KEY       imap imaps pop3 lmtp subm smtp = port numbers; a test whose port is missing is skipped for that server.
#   PIDS      process ids or pid files of the server's root processes, joined by '+' (CPU and PSS of the whole trees)
#   MAILROOT  user u00123's mail is the Maildir  MAILROOT/u00123/Maildir  (HOME_NAME='fmt with %s' overrides it)
# Per server NAME (characters not in A-Za-z0-9 become _):
#   PREP_NAME=cmd    called as  cmd USER CORPUS  in place of hard-linking the corpus as the user's Maildir
#   CLEAN_NAME=cmd   called after each queue test (empties the queue of refused mail)
#   OWNER_NAME=uid   owner of the mail files (default $MAIL_UID or 5000)
# Tests (default: all but the two big idle ones): login login_tls imap10k imap100k par append pop3 subm exch local relay relay100 idle idle_tls
#   also: idle5k idle10k subm_tls memload
#   LOCALDOM  domain that 'local' delivers to (default example.test)
# Users u00001.. with password $PASS (pw) must exist on every server: 3000 (10000 for idle10k).
# Only loopback addresses. Run as root on a quiet machine; each server's runs alternate with the others'.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
WORK=${BENCH_WORK:-/tmp/peers}; BIN=${MAILLOAD:-$WORK/bin/mailload}; REPS=3; OUT=; PASS=${PASS:-pw}; MUID=${MAIL_UID:-5000}; SINK=${SINKPORT:-11525}
TESTS="login login_tls imap10k imap100k par append pop3 subm exch local relay relay100 idle idle_tls"
N10=${N10:-10000}; N100=${N100:-100000}; QN=${QN:-10000}
while getopts t:r:o: f; do case $f in t) TESTS=$OPTARG;; r) REPS=$OPTARG;; o) OUT=$OPTARG;; *) exit 2;; esac; done; shift $((OPTIND-1))
[ $# -gt 0 ] || { sed -n '2,20p' "$0"; exit 2; }
OUT=${OUT:-$WORK/results/$(date +%Y%m%d-%H%M%S)}; mkdir -p "$OUT" "$WORK/mail" "$(dirname "$BIN")"; RAW=$OUT/raw; LOG=$OUT/log; : >>"$RAW"; : >>"$LOG"
if [ ! -x "$BIN" ] || [ "$HERE/mailload.c" -nt "$BIN" ]; then gcc -O2 -o "$BIN" "$HERE/mailload.c" -lssl -lcrypto -lm -lpthread 2>"$OUT/cc.log" || { cat "$OUT/cc.log"; exit 1; }; fi
declare -A HOST PORTS PIDS ROOT; NAMES=()
for s in "$@"; do n=${s%%=*}; r=${s#*=}; NAMES+=("$n"); HOST[$n]=${r%%:*}; r=${r#*:}; PORTS[$n]=${r%%:*}; r=${r#*:}; PIDS[$n]=${r%%:*}; ROOT[$n]=${r#*:}; done
port() { local k v IFS=,; for k in ${PORTS[$1]}; do [ "${k%%=*}" = "$2" ] && { echo "${k#*=}"; return; }; done; }
var() { local v="$1_${2//[^A-Za-z0-9]/_}"; echo "${!v-}"; }
home() { local f; f=$(var HOME "$1"); [ -n "$f" ] || f="${ROOT[$1]}/%s/Maildir"; echo "${f//%s/$2}"; }
corpus() { local d="$WORK/mail/corpus$1"; [ -e "$d.ok" ] || { rm -rf "$d"; "$BIN" gen --dir "$d" -n "$1" --seed 1 >>"$LOG" && chmod -R a+rX "$d" && chown -R "$MUID:$MUID" "$d" && : >"$d.ok"; } ; echo "$d"; }
NEXT=2000; nextuser() { NEXT=$((NEXT+1)); [ $NEXT -lt 3000 ] || NEXT=2001; USERN=$(printf 'u%05d' $NEXT); }
owner() { local u; u=$(var OWNER "$1"); echo "${u:-$MUID}"; }
fill() { # server user corpus: the user's Maildir becomes the corpus (hard links), no index of the server's
  local h p u; h=$(home "$1" "$2"); p=$(var PREP "$1"); if [ -n "$p" ]; then $p "$2" "$3" >>"$LOG" 2>&1; return; fi
  u=$(owner "$1"); case $h in "${ROOT[$1]}"/*) rm -rf "${ROOT[$1]:?}/$2";; esac; mkdir -p "$(dirname "$h")"; cp -al "$3" "$h"; chown "$u:$u" "$(dirname "$h")" "$h" "$h"/cur "$h"/new "$h"/tmp; [ "$u" = "$MUID" ] || chown -R "$u:$u" "$h"; chmod 700 "$h"; }
wipe() { local h; h=$(home "$1" "$2"); case $h in "${ROOT[$1]}"/?*) rm -rf "${ROOT[$1]:?}/$2";; esac; }
busy() { awk '/^cpu /{print $2+$3+$4+$7+$8+$9, $2+$3+$4+$5+$6+$7+$8+$9}' /proc/stat; }
quiet() { # waits at most about 50 s for a machine less than 8 % busy over 0.4 s; notes what it saw
  local i a b p; sync; for i in $(seq 1 ${QUIET_TRIES:-120}); do a=$(busy); sleep .4; b=$(busy); p=$(echo "$a $b" | awk '{d=$4-$2; print (d>0 ? 100*($3-$1)/d : 0)}'); awk -v p="$p" 'BEGIN{exit !(p<8)}' && break; done; NOISE=$p; echo "noise $p" >>"$OUT/noise"; }
rec() { echo "$1 $2 $3 $4" >>"$RAW"; }  # server metric value direction(+ higher is better, - lower is better)
field() { awk -v k="$1" '{for(i=1;i<=NF;i++){n=index($i,"=");if(substr($i,1,n-1)==k){print substr($i,n+1);exit}}}'; }
L=; ml() { L=$(timeout 590 "$BIN" "$@" 2>>"$LOG"); local rc=$?; echo "[$(date +%T)] mailload $*" >>"$LOG"; echo "$L" >>"$LOG"; return $rc; }
put() { local v; v=$(echo "$L" | field "$3"); [ -n "$v" ] && rec "$1" "$2" "$v" "$4"; }
base() { echo "-h ${HOST[$1]} -P $PASS --srv ${PIDS[$1]}"; }

disk() { mkdir -p "$WORK/fs"; ml fsync --dir "$WORK/fs" -T .6; put $1 disk_$2_fdatasync_per_s rate +; }  # the disk at that moment, for reading the figures beside it
t_login() { local p n=$1; p=$(port $n imap); [ -n "$p" ] || return
  ml imap-login $(base $n) -p $p -c 1 -n 300 --users 100 -T 60; put $n login_c1_per_s rate +
  ml imap-login $(base $n) -p $p -c 16 -n 2000 --users 100 -T 60; put $n login_c16_per_s rate +; put $n login_c16_p99_ms op_p99_ms -; put $n login_cpu_s_per_1000 cpu_per_1000 -; }
t_login_tls() { local p n=$1; p=$(port $n imaps); [ -n "$p" ] || return
  ml imap-login $(base $n) -p $p --tls -c 16 -n 1000 --users 100 -T 60; put $n login_tls_c16_per_s rate +; put $n login_tls_cpu_s_per_1000 cpu_per_1000 -; }
cmdval() { echo "$L" | awk -v k="cmd=$1" -v f="$2" '$0 ~ k" " {for(i=1;i<=NF;i++){n=index($i,"=");if(substr($i,1,n-1)==f){print substr($i,n+1);exit}}}'; }
cm() { local v rc; rc=$(cmdval $3 rc); v=$(cmdval $3 $4); [ "$rc" = 0 ] && [ -n "$v" ] && rec "$1" "$2" "$v" "$5"; }
HDR='FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)'
t_imap10k() { local p n=$1 c u; p=$(port $n imap); [ -n "$p" ] || return; c=$(corpus $N10); nextuser; u=$USERN; fill $n $u "$c"; quiet
  ml imap $(base $n) -p $p -u $u -T 120 --cmd 'SELECT INBOX' --cmd "$HDR"
  cm $n select_10k_cold_s 0 secs -; cm $n fetch_hdr_10k_cold_s 1 secs -; cm $n fetch_hdr_10k_cold_cpu_s 1 cpu_s -
  ml imap $(base $n) -p $p -u $u -T 120 --cmd 'SELECT INBOX' --cmd "$HDR" --cmd 'FETCH 1:* (UID FLAGS)' --cmd 'FETCH 1:* BODY.PEEK[]' --cmd 'SEARCH HEADER Subject fenbalo' --cmd 'SEARCH UNSEEN' --cmd 'SEARCH TEXT zxqqyv'
  cm $n select_10k_warm_s 0 secs -; cm $n fetch_hdr_10k_warm_s 1 secs -; cm $n fetch_hdr_10k_warm_cpu_s 1 cpu_s -; cm $n fetch_flags_10k_s 2 secs -; cm $n fetch_bodies_MBps 3 MBps +; cm $n fetch_bodies_cpu_s 3 cpu_s -; cm $n search_header_10k_s 4 secs -; cm $n search_unseen_10k_s 5 secs -; cm $n search_text_10k_s 6 secs -; cm $n search_text_10k_cpu_s 6 cpu_s -
  quiet
  ml imap $(base $n) -p $p -u $u -T 120 --cmd 'SELECT INBOX' --cmd 'STORE 1:* +FLAGS (\Flagged)' --cmd 'STORE 1:* -FLAGS.SILENT (\Flagged)' --cmd 'CREATE c1' --cmd 'COPY 1:* c1' --cmd 'CREATE c2' --cmd 'MOVE 1:* c2' --cmd 'SELECT c1' --cmd 'STORE 1:* +FLAGS.SILENT (\Deleted)' --cmd EXPUNGE
  cm $n store_10k_s 1 secs -; cm $n store_silent_10k_s 2 secs -; cm $n copy_10k_s 4 secs -; cm $n move_10k_s 6 secs -; cm $n expunge_10k_s 9 secs -
  wipe $n $u; }
t_imap100k() { local p n=$1 c u; p=$(port $n imap); [ -n "$p" ] || return; c=$(corpus $N100); nextuser; u=$USERN; fill $n $u "$c"; quiet
  ml imap $(base $n) -p $p -u $u -T 200 --cmd 'SELECT INBOX'; cm $n select_100k_cold_s 0 secs -; cm $n select_100k_cold_cpu_s 0 cpu_s -
  ml imap $(base $n) -p $p -u $u -T 200 --cmd 'SELECT INBOX' --cmd 'FETCH 1:* (UID FLAGS)' --cmd 'STORE 1:* +FLAGS.SILENT (\Answered)'; cm $n select_100k_warm_s 0 secs -; cm $n fetch_flags_100k_s 1 secs -; cm $n store_silent_100k_s 2 secs -
  wipe $n $u; }
t_par() { local p n=$1 c u; p=$(port $n imap); [ -n "$p" ] || return; c=$(corpus $N10); nextuser; u=$USERN; fill $n $u "$c"; ml imap $(base $n) -p $p -u $u -T 120 --cmd 'SELECT INBOX' --cmd "$HDR"; quiet
  ml imap $(base $n) -p $p -u $u -c 4 -T 120 --cmd 'SELECT INBOX' --cmd "$HDR"; put $n par4_fetch_hdr_msgs_per_s per_s +
  ml imap $(base $n) -p $p -u $u -c 4 -T 120 --cmd 'SELECT INBOX' --cmd 'FETCH 1:* BODY.PEEK[]'; put $n par4_fetch_bodies_MBps MBps +; wipe $n $u; }
t_append() { local p n=$1 c k b=$((3001 + 50 * r)); p=$(port $n imap); [ -n "$p" ] || return; disk $n before_append
  for c in 1 10 50; do quiet; ml imap-append $(base $n) -p $p -c $c -n $((c==1?500:2000)) --users 50 --user-base $b --size 8192 -T 120; put $n append_c${c}_per_s rate +; put $n append_c${c}_p99_ms op_p99_ms -; [ $c = 50 ] && put $n append_cpu_s_per_1000 cpu_per_1000 -; done
  for k in $(seq $b $((b + 49))); do wipe $n $(printf 'u%05d' $k); done; }
t_pop3() { local p n=$1 c u; p=$(port $n pop3); [ -n "$p" ] || return; c=$(corpus $N10); nextuser; u=$USERN; fill $n $u "$c"; quiet
  ml pop3 $(base $n) -p $p -u $u -n 1 -T 120; put $n pop3_retr_10k_cold_s secs -; put $n pop3_retr_10k_cold_cpu_s cpu_s -
  ml pop3 $(base $n) -p $p -u $u -n 1 -T 120; put $n pop3_retr_msgs_per_s msgs_per_s +; put $n pop3_retr_MBps MBps +; put $n pop3_retr_cpu_s cpu_s -
  ml pop3 $(base $n) -p $p -u $u -n 1 -T 120 --pipeline; put $n pop3_retr_pipelined_MBps MBps +; put $n pop3_retr_pipelined_cpu_s cpu_s -
  ml pop3 $(base $n) -p $p -u $u -c 4 -n 4 -T 120; put $n pop3_retr_c4_MBps MBps +; put $n pop3_retr_c4_cpu_s cpu_s -
  ml pop3 $(base $n) -p $p -c 10 -n 1000 --users 100 --noretr -T 60; put $n pop3_login_stat_per_s rate +; put $n pop3_login_p99_ms session_p99_ms -; put $n pop3_login_cpu_s_per_1000 cpu_per_1000 -; wipe $n $u; }
t_subm() { local p n=$1 c s; p=$(port $n subm); [ -n "$p" ] || return; disk $n before_subm
  for s in 4096 51200; do for c in 1 10 50; do quiet; ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c $c -n $((c==1?300:1500)) --users 100 --per-session 10 --size $s --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 120; put $n subm_$((s/1024))k_c${c}_per_s rate +; put $n subm_$((s/1024))k_c${c}_p99_ms accept_p99_ms -; put $n subm_$((s/1024))k_c${c}_cpu_s_per_1000_with_relay cpu_per_1000 -; done; done
  quiet; ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 10 -n 1000 --users 100 --per-session 1 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 120; put $n subm_4k_c10_new_session_each_per_s rate +; }
t_exch() { # mail from outside for local users, as another server brings it; the CPU is counted until all of it is in the Maildirs
  local p n=$1 c s k b=$((1201 + 50 * r)); p=$(port $n smtp); [ -n "$p" ] && [ -n "${ROOT[$n]}" ] || return; disk $n before_exch
  for s in 4096 51200; do for c in 1 10 50; do quiet; ml smtp $(base $n) -p $p --from "%s@elsewhere.test" -c $c -n $((c==1?300:1500)) --per-session 10 --size $s --rcpt "u%05d@${LOCALDOM:-example.test}" --user-base $b --rcpt-n 50 --watch "$(home $n u%05d)" -T 200
    put $n exch_$((s/1024))k_c${c}_per_s rate +; put $n exch_$((s/1024))k_c${c}_p99_ms accept_p99_ms -; put $n exch_$((s/1024))k_c${c}_drained_per_s drain_rate +; put $n exch_$((s/1024))k_c${c}_cpu_s_per_1000_delivered cpu_per_1000 -; done; done
  for k in $(seq $b $((b + 49))); do wipe $n $(printf 'u%05d' $k); done; cl $n; }
t_subm_tls() { local p n=$1; p=$(port $n smtps); [ -n "$p" ] || return; quiet
  ml smtp $(base $n) -p $p --tls --auth --from "%s@${LOCALDOM:-example.test}" -c 10 -n 1000 --users 100 --per-session 1 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 120; put $n subm_tls_4k_c10_new_session_each_per_s rate +; put $n subm_tls_cpu_s_per_1000 cpu_per_1000 -; }
peak() { # server metric: largest PSS and process count seen while the background job $! runs
  local n=$1 m=$2 j=$! a b mx=0 px=0; while kill -0 $j 2>/dev/null; do sleep .3; ml srv --srv ${PIDS[$n]}; a=$(echo "$L" | field pss_kb); b=$(echo "$L" | field procs); [ "${a:-0}" -gt $mx ] && mx=$a; [ "${b:-0}" -gt $px ] && px=$b; done; wait $j; rec $n ${m}_peak_pss_kb $mx -; rec $n ${m}_peak_procs $px -; }
t_memload() { local p n=$1 k; p=$(port $n imap); if [ -n "$p" ]; then quiet; "$BIN" imap-append $(base $n) -p $p -c 50 -n 3000 --users 50 --user-base 1001 --size 8192 -T 120 >>"$LOG" 2>&1 & peak $n append_c50; for k in $(seq 1001 1050); do wipe $n $(printf 'u%05d' $k); done; fi
  p=$(port $n subm); if [ -n "$p" ]; then quiet; "$BIN" smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 50 -n 3000 --users 100 --per-session 10 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 120 >>"$LOG" 2>&1 & peak $n subm_c50; fi; }
cl() { local c; c=$(var CLEAN "$1"); [ -n "$c" ] && $c >>"$LOG" 2>&1; }
t_local() { local p n=$1 k; p=$(port $n subm); [ -n "$p" ] && [ -n "${ROOT[$n]}" ] || return; disk $n before_local; quiet
  ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 10 -n 3000 --users 100 --per-session 10 --size 4096 --rcpt "u%05d@${LOCALDOM:-example.test}" --user-base 1101 --rcpt-n 20 --watch "$(home $n u%05d)" -T 200; put $n e2e_local_drained_per_s drain_rate +; put $n e2e_local_p50_ms e2e_p50_ms -; put $n e2e_local_p99_ms e2e_p99_ms -; put $n e2e_local_cpu_s_per_1000 cpu_per_1000 -
  quiet; ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 1 -n 200 --users 100 --per-session 10 --size 4096 --rcpt "u%05d@${LOCALDOM:-example.test}" --user-base 1101 --rcpt-n 20 --watch "$(home $n u%05d)" -T 200; put $n e2e_local_c1_p50_ms e2e_p50_ms -
  for k in $(seq 1101 1120); do wipe $n $(printf 'u%05d' $k); done; cl $n; }
t_relay() { local p n=$1; p=$(port $n subm); [ -n "$p" ] || return; disk $n before_relay; quiet
  ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 20 -n $QN --users 100 --per-session 100 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 300; put $n relay_1dest_accept_per_s rate +; put $n relay_1dest_drained_per_s drain_rate +; put $n relay_1dest_p50_ms e2e_p50_ms -; put $n relay_1dest_p99_ms e2e_p99_ms -; put $n relay_cpu_s_per_1000 cpu_per_1000 -; cl $n
  quiet; ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 1 -n 200 --users 100 --per-session 10 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 1 --sink $SINK --sink-ips 1 -T 100; put $n relay_c1_p50_ms e2e_p50_ms -; put $n relay_c1_p99_ms e2e_p99_ms -; cl $n; }
t_relay100() { local p n=$1; p=$(port $n subm); [ -n "$p" ] || return; quiet
  ml smtp $(base $n) -p $p --auth --from "%s@${LOCALDOM:-example.test}" -c 20 -n $QN --users 100 --per-session 100 --size 4096 --rcpt 'x@d%03d.test' --rcpt-n 100 --sink $SINK --sink-ips 100 --refuse-mod 10 --expect $((QN*9/10)) -T 300; put $n relay_100dest_drained_per_s drain_rate +; put $n relay_100dest_p50_ms e2e_p50_ms -; put $n relay_100dest_p99_ms e2e_p99_ms -; put $n relay_100dest_cpu_s_per_1000 cpu_per_1000 -; cl $n; }
idle() { local p n=$1 N=$2 tag=$3; shift 3; local pk=imap; case " $* " in *" --tls "*) pk=imaps;; esac; p=$(port $n $pk); [ -n "$p" ] || return; quiet
  ml imap-idle $(base $n) -p $p -c $N --users $N -n ${PROBES:-60} --settle ${SETTLE:-5} --hold 5 -T 400 "$@"; put $n ${tag}_pss_per_conn_kb pss_per_conn_kb -; put $n ${tag}_system_per_conn_kb sys_per_conn_kb -; put $n ${tag}_setup_per_s setup_per_s +; put $n ${tag}_pss_total_kb pss_after_kb -; put $n ${tag}_push_p50_ms push_p50_ms -; put $n ${tag}_push_p99_ms push_p99_ms -; put $n ${tag}_lost lost -; put $n ${tag}_hold5s_cpu_s hold_cpu_s -
  local k m; for k in $(seq 1 ${IDLE_REST:-75}); do sleep 1; ml srv --srv ${PIDS[$n]}; m=$(echo "$L" | field procs); [ "${m:-0}" -lt 60 ] && break; done; }
t_idle() { idle $1 1000 idle1k; }
t_idle_tls() { idle $1 1000 idle1k_tls --tls; }
t_idle5k() { idle $1 5000 idle5k; }
t_idle10k() { idle $1 10000 idle10k; }
t_mem() { ml srv --srv ${PIDS[$1]}; put $1 rest_pss_kb pss_kb -; put $1 rest_procs procs -; }

for n in "${NAMES[@]}"; do echo "$n ${HOST[$n]} ${PORTS[$n]} pids $(for x in ${PIDS[$n]//+/ }; do [ -e "$x" ] && tr -d ' \n' <"$x" || echo -n "$x"; echo -n ' '; done)" >>"$LOG"; done
for t in mem $TESTS; do declare -F t_$t >/dev/null || { echo "no test $t" >&2; continue; }
  for r in $(seq 1 $REPS); do for n in "${NAMES[@]}"; do echo "$(date +%T) $t $r/$REPS $n" >&2; quiet; t_$t "$n"; done; done; done
sed -n 's/.*other_pct=\([-0-9.]*\).*/\1/p' "$LOG" | sort -g >"$OUT/other"
"$HERE/table.sh" "$OUT" "${NAMES[@]}" | tee "$OUT/table.txt"
