// SPDX-License-Identifier: Apache-2.0
// ticker MEBIBYTES [MICROSECONDS]: fills that much memory, then prints a tick again and again, with a pause of 5 ms or as long
// as asked for: `tick NUMBER MICROSECONDS`, the wall clock at the tick. Half of each page is noise and half is a pattern, so that compression has a middling task. Each tick checks and
// changes one page, chosen at random, and the program ends with 3 when the page is not what it was.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 512 };

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

int main(int count, char **arguments) {
    size_t pages = count > 1 ? strtoul(arguments[1], NULL, 10) * 256 : 0;
    long pause = count > 2 ? strtol(arguments[2], NULL, 10) : 5000;
    uint64_t state = 0x9e3779b97f4a7c15, *memory = NULL;
    if (pages) {
        memory = mmap(NULL, pages * WORDS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return 4;
    }
    for (size_t page = 0; page < pages; page++) {
        uint64_t *word = memory + page * WORDS;
        for (int i = 2; i < WORDS; i++) word[i] = i < WORDS / 2 ? page : next(&state);
        word[0] = page, word[1] = 0;
    }
    for (uint64_t number = 1;; number++) {
        if (pages) {
            uint64_t page = next(&state) % pages, *word = memory + page * WORDS;
            if (word[0] != page || word[2] != page) return 3;
            word[1]++;
        }
        struct timespec now;
        char line[64];
        clock_gettime(CLOCK_REALTIME, &now);
        int length = snprintf(line, sizeof line, "tick %llu %lld\n", (unsigned long long)number,
            now.tv_sec * 1000000LL + now.tv_nsec / 1000);
        if (write(STDOUT_FILENO, line, length) != length) return 5;
        nanosleep(&(struct timespec){0, pause * 1000}, NULL);
    }
}
