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
rm -rf "$1"
