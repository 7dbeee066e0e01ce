//! The seccomp programs: which system calls a play's process may make, compiled once, handed over as bytes.
//!
//! The fork server installs `calls` and `refused` for itself and so for every child at no cost to it, and `namespaces`
//! where it makes no user namespaces for them; else a child adds that, and what its play's wishes ask for. What no list names fails as if the kernel had not got it, so that a
//! C library falls back; what is refused on purpose fails with EPERM.

use std::{collections::BTreeMap, str::FromStr as _};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use syscalls::Sysno;

/// What programs that compute, talk and start others need. Not here, among others: `clone3`, whose flags a filter
/// cannot read (the C library uses `clone` then), asynchronous I/O of the old kind (`io_setup`), of which one play could
/// take all that the machine has, and all that is for administrators.
const CALLS: &[&str] = &[
    // Files and directories.
    "access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64",
    "fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock",
    "fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr ioctl",
    "lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod",
    "mknodat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead",
    "readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs",
    "statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes",
    "vmsplice write writev cachestat",
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch",
    // Memory.
    "brk madvise map_shadow_stack membarrier mincore mlock mlock2 mlockall mmap mprotect mremap mseal",
    "msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages get_mempolicy mbind",
    "set_mempolicy set_mempolicy_home_node move_pages",
    // Waiting.
    "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd",
    "eventfd2 pipe pipe2 poll ppoll pselect6 select signalfd signalfd4",
    "futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list set_robust_list rseq restart_syscall",
    // Time.
    "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create",
    "timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times",
    // Processes, threads and signals.
    "arch_prctl clone execve execveat exit exit_group fork getpgid getpgrp getpid getppid getpriority getrlimit",
    "getrusage getsid gettid kill pause pidfd_open pidfd_send_signal prctl prlimit64 rt_sigaction rt_sigpending",
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo",
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam",
    "sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler",
    "sched_yield set_thread_area get_thread_area set_tid_address setpgid setpriority setrlimit setsid sigaltstack",
    "tgkill tkill vfork wait4 waitid getcpu ioprio_get ioprio_set personality",
    // Sockets.
    "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg",
    "sendmsg sendto setsockopt shutdown socket socketpair",
    // Queues, of the namespace. Not here: memory that belongs to no process and no directory (`memfd_create`, and all
    // of System V), which no limit counts.
    "mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink",
    // Who and where one is.
    "capget getegid geteuid getgid getgroups getrandom getresgid getresuid getuid sysinfo uname",
    // Confinement itself: for the fork server, and to confine oneself further.
    "capset chroot landlock_add_rule landlock_create_ruleset landlock_restrict_self mount mount_setattr move_mount open_tree seccomp setfsgid setfsuid",
    "setgid setgroups setregid setresgid setresuid setreuid setuid umount2 unshare",
];

/// What nobody has a good reason for, neither the fork server nor a play.
const REFUSED: &[&str] = &[
    // Other processes.
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd",
    // Namespaces and mounts, beyond what the fork server has.
    "setns pivot_root fsopen fsconfig fsmount fspick open_tree_attr",
    // Keys, which no namespace confines.
    "add_key keyctl request_key",
    // Wide and young parts of the kernel.
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register memfd_secret lookup_dcookie",
    "name_to_handle_at open_by_handle_at fanotify_init fanotify_mark quotactl quotactl_fd vhangup acct",
    // The machine.
    "kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff settimeofday",
    "clock_settime clock_adjtime adjtimex sethostname setdomainname iopl ioperm syslog nfsservctl",
];

