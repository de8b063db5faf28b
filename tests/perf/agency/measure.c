// SPDX-License-Identifier: Apache-2.0
/*
 * measure OP COMMAND...: runs a command between two marks, by which el2count
 * knows what it is to charge to operation OP. Ends as the command does.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OPS	64

extern volatile uint64_t measure_marks[2 * MAX_OPS];
volatile uint64_t measure_marks[2 * MAX_OPS];

/* The instruction that the plugin watches; of all programs here only this one has it here. */
__asm__(
"	.globl	measure_mark\n"
"measure_mark:\n"
"	str	xzr, [x0]\n"
"	ret\n");
void measure_mark(volatile uint64_t *entry);

int main(int argc, char **argv)
{
	long op = argc > 2 ? strtol(argv[1], NULL, 10) : -1;
	int status = 0;
	pid_t pid;

	if (op < 0 || op >= MAX_OPS) {
		fprintf(stderr, "usage: measure OP COMMAND...\n");
		return 2;
	}
	measure_mark(&measure_marks[2 * op]);
	pid = vfork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 126;
	measure_mark(&measure_marks[2 * op + 1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
