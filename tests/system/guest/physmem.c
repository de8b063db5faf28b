// SPDX-License-Identifier: Apache-2.0
/*
 * Tries to reach physical memory by /dev/mem: reads, writes and maps one page.
 *
 *   physmem ADDRESS
 *
 * Prints "read ERRNO write ERRNO map ERRNO", 0 for what worked. A mapping is
 * read, too: what then kills this program the kernel answers for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t word = 0;
	int fd, failed[3];
	off_t address;
	void *page;

	if (argc != 2)
		return 2;
	address = (off_t)strtoull(argv[1], NULL, 0);
	fd = open("/dev/mem", O_RDWR | O_SYNC);
	if (fd < 0) {
		perror("/dev/mem");
		return 1;
	}
	failed[0] = pread(fd, &word, sizeof(word), address) == sizeof(word) ? 0 : errno;
	failed[1] = pwrite(fd, &word, sizeof(word), address) == sizeof(word) ? 0 : errno;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, address);
	failed[2] = page == MAP_FAILED ? errno : 0;
	printf("read %d write %d map %d\n", failed[0], failed[1], failed[2]);
	fflush(stdout);
	if (page != MAP_FAILED)
		printf("word %#llx\n", *(volatile unsigned long long *)page);
	return 0;
}