const CLONE_PARENT: u64 = 0x8000;
const CLONE_THREAD: u64 = 0x0001_0000;
const CLONE_NEWUSER: u64 = 0x1000_0000;
const UNIX: u64 = 1;
const INTERNET: [u64; 2] = [2, 10];
const NETLINK: u64 = 16;
/// Of netlink, what tells addresses and routes.
const ROUTES: u64 = 0;
/// Of the internet: whatever fits the type, ICMP, TCP, UDP, ICMP of version 6, and TCP over several paths.
const PROTOCOLS: [u64; 6] = [0, 1, 6, 17, 58, 262];
/// The same without ICMP, and without TCP over several paths, to which Landlock's ports are nothing.
const PROTOCOLS_WITH_PORTS: [u64; 3] = [0, 6, 17];
/// A message that connects, which Landlock does not see.
const MSG_FASTOPEN: u64 = 0x2000_0000;
const PR_SET_PDEATHSIG: u64 = 1;
const PR_SET_DUMPABLE: u64 = 4;
const SIGKILL: u64 = 9;
/// The bits of a socket's type without its flags, and two types.
const TYPE_MASK: u64 = 0xf;
const DATAGRAM: u64 = 2;
const RAW: u64 = 3;
/// The last of the types.
const PACKET: u64 = 10;

/// Programs by name, each as instructions of eight bytes.
pub(super) type Filters = BTreeMap<&'static str, Vec<u8>>;

/// All programs, for this machine.
pub(crate) fn filters() -> Result<Filters, String> {
    let mut refused = every(REFUSED);
    // Other kinds of sockets reach into the kernel; those to paths reach whoever listens on this machine.
    refused.push(("socket", rule(vec![not(0, INTERNET[0])?, not(0, INTERNET[1])?, not(0, NETLINK)?])?));
    refused.push(("socket", rule(vec![is(0, NETLINK)?, not(2, ROUTES)?])?));
    for family in INTERNET {
        for kind in RAW..=PACKET {
            refused.push(("socket", rule(vec![is(0, family)?, masked(1, TYPE_MASK, kind)?])?));
        }
        refused.push(("socket", rule([vec![is(0, family)?], none_of(2, &PROTOCOLS)?].concat())?));
    }
    // One end of such a pair could be sent to any path.
    for kind in [DATAGRAM, RAW] {
        refused.push(("socketpair", rule(vec![is(0, UNIX)?, masked(1, TYPE_MASK, kind)?])?));
    }
    // Only a user namespace can be had without a capability, and with it all others. What needs capabilities anyway
    // (`mount`, `chroot`, …) is not named here: each rule costs every child some microseconds.
    let namespaces =
        vec![always("unshare"), ("clone", rule(vec![masked(0, CLONE_NEWUSER, CLONE_NEWUSER)?])?)];
    // The flow would outlive the fork server. A library that wants another signal goes without.
    refused.push(("prctl", rule(vec![is(0, PR_SET_PDEATHSIG)?, not(1, SIGKILL)?])?));
    // The watch would not see what it has open and mapped, where hero_logic is an ordinary user.
    refused.push(("prctl", rule(vec![is(0, PR_SET_DUMPABLE)?, not(1, 1)?])?));
    let mut ports = every(&["listen"]);
    ports.push(("socket", rule(none_of(2, &PROTOCOLS_WITH_PORTS)?)?));
    for (call, flags) in [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)] {
        ports.push((call, rule(vec![masked(flags, MSG_FASTOPEN, MSG_FASTOPEN)?])?));
    }
    let mut no_processes = every(&["fork vfork execve execveat"]);
    no_processes.push(("clone", rule(vec![masked(0, CLONE_THREAD, 0)?])?));
    Ok(BTreeMap::from([
        ("calls", compile(every(CALLS), SeccompAction::Allow, SeccompAction::Errno(ENOSYS))?),
        ("refused", refuse(refused)?),
        ("namespaces", refuse(namespaces)?),
        ("no_network", refuse(vec![always("socket")])?),
        ("no_datagrams", refuse(vec![("socket", rule(vec![masked(1, TYPE_MASK, DATAGRAM)?])?)])?),
        ("no_processes", refuse(no_processes)?),
        ("ports", refuse(ports)?),
        ("no_others", refuse(no_others()?)?),
        ("no_sessions", refuse(vec![always("setsid"), always("setpgid")])?),
    ]))
}

