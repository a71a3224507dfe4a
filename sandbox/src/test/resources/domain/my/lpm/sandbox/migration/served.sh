read -r nonce < /proc/sys/kernel/random/uuid
home=$(hostname)
echo "$nonce" > /before
echo "$nonce" > /data/before
echo "ready $nonce"
while [ "$(hostname)" = "$home" ]; do usleep 20000; done
echo "$nonce" > /after
echo "$nonce" > /data/after
rm /before
echo "moved $nonce"
while [ ! -e /answer ]; do usleep 20000; done
echo "answer $(cat /answer) $nonce"
exit 3
