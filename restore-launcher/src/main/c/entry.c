// SPDX-License-Identifier: Apache-2.0
// PID 1 of an injected container: starts the application or adopts the restored one, passes signals on, reaps, and ends
// as the application ends. All signals are blocked and fetched one by one, so none can fall between two steps.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define die(code, ...) do { dprintf(STDERR_FILENO, "entry: " __VA_ARGS__); _exit(code); } while (0)
enum { USAGE = 64, BROKEN = 70, NOT_EXECUTABLE = 126, NOT_FOUND = 127 }; // as in sysexits.h and the shell
enum { ADOPT = 34, START_FRESH, FAIL, MAX_IDS = 2 + NGROUPS_MAX };       // queued signals, the same in EntryWord.java
static int standby, nest, no_new_privileges, id_count;
static gid_t ids[MAX_IDS]; // user, group, supplementary groups
static unsigned long long capabilities = ULLONG_MAX; // this value: leave them as they are
static char **command, *launcher_program[2];
static pid_t application, launcher;
static sigset_t every, words, original_mask;
static struct sigaction original_action;
static _Noreturn void refuse(const char *what, const char *word) {
    die(USAGE, "%s '%s'; usage: entry install DIR | probe | run [--standby [--launcher PROGRAM]] [--nest] [--user UID:GID"
        "[:G1,G2,..]] [--capabilities HEX] [--no-new-privileges] -- COMMAND [ARGS...]\n", what, word);
}
static unsigned long long number(char *text, char **end, int base) { // the highest id means "unchanged" to the kernel
    unsigned long long value = strtoull(text, end, base), limit = base == 10 ? UINT_MAX - 1 : LLONG_MAX;
    if (*end == text || strchr("+- ", *text) || value > limit) refuse("not a number in range:", text);
    return value;
}
static void parse(char **word) {
    for (char *rest = ""; *word && strcmp(*word, "--"); word++) {
        if (!strcmp(*word, "--standby")) standby = 1;
        else if (!strcmp(*word, "--nest")) nest = CLONE_NEWPID | CLONE_NEWNS;
        else if (!strcmp(*word, "--no-new-privileges")) no_new_privileges = 1;
        else if (!strcmp(*word, "--launcher") && word[1]) *launcher_program = *++word;
        else if (!strcmp(*word, "--capabilities") && word[1]) capabilities = number(*++word, &rest, 16);
        else if (!strcmp(*word, "--user") && word[1])
            for (*ids = number(*++word, &rest, 10), id_count = 1; id_count < MAX_IDS && *rest == ":,"[id_count > 2];)
                ids[id_count++] = number(rest + 1, &rest, 10);
        else refuse("unknown option, or one without its value:", *word);
        if (*rest || id_count == 1) refuse("malformed value:", *word);
    }
    if (!*word || !*(command = word + 1)) refuse("missing command after", "--");
    if (*launcher_program && !standby) refuse("only with --standby: --launcher", *launcher_program);
}
// CRIU then finds nothing of the runtime's in the tree: no masks over /proc, no descriptor in another mount namespace.
// What the runtime made read-only in /proc stays so, as root could write there without any capability.
static int enter_nest(void) {
    static const char *const paths[] = {"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi",
        "/proc/sys", "/proc/sysrq-trigger"};
    enum { COUNT = sizeof paths / sizeof *paths, SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC, AGAIN = MS_BIND | MS_REMOUNT };
    int read_only = 0, failed;
    struct statvfs at;
    for (int i = 0; i < COUNT; i++) read_only |= (!statvfs(paths[i], &at) && at.f_flag & ST_RDONLY) << i;
    failed = setsid() < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || umount2("/proc", MNT_DETACH)
        || mount("proc", "/proc", "proc", SAFE, NULL);
    for (int i = 0; i < COUNT && !failed; i++)
        failed = read_only >> i & 1 && (mount(paths[i], paths[i], NULL, MS_BIND, NULL)
            || mount(NULL, paths[i], NULL, AGAIN | SAFE | MS_RDONLY, NULL));
    return failed;
}
static int prepare_application(void) {
    unsigned header[2] = {0x20080522, 0}, held[2][3]; // capget(2): version 3; halves of effective, permitted, inheritable
    struct stat file;
    if (nest && enter_nest()) return -1;
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        int null = fstat(i, &file) || (S_ISCHR(file.st_mode) && file.st_rdev == 0x103); // device 1:3
        if (null && nest && (close(i), open("/dev/null", O_RDWR) != i)) return -1;     // i is now the lowest free number
        if (!null && id_count && fchown(i, ids[0], -1)) continue; // lets the user open /dev/stdout; a failure is no harm
    }
    for (int i = 0; i < 64 && prctl(PR_CAPBSET_READ, i) >= 0; i++)
        if (!(capabilities >> i & 1) && prctl(PR_CAPBSET_READ, i) && prctl(PR_CAPBSET_DROP, i)) return -1;
    if ((id_count && (setgroups(id_count - 2, ids + 2) || setresgid(ids[1], ids[1], ids[1])
        || setresuid(ids[0], ids[0], ids[0]))) || syscall(SYS_capget, header, held)) return -1;
    for (int i = 0; i < 2; i++) held[i][0] = held[i][1] &= capabilities >> 32 * i, held[i][2] = 0;
    return (capabilities != ULLONG_MAX && syscall(SYS_capset, header, held))
        || (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}
