/* SPDX-License-Identifier: Apache-2.0 */
/* capsulectl console with input. */
#ifndef CAPSULECTL_ATTACH_H
#define CAPSULECTL_ATTACH_H

#define CTL_ESCAPE	'~'
#define CTL_NO_ESCAPE	(-1)

/*
 * Carries standard input to the console @fd (O_NONBLOCK, can be written) of
 * @cell and its output to standard output, until the cell is destroyed, the
 * user types @escape and "." at the beginning of a line, or a signal comes. A
 * terminal is raw meanwhile and restored; a pipe knows no escape, and its end
 * only ends the input. Returns an exit code, message printed.
 */
int ctl_attach(int fd, const char *cell, int escape);

#endif
