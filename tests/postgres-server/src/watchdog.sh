# Waits until its input ends, as it does when the program that started it ends, however that does. Then stops the server
# whose data is in the folder $1, and removes the folder.
cat >/dev/null
server() {
    pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
    # The number may be another process's since.
    case "$(ps -o args= -p "$pid" 2>/dev/null || tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" in
    *"$1/data"*) ;;
    *) return 1 ;;
    esac
}
if server "$1"; then
    kill -QUIT "$pid"
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
fi
# Shared memory that a server has left which was killed: the seventh line of its file says which.
for file in "$1/killed" "$1/data/postmaster.pid"; do
    note=$(sed -n 7p "$file" 2>/dev/null) && [ -n "$note" ] || continue
    read -r key id <<EOF
$note
EOF
    [ "$key" -ge 2147483648 ] 2>/dev/null && key=$((key - 4294967296))
    # The number may be that of another one's since; the key of this one comes from its folder.
    while read -r other_key other_id _; do
        [ "$other_key" = "$key" ] && [ "$other_id" = "$id" ] && ipcrm -m "$id"
    done </proc/sysvipc/shm
done
rm -rf "$1"