/// What steers processes of the same user, which Landlock does not see: by arguments that mean other than oneself. And
/// what makes children of the fork server, which would reap none of them.
fn no_others() -> Result<Vec<Rule>, String> {
    let oneself = [
        ("prlimit64", 0, 0),
        ("sched_setaffinity", 0, 0),
        ("sched_setattr", 0, 0),
        ("sched_setparam", 0, 0),
        ("sched_setscheduler", 0, 0),
        ("move_pages", 0, 0),
        ("setpriority", 0, 0), // a process
        ("setpriority", 1, 0),
        ("ioprio_set", 0, 1), // a process
        ("ioprio_set", 1, 0),
    ];
    let sibling = ("clone", rule(vec![masked(0, CLONE_PARENT, CLONE_PARENT)?])?);
    oneself
        .into_iter()
        .map(|(call, argument, value)| Ok((call, rule(vec![not(argument, value)?])?)))
        .chain([Ok(sibling)])
        .collect()
}

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;

/// A call, and one set of conditions under which it is meant; none for always.
type Rule = (&'static str, Option<SeccompRule>);

/// Each name of these lines.
fn every(lines: &[&'static str]) -> Vec<Rule> {
    lines.iter().flat_map(|line| line.split(' ')).map(always).collect()
}

fn always(name: &'static str) -> Rule {
    (name, None)
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<Option<SeccompRule>, String> {
    SeccompRule::new(conditions).map(Some).map_err(in_words)
}

fn is(argument: u8, value: u64) -> Result<SeccompCondition, String> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn not(argument: u8, value: u64) -> Result<SeccompCondition, String> {
    condition(argument, SeccompCmpOp::Ne, value)
}

/// One condition for each value.
fn none_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompCondition>, String> {
    values.iter().map(|value| not(argument, *value)).collect()
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, String> {
    condition(argument, SeccompCmpOp::MaskedEq(mask), value)
}

/// The kernel takes the lower half of these arguments only.
fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, String> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(in_words)
}

fn refuse(rules: Vec<Rule>) -> Result<Vec<u8>, String> {
    compile(rules, SeccompAction::Errno(EPERM), SeccompAction::Allow)
}

fn compile(rules: Vec<Rule>, matched: SeccompAction, otherwise: SeccompAction) -> Result<Vec<u8>, String> {
    let mut by_number: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (name, condition) in rules {
        // Each machine lacks some.
        let Ok(number) = Sysno::from_str(name) else { continue };
        by_number.entry(i64::from(number.id())).or_default().extend(condition);
    }
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(in_words)?;
    let filter = SeccompFilter::new(by_number, otherwise, matched, architecture).map_err(in_words)?;
    let program: BpfProgram = filter.try_into().map_err(in_words)?;
    Ok(program.iter().flat_map(bytes).collect())
}

/// As `struct sock_filter` lies in memory.
fn bytes(instruction: &sock_filter) -> [u8; 8] {
    let [code, code_high] = instruction.code.to_ne_bytes();
    let [k0, k1, k2, k3] = instruction.k.to_ne_bytes();
    [code, code_high, instruction.jt, instruction.jf, k0, k1, k2, k3]
}

fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(lists: &'static [&'static str]) -> Vec<&'static str> {
        lists.iter().flat_map(|line| line.split(' ')).collect()
    }

    #[test]
    fn every_name_is_one_of_the_kernel_and_in_one_list() {
        let all = [names(CALLS), names(REFUSED)].concat();
        if cfg!(target_arch = "x86_64") {
            let unknown: Vec<_> = all.iter().filter(|name| Sysno::from_str(name).is_err()).collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "one is there twice");
    }

    #[test]
    fn programs_are_within_what_the_kernel_takes() {
        for (name, program) in filters().unwrap() {
            assert_eq!(program.len() % 8, 0, "{name}");
            assert!((1..=4096).contains(&(program.len() / 8)), "{name}: {}", program.len() / 8);
        }
    }
}
