/* Stands in for CRIU on the nodes of a machine whose root lacks CAP_SYS_RESOURCE: starts it with prlimit.so. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	(void)count;
	setenv("LD_PRELOAD", "/usr/lib/lpm-sandbox/prlimit.so", 1);
	execv("/usr/lib/lpm-sandbox/criu", arguments);
	perror("cannot start /usr/lib/lpm-sandbox/criu");
	return 127;
}
