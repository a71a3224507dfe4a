/* First process of a pod's sandbox: reaps whoever is left to it, and ends when told to. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

static void reap(int signal)
{
	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int main(void)
{
	struct sigaction action = { .sa_handler = reap, .sa_flags = SA_NOCLDSTOP };

	if (sigaction(SIGCHLD, &action, NULL))
		return EXIT_FAILURE;
	action.sa_handler = end;
	if (sigaction(SIGTERM, &action, NULL) || sigaction(SIGINT, &action, NULL))
		return EXIT_FAILURE;
	for (;;)
		pause();
}
