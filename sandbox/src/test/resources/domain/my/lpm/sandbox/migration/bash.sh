read -r nonce < /proc/sys/kernel/random/uuid
nonce=${nonce//-/}
home=$(hostname)
say() { echo "$* nonce=$nonce"; }
declare -A array=([a]=one [b]=two)
remember() { echo kept; }
coproc asked { n=0; while read -r question; do n=$((n + 1)); echo "$n $question"; done; }
for round in 1 2 3; do
    echo "round $round" >&"${asked[1]}"
    read -r answer <&"${asked[0]}"
done
array[c]=${#array[@]}
array[c]=$((array[c] + 1))
say ready
while [ "$(hostname)" = "$home" ]; do sleep 0.05; done
say "array: ${array[a]} ${array[b]} ${array[c]}"
echo "after the move, ${answer%% *} before" >&"${asked[1]}"
read -r answer <&"${asked[0]}"
say "the coprocess answers: $answer"
say "function: $(remember)"
say end
while true; do sleep 1; done
