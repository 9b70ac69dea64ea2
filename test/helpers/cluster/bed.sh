#!/usr/bin/env bash
# A throw-away cluster on this machine: host "login" and hosts n1..nN, each with its own network, processes, host name
# and /dev/shm, sharing the file system. sshd runs on every ni; with SLURM=1 also munge and slurm, with GPUS fake GPUs
# a host.
#
#     HOSTS=2 GPUS=2 SLURM=1 bed.sh
#
# LINKS is a command that makes the network in place of the kernel's bridge: it is given the names of the interfaces, says
# "ready", and carries frames between them.
#
# Prints "ready" and lives until its standard input ends or it is killed, by any signal; then the kernel ends and
# removes everything inside. Ends with 99 and a reason on standard error where the machine cannot do it.
#
# Inside, /run/bed/on HOST COMMAND... runs a command on a host; `ip link set v1 down` on login cuts n1 off.
set -eu

cannot() { echo "$*" >&2; exit 99; }

if [ -z "${BED_INSIDE-}" ]; then
  [ "$(id -u)" = 0 ] || cannot "it needs root"
  for program in unshare nsenter setpriv pgrep ip ssh /usr/sbin/sshd \
    ${SLURM:+munged slurmctld slurmd srun}; do
    command -v "$program" >/dev/null || cannot "$program is not installed (make setup-cluster)"
  done
  # Our parent's death kills unshare, that kills the cluster's first process, and that everything inside.
  BED_INSIDE=1 exec setpriv --pdeathsig KILL \
    unshare --mount --uts --net --ipc --pid --fork --mount-proc --kill-child=KILL -- "$0"
fi

# ---------------------------------------------------------------------------------- the first process of the cluster
unset BED_INSIDE
BED=/run/bed

# until_true SECONDS COMMAND...
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.02
  done
}

mount --make-rprivate / || cannot "it may not mount"
mount -t tmpfs -o mode=755 tmpfs /run || cannot "it may not mount"
mkdir -p $BED/log /run/sshd /run/munge
[ ! -e ~/.bashrc ] || mount --bind /dev/null ~/.bashrc # ssh's shells read it: no surprises from there

hostname login
ip link set lo up
if [ -n "${LINKS-}" ]; then
  # shellcheck disable=SC2086,SC2046
  $LINKS br0 $(seq -f v%g "$HOSTS") >$BED/log/links 2>&1 &
  until_true 60 grep -qs ready $BED/log/links || cannot "the network: $(cat $BED/log/links)"
else
  ip link add br0 type bridge forward_delay 0 stp_state 0 || cannot "it may not make a network bridge"
fi
ip address add 10.99.0.254/24 dev br0
ip link set br0 up

{
  echo "127.0.0.1 localhost"
  echo "10.99.0.254 login"
  for i in $(seq "$HOSTS"); do echo "10.99.0.$i n$i"; done
} >$BED/hosts
mount --bind $BED/hosts /etc/hosts

# ------------------------------------------------------------------------------------------------ ssh's configuration
mkdir $BED/ssh
ssh-keygen -q -t ed25519 -N '' -f $BED/ssh/user
ssh-keygen -q -t ed25519 -N '' -f $BED/ssh/host
echo "n*,10.99.0.* $(cut -d' ' -f1,2 $BED/ssh/host.pub)" >$BED/ssh/known_hosts
mount -t tmpfs -o mode=755 tmpfs /etc/ssh/ssh_config.d
cat >/etc/ssh/ssh_config.d/bed.conf <<EOF
Host n*
  User root
  IdentityFile $BED/ssh/user
  UserKnownHostsFile $BED/ssh/known_hosts
EOF

# ----------------------------------------------------------------------------------------------------------- the hosts
cat >$BED/host.sh <<'EOF'
hostname "$1"
mount -t proc proc /proc
mount -t tmpfs -o size=2g,mode=1777 tmpfs /dev/shm
ip link set lo up
touch /run/bed/up.$1
trap '' TERM INT HUP
while :; do sleep 1000 & wait $!; done
EOF
cat >$BED/on <<'EOF'
#!/usr/bin/env bash
host=$(cat /run/bed/pid.$1)
shift
exec nsenter -t "$host" -m -u -i -n -p -w"$PWD" -- "$@"
EOF
chmod +x $BED/on

