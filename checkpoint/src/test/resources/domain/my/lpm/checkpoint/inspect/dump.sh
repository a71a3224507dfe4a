#!/bin/bash
# Dumps application.py with the CRIU of a Debian root. Runs as the first process of new mount, PID, network, UTS and IPC
# namespaces, so that everything it starts or mounts ends with it.
#   dump.sh ROOT WORK OUT [CRIU OPTION...]
set -euo pipefail
lower=$1 work=$2 out=$3 application=$4
shift 4
mount --make-rprivate /
mount -t tmpfs rig "$work"
mkdir "$work"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mkdir -p "$root"/{old,out,app}
cp "$application" "$root/application.py"
mount --bind "$out" "$root/out"
mount -t proc proc "$root/proc"
mount -t tmpfs run "$root/run"
mount -t tmpfs dev "$root/dev"
for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$root/dev/"
done
cd "$root"
pivot_root . old
exec chroot . /bin/bash -euo pipefail -c '
umount -l /old
ip link set lo up
ip address add 10.77.0.1/32 dev lo
python3 -c "
import socket, time
listener = socket.create_server((\"10.77.0.1\", 7003))
connection = listener.accept()
time.sleep(600)" &
sleep 0.5
unshare -m -p -f --propagation private --kill-child bash -c "
umount /out
mount -t proc proc /proc
mount -t tmpfs app /app
exec </dev/null >/app/output 2>&1
exec setsid python3 -W ignore /application.py /app 10.77.0.1 7003" &
parent=$!
for attempt in $(seq 200); do
    target=$(cat "/proc/$parent/task/$parent/children")
    target=${target% }
    if [ -n "$target" ] && [ -e "/proc/$target/root/app/ready" ]; then
        break
    fi
    sleep 0.05
done
if ! criu dump -t "$target" -D /out -o dump.log -v2 --leave-running --tcp-established --network-lock skip --file-locks \
    --manage-cgroups=ignore --ghost-limit 4M --external "mnt[/dev]:dev" "$@"; then
    cat /out/dump.log "/proc/$target/root/app/output" >&2
    exit 1
fi
' dump "$@"
