// SPDX-License-Identifier: Apache-2.0
// PID 1 of an injected container: starts the application or adopts the restored one, passes signals on, reaps, and ends as
// the application ends. All signals are blocked and fetched one by one, so none can fall between two steps.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
enum { ADOPT = 34, START_FRESH, FAIL };                                  // queued signals; EntryWord.java has the same
enum { USAGE = 64, BROKEN = 70, NOT_EXECUTABLE = 126, NOT_FOUND = 127 }; // as in sysexits.h and the shell
#define die(code, ...) do { dprintf(STDERR_FILENO, "entry: " __VA_ARGS__); _exit(code); } while (0)
static char **command, *launcher_words[2];
static bool standby, nest, set_capabilities, no_new_privileges;
static unsigned long long capabilities;
static gid_t ids[2 + NGROUPS_MAX]; // user, group, supplementary groups
static int id_count;
static sigset_t words, original_mask;
static struct sigaction original_child_action;
static pid_t application, launcher;

static _Noreturn void refuse(const char *what, const char *word) {
    die(USAGE, "%s '%s'; usage: entry install DIR | probe | run [--standby [--launcher PROGRAM]] [--nest] [--user UID:GID"
        "[:G1,G2,..]] [--capabilities HEX] [--no-new-privileges] -- COMMAND [ARGS...]\n", what, word);
}
static unsigned long long number(char *text, char **end, int base, unsigned long long limit) {
    unsigned long long value = strtoull(text, end, base);
    if (*end == text || strchr("+- ", *text) || value > limit) refuse("not a number in range:", text);
    return value;
}
static char *parse_user(char *text) {
    char *end;
    for (id_count = 0;; text = end + 1) {
        ids[id_count++] = number(text, &end, 10, UINT_MAX - 1); // the highest means "unchanged" to the kernel
        if (*end != (id_count < 3 ? ':' : ',') || id_count == 2 + NGROUPS_MAX) return id_count == 1 ? text : end;
    }
}
static void parse(char **word) {
    char *rest = "";
    for (; *word && strcmp(*word, "--"); word++) {
        if (!strcmp(*word, "--standby")) standby = true;
        else if (!strcmp(*word, "--nest")) nest = true;
        else if (!strcmp(*word, "--no-new-privileges")) no_new_privileges = true;
        else if (!strcmp(*word, "--launcher") && word[1]) launcher_words[0] = *++word;
        else if (!strcmp(*word, "--user") && word[1]) rest = parse_user(*++word);
        else if (!strcmp(*word, "--capabilities") && word[1] && (set_capabilities = true))
            capabilities = number(*++word, &rest, 16, LLONG_MAX);
        else refuse("unknown option, or one without its value:", *word);
        if (*rest) refuse("malformed value:", *word);
    }
    if (!*word || !word[1]) refuse("missing command after", "--");
    if (launcher_words[0] && !standby) refuse("only with --standby: --launcher", launcher_words[0]);
    command = word + 1;
}
static bool is_null_or_closed(int descriptor) {
    struct stat file;
    return fstat(descriptor, &file) || (S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3));
}
// CRIU then finds a tree with nothing of the runtime's in it: no masks over /proc, no descriptor in another mount namespace.
// What the runtime made read-only in /proc stays so, as root could write there without any capability.
static void enter_nest(void) {
    static const char *const paths[] = {"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi",
        "/proc/sys", "/proc/sysrq-trigger"};
    enum { COUNT = sizeof paths / sizeof *paths, SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC };
    bool read_only[COUNT], failed;
    struct statvfs at;
    for (int i = 0; i < COUNT; i++) read_only[i] = !statvfs(paths[i], &at) && (at.f_flag & ST_RDONLY);
    failed = setsid() < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || umount2("/proc", MNT_DETACH)
        || mount("proc", "/proc", "proc", SAFE, NULL);
    for (int i = 0; i < COUNT && !failed; i++)
        failed = read_only[i] && !access(paths[i], F_OK) && (mount(paths[i], paths[i], NULL, MS_BIND, NULL)
            || mount(NULL, paths[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | SAFE, NULL));
    for (int i = 0; i <= STDERR_FILENO && !failed; i++) // closed, i is the lowest free number, which open takes
        failed = is_null_or_closed(i) && (close(i), open("/dev/null", O_RDWR) < 0);
    if (failed) die(BROKEN, "cannot give the application mounts of its own: %m; --nest needs SYS_ADMIN and /dev/null\n");
}
static void reduce_privileges(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct held[2];
    bool failed = false;
    for (int i = 0; set_capabilities && !failed && prctl(PR_CAPBSET_READ, i) >= 0; i++)
        failed = !(capabilities >> i & 1) && prctl(PR_CAPBSET_READ, i) && prctl(PR_CAPBSET_DROP, i);
    for (int i = 0; id_count && i <= STDERR_FILENO; i++) // or /dev/stdout does not open; where it cannot be, no harm
        if (!is_null_or_closed(i) && fchown(i, ids[0], -1)) continue;
    failed = failed || (id_count && (setgroups(id_count - 2, ids + 2) || setresgid(ids[1], ids[1], ids[1])
        || setresuid(ids[0], ids[0], ids[0])));
    if (set_capabilities && !failed && !(failed = syscall(SYS_capget, &header, held))) {
        for (int i = 0; i < 2; i++) {
            held[i].effective = held[i].permitted &= (__u32)(capabilities >> 32 * i);
            held[i].inheritable = 0;
        }
        failed = syscall(SYS_capset, &header, held);
    }
    if (failed || (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
        die(BROKEN, "cannot reduce the privileges: %m; the container needs SETPCAP, SETUID and SETGID for it\n");
}
static _Noreturn void execute(char **program) {
    sigaction(SIGCHLD, &original_child_action, NULL);
    sigprocmask(SIG_SETMASK, &original_mask, NULL);
    execvp(*program, program);
    die(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE, "cannot start '%s': %m; check the command and PATH\n", *program);
}
static pid_t start(char **program, bool nested) {
    pid_t pid = nested ? syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0) : fork();
    if (pid < 0) die(BROKEN, "cannot start a process for '%s': %m; %s\n", *program,
        nested ? "--nest needs the capability SYS_ADMIN" : "raise the container's limit of processes");
    if (pid == 0 && nested) enter_nest();
    if (pid == 0 && program == command) reduce_privileges();
    if (pid == 0) execute(program);
    return pid;
}
// Only the first word counts, and only a queued one: a plain kill carries no value.
static void obey(const siginfo_t *word) {
    int value = word->si_value.sival_int;
    if (application || word->si_code != SI_QUEUE) return;
    prctl(PR_SET_NAME, word->si_signo == ADOPT ? "lpm-restored" : word->si_signo == FAIL ? "lpm-failed" : "lpm-fresh");
    if (word->si_signo == START_FRESH) application = start(command, nest);
    else if (word->si_signo == FAIL) _exit(value < 0 || value > 255 ? BROKEN : value);
    else if (value > 1 && (!kill(value, 0) || errno != ESRCH)) application = value;
    else die(BROKEN, "there is no process %d to adopt; the restore has failed, see its log\n", value);
}
static void reap(void) {
    siginfo_t child, word;
    while (child.si_pid = 0, !waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) && child.si_pid) {
        // A word about this child was sent before it ended and is here by now: hear it before the child is gone.
        while (sigtimedwait(&words, &word, &(struct timespec){0}) > 0) obey(&word);
        waitid(P_PID, child.si_pid, &child, WEXITED);
        if (child.si_pid == application) _exit(child.si_code == CLD_EXITED ? child.si_status : 128 + child.si_status);
        if (child.si_pid == launcher && !application) die(BROKEN, "'%s' ended without a word; see its log\n", *launcher_words);
    }
}
static void pass_on(const siginfo_t *received) {
    static const unsigned harmless = 1u << SIGCONT | 1u << SIGURG | 1u << SIGWINCH | 1u << SIGTSTP | 1u << SIGTTIN | 1u << SIGTTOU;
    int number = received->si_signo;
    if (number > 31 || received->si_pid == getpid()) return;
    // The kernel's own come from the terminal and reach the whole process group, the application too if it is in ours.
    if (application && (received->si_code <= 0 || getpgid(application) != getpgrp())) kill(application, number);
    if (!application && !(harmless >> number & 1)) _exit(128 + number);
}
static int install(const char *directory) {
    char temporary[PATH_MAX], target[PATH_MAX];
    struct stat self;
    int from = open("/proc/self/exe", O_RDONLY), to, length = snprintf(target, PATH_MAX, "%s/entry", directory);
    snprintf(temporary, PATH_MAX, "%s/.entry-XXXXXX", directory);
    bool failed = length > PATH_MAX - 10 || fstat(from, &self) || (to = mkstemp(temporary)) < 0;
    if (!failed && (sendfile(to, from, NULL, self.st_size) != self.st_size || fchmod(to, 0755) || rename(temporary, target)))
        failed = true, unlink(temporary);
    if (failed) die(BROKEN, "cannot install '%s': %m; the directory must exist and be writable\n", target);
    return 0;
}
static int probe(void) {
    char name[16] = "";
    int comm = open("/proc/1/comm", O_RDONLY);
    return read(comm, name, sizeof name - 1) < 0 || (strcmp(name, "lpm-fresh\n") && strcmp(name, "lpm-restored\n"));
}
int main(int count, char **arguments) {
    sigset_t every;
    siginfo_t received;
    if (count == 3 && !strcmp(arguments[1], "install")) return install(arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probe")) return probe();
    if (count < 2 || strcmp(arguments[1], "run")) refuse("unknown command", count < 2 ? "" : arguments[1]);
    parse(arguments + 2);
    sigemptyset(&words);
    for (int word = ADOPT; word <= FAIL; word++) sigaddset(&words, word);
    sigfillset(&every);
    sigprocmask(SIG_SETMASK, &every, &original_mask);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &original_child_action); // ignored, none could be reaped
    prctl(PR_SET_NAME, standby ? "lpm-standby" : "lpm-fresh");
    if (!standby) application = start(command, nest);
    if (*launcher_words) launcher = start(launcher_words, false);
    for (;;) {
        int number = sigwaitinfo(&every, &received);
        if (number == SIGCHLD) reap();
        else if (number >= ADOPT && number <= FAIL) obey(&received);
        else if (number > 0) pass_on(&received);
    }
}