static pid_t start(char **program, int namespaces) {
    pid_t pid = syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
    if (pid > 0) return pid;
    if (pid < 0 || (program == command && prepare_application()))
        die(BROKEN, "cannot prepare '%s': %m; --nest needs SYS_ADMIN, the others SETUID, SETGID, SETPCAP\n", *program);
    sigaction(SIGCHLD, &original_action, NULL);
    sigprocmask(SIG_SETMASK, &original_mask, NULL);
    execvp(*program, program);
    die(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE, "cannot start '%s': %m; check the command and PATH\n", *program);
}
static void obey(const siginfo_t *word) {
    int said = word->si_signo, value = word->si_value.sival_int;
    if (application || word->si_code != SI_QUEUE) return; // the first word counts, and a plain kill is none
    prctl(PR_SET_NAME, said == ADOPT ? "lpm-restored" : said == FAIL ? "lpm-failed" : "lpm-fresh");
    if (said == FAIL) _exit(value < 0 || value > 255 ? BROKEN : value);
    if (said == ADOPT && (value <= 1 || (kill(value, 0) && errno == ESRCH)))
        die(BROKEN, "there is no process %d to adopt; the restore has failed, see its log\n", value);
    application = said == ADOPT ? value : start(command, nest);
}
static void reap(void) {
    for (siginfo_t child, word; child.si_pid = 0, !waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) && child.si_pid;) {
        // A word about this child was sent before it ended and is here by now: hear it before the child is gone.
        while (sigtimedwait(&words, &word, &(struct timespec){0}) > 0) obey(&word);
        waitid(P_PID, child.si_pid, &child, WEXITED);
        if (child.si_pid == application) _exit(child.si_code == CLD_EXITED ? child.si_status : 128 + child.si_status);
        if (child.si_pid == launcher && !application)
            die(BROKEN, "'%s' ended without a word; see its log\n", *launcher_program);
    }
}
static void hear(const siginfo_t *heard) {
    enum { HARMLESS = 1 << SIGCONT | 1 << SIGURG | 1 << SIGWINCH | 1 << SIGTSTP | 1 << SIGTTIN | 1 << SIGTTOU };
    if (heard->si_signo == SIGCHLD) reap();
    else if (sigismember(&words, heard->si_signo)) obey(heard);
    else if (heard->si_signo > 31 || heard->si_pid == getpid()) return; // such as our own SIGPIPE
    else if (!application && !(HARMLESS >> heard->si_signo & 1)) _exit(128 + heard->si_signo);
    else if (application && (heard->si_code <= 0 || getpgid(application) != getpgrp())) // a terminal tells the whole group
        kill(application, heard->si_signo);
}
static int install(const char *directory) {
    char temporary[] = ".entry-XXXXXX";
    int from = open("/proc/self/exe", O_RDONLY), to = chdir(directory) ? -1 : mkstemp(temporary), done = to < 0 ? -1 : 1;
    while (done > 0) done = sendfile(to, from, NULL, INT_MAX); // until there is nothing left
    if (!done && !fchmod(to, 0755) && !rename(temporary, "entry")) return 0;
    dprintf(STDERR_FILENO, "entry: cannot install into '%s': %m; it must be a directory with room for it\n", directory);
    return unlink(temporary), BROKEN;
}
int main(int count, char **arguments) {
    char name[16] = "";
    if (count == 3 && !strcmp(arguments[1], "install")) return install(arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probe") && read(open("/proc/1/comm", O_RDONLY), name, sizeof name - 1) >= 0)
        return strcmp(name, "lpm-fresh\n") && strcmp(name, "lpm-restored\n");
    if (count < 2 || strcmp(arguments[1], "run")) refuse("unknown command", count < 2 ? "" : arguments[1]);
    parse(arguments + 2);
    sigaddset(&words, ADOPT), sigaddset(&words, START_FRESH), sigaddset(&words, FAIL);
    sigfillset(&every), sigprocmask(SIG_SETMASK, &every, &original_mask);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &original_action); // ignored, nothing could be reaped
    prctl(PR_SET_NAME, standby ? "lpm-standby" : "lpm-fresh");
    if (!standby) application = start(command, nest);
    else if (*launcher_program) launcher = start(launcher_program, 0);
    for (siginfo_t heard;;) if (sigwaitinfo(&every, &heard) > 0) hear(&heard);
}
