// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command and presses Ctrl-C after a time, if it still runs then.
 *
 *   interrupt MICROSECONDS COMMAND [ARGUMENT]...
 *
 * Exit status that of the command, 128 + the signal if one killed it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: interrupt MICROSECONDS COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	usleep((useconds_t)atoi(argv[1]));
	/* If it has ended it is still to be waited for, so the number is its own. */
	kill(pid, SIGINT);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 126;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