for i in $(seq "$HOSTS"); do
  unshare --mount --uts --net --ipc --pid --fork --kill-child=KILL bash $BED/host.sh "n$i" &
  holder=$!
  until_true 60 test -e $BED/up.n$i || cannot "host n$i does not start"
  tr -d ' ' <"/proc/$holder/task/$holder/children" >$BED/pid.n$i
  if [ -n "${LINKS-}" ]; then
    ip link set "v$i" netns "$(cat $BED/pid.n$i)" name eth0
  else
    ip link add "v$i" type veth peer name eth0 netns "$(cat $BED/pid.n$i)" || cannot "it may not make network devices"
    ip link set "v$i" master br0 up
  fi
  $BED/on "n$i" ip address add "10.99.0.$i/24" dev eth0
  $BED/on "n$i" ip link set eth0 up
  $BED/on "n$i" /usr/sbin/sshd -D -e -f /dev/null -h $BED/ssh/host \
    -o "ListenAddress=10.99.0.$i" -o PidFile=none -o AuthorizedKeysFile=$BED/ssh/user.pub -o StrictModes=no \
    -o UsePAM=no -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password -o UseDNS=no \
    </dev/null >"$BED/log/sshd.n$i" 2>&1 &
done
for i in $(seq "$HOSTS"); do
  until_true 60 ssh -o BatchMode=yes "n$i" true 2>$BED/log/ssh || cannot "ssh n$i: $(cat $BED/log/ssh "$BED/log/sshd.n$i")"
done

# --------------------------------------------------------------------------------------------------------------- slurm
if [ -n "${SLURM-}" ]; then
  mkdir -p $BED/slurm/state $BED/munge
  export SLURM_CONF=$BED/slurm/slurm.conf
  (umask 077 && head -c 128 /dev/urandom >$BED/munge/key)
  munged --force --key-file=$BED/munge/key --socket=/run/munge/munge.socket.2 --pid-file=$BED/munge/pid \
    --log-file=$BED/log/munged --seed-file=$BED/munge/seed || cannot "munged: $(cat $BED/log/munged)"
  for gpu in $(seq 0 $((GPUS - 1))); do mknod $BED/gpu"$gpu" c 1 3 || cannot "it may not make device files"; done
  echo "Name=gpu File=$BED/gpu[0-$((GPUS - 1))]" >$BED/slurm/gres.conf
  cat >$SLURM_CONF <<EOF
ClusterName=bed
SlurmctldHost=login(10.99.0.254)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=10
SlurmctldPidFile=$BED/slurm/slurmctld.pid
SlurmdPidFile=$BED/slurm/slurmd.%n.pid
SlurmdSpoolDir=$BED/slurm/spool.%n
StateSaveLocation=$BED/slurm/state
SlurmctldLogFile=$BED/log/slurmctld
SlurmdLogFile=$BED/log/slurmd.%n
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=0,bf_interval=1
GresTypes=gpu
NodeName=n[1-$HOSTS] CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=8000 Gres=gpu:$GPUS
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
  echo 'CgroupAutomount=no' >$BED/slurm/cgroup.conf
  for i in $(seq "$HOSTS"); do mkdir $BED/slurm/spool.n$i; done
  slurmctld -c || cannot "slurmctld: $(tail $BED/log/slurmctld)"
  until_true 60 sh -c 'scontrol ping 2>/dev/null | grep -q "is UP"' || cannot "slurmctld: $(tail $BED/log/slurmctld)"
  for i in $(seq "$HOSTS"); do $BED/on "n$i" slurmd || cannot "slurmd: $(tail "$BED/log/slurmd.n$i")"; done
  until_true 60 sh -c '[ "$(sinfo -h -t idle -o %D)" = '"$HOSTS"' ]' || cannot "slurm: $(sinfo -R)"
fi

echo ready
cat >/dev/null
