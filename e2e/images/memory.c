/*
 * Holds memory, and shows all the time that it is what it was: memory MIB DIRTY_MIB_PER_SECOND [FILE]
 *
 * Every page is filled with words that follow from a seed, the page's number and how often it was written, so that nothing of it
 * compresses. Fifty times a second it writes some pages anew, in turn, looks at others word by word, and prints
 * `tick N nonce=SEED host=HOST pages=P checksum=C`, to FILE too. A page that is not what it must be ends it with status 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
#define PAGES_PER_MIB (1024 * 1024 / PAGE_BYTES)
#define TICKS_PER_SECOND 50
#define SAMPLED_PAGES 16

static uint64_t seed, pages, written;
static uint64_t *memory;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* The generator SplitMix64. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t first_word(uint64_t page, uint64_t version)
{
	return mix(seed ^ mix(page ^ mix(version)));
}

static uint64_t next_word(uint64_t word)
{
	word ^= word << 13;
	word ^= word >> 7;
	return word ^ word << 17;
}

/* Pages are written in turn, from the first: how often one was, follows from how many were. */
static uint64_t version_of(uint64_t page)
{
	return written / pages + (page < written % pages);
}

static void write_next_page(void)
{
	uint64_t page = written % pages, word = first_word(page, version_of(page) + 1), *at = memory + page * PAGE_WORDS;

	for (size_t i = 0; i < PAGE_WORDS; i++)
		at[i] = word = next_word(word);
	written++;
}

static uint64_t checksum_of(uint64_t page)
{
	uint64_t word = first_word(page, version_of(page)), sum = 0, *at = memory + page * PAGE_WORDS;

	for (size_t i = 0; i < PAGE_WORDS; i++) {
		word = next_word(word);
		if (at[i] != word) {
			printf("corrupt page=%" PRIu64 " word=%zu is=%016" PRIx64 " expected=%016" PRIx64 "\n", page, i, at[i], word);
			exit(1);
		}
		sum ^= mix(sum ^ word);
	}
	return sum;
}

static void put(int file, const char *line, size_t length)
{
	if (write(file, line, length) != (ssize_t)length)
		fail("write");
}

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

static uint64_t number(const char *text)
{
	char *rest;
	uint64_t value = strtoull(text, &rest, 10);

	if (*text < '0' || *text > '9' || *rest) {
		fprintf(stderr, "'%s' is no number; usage: memory MIB DIRTY_MIB_PER_SECOND [FILE]\n", text);
		exit(2);
	}
	return value;
}

int main(int count, char **arguments)
{
	const struct timespec pause = { .tv_nsec = 1000000000 / TICKS_PER_SECOND };
	uint64_t dirty, owed = 0, choice;
	int file = -1;

	if (count < 3 || count > 4) {
		fprintf(stderr, "usage: memory MIB DIRTY_MIB_PER_SECOND [FILE]\n");
		return 2;
	}
	pages = number(arguments[1]) * PAGES_PER_MIB;
	dirty = number(arguments[2]) * PAGES_PER_MIB;
	if (pages == 0) {
		fprintf(stderr, "the memory to hold is 0; give at least 1 MiB\n");
		return 2;
	}
	if (count == 4 && (file = open(arguments[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0)
		fail(arguments[3]);
	if (signal(SIGTERM, end) == SIG_ERR || signal(SIGINT, end) == SIG_ERR)
		fail("signal");
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		fail("getrandom");
	choice = seed;
	memory = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	for (uint64_t i = 0; i < pages; i++)
		write_next_page();
	for (uint64_t tick = 1;; tick++) {
		char host[65] = "", line[256];
		uint64_t checksum = 0;

		for (owed += dirty; owed >= TICKS_PER_SECOND; owed -= TICKS_PER_SECOND)
			write_next_page();
		for (int i = 0; i < SAMPLED_PAGES; i++) {
			choice = mix(choice);
			checksum ^= checksum_of(choice % pages);
		}
		gethostname(host, sizeof(host) - 1);
		int length = snprintf(line, sizeof(line), "tick %" PRIu64 " nonce=%016" PRIx64 " host=%s pages=%" PRIu64 " checksum=%016" PRIx64 "\n",
				      tick, seed, host, pages, checksum);
		put(STDOUT_FILENO, line, length);
		if (file >= 0)
			put(file, line, length);
		nanosleep(&pause, NULL);
	}
}
