// SPDX-License-Identifier: Apache-2.0
/*
 * Reads all the memory that the kernel shows in /proc/kcore, as a crash dump
 * tool does, and looks for one 64-bit value.
 *
 *   kcore OWN WANTED      both in hexadecimal, with the bits inverted, so that
 *                         they stand in no command line, script or log
 *
 * Keeps a page full of ~OWN itself, to show that what is there is found. Prints
 * "read N bytes, own N, found N". Segments are read whole, but for those that
 * are larger than all of RAM can be (vmalloc, vmemmap): of these only what
 * lies in the first and last 64 MiB.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK	(1UL << 20)
#define LARGE	(1UL << 36)
#define EDGE	(64UL << 20)
#define PAGE	4096UL

/* Inverted: this program's own memory is read as well. */
static uint64_t not_own, not_wanted;
static uint64_t bytes_read, own_found, wanted_found;

static void look(const uint64_t *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		own_found += (words[i] ^ not_own) == UINT64_MAX;
		wanted_found += (words[i] ^ not_wanted) == UINT64_MAX;
	}
}

/* Pages that cannot be read (no memory behind them) are passed over, as makedumpfile does. */
static void read_range(int fd, uint64_t offset, uint64_t size)
{
	static uint64_t buffer[CHUNK / sizeof(uint64_t)];
	uint64_t step = CHUNK, n;
	ssize_t got;

	while (size) {
		n = size < step ? size : step;
		got = pread(fd, buffer, n, (off_t)offset);
		if (got <= 0 && step > PAGE) {
			step = PAGE;
			continue;
		}
		if (got > 0) {
			look(buffer, (size_t)got / sizeof(uint64_t));
			bytes_read += (uint64_t)got;
			n = (uint64_t)got;
		}
		offset += n;
		size -= n;
		if (!(offset % CHUNK))
			step = CHUNK;
	}
	memset(buffer, 0, sizeof(buffer));
}

static void read_segment(int fd, const Elf64_Phdr *segment)
{
	if (segment->p_filesz <= LARGE) {
		read_range(fd, segment->p_offset, segment->p_filesz);
		return;
	}
	read_range(fd, segment->p_offset, EDGE);
	read_range(fd, segment->p_offset + segment->p_filesz - EDGE, EDGE);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint64_t *page;
	unsigned int i;
	int fd;

	if (argc != 3)
		return 2;
	not_own = strtoull(argv[1], NULL, 16);
	not_wanted = strtoull(argv[2], NULL, 16);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		    -1, 0);
	if (page == MAP_FAILED)
		return fail("mmap");
	for (i = 0; i < PAGE / sizeof(*page); i++)
		page[i] = ~not_own;
	fd = open("/proc/kcore", O_RDONLY);
	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return fail("/proc/kcore");
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment),
			  (off_t)(header.e_phoff + i * sizeof(segment))) != sizeof(segment))
			return fail("program header");
		if (segment.p_type == PT_LOAD)
			read_segment(fd, &segment);
	}
	printf("read %" PRIu64 " bytes, own %" PRIu64 ", found %" PRIu64 "\n", bytes_read, own_found,
	       wanted_found);
	return 0;
}
