#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

static atomic_int count;
static uint64_t nonce[2];

static void say(const char *what, int answer)
{
    static const char *const answers[] = {"no", "yes"};
    printf("%s%s nonce=%016lx%016lx\n", what, answer < 0 ? "" : answers[answer], (unsigned long)nonce[0],
        (unsigned long)nonce[1]);
}

static void *counting(void *unused)
{
    (void)unused;
    for (;;) {
        count++;
        usleep(5000);
    }
    return NULL;
}

static int reaches(int least)
{
    for (int looks = 0; looks < 3000; looks++) {
        if (count >= least) return 1;
        usleep(10000);
    }
    return 0;
}

int main(void)
{
    struct utsname home, now;
    pthread_t thread;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce || uname(&home)) return 1;
    if (pthread_create(&thread, NULL, counting, NULL)) return 1;
    reaches(5);
    say("ready", -1);
    do {
        usleep(10000);
        uname(&now);
    } while (!strcmp(home.nodename, now.nodename));
    int stood = count;
    say("the thread goes on: ", reaches(stood + 3));
    say("counted before: ", stood >= 5);
    say("end", -1);
    for (;;) pause();
}
