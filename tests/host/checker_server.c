// SPDX-License-Identifier: Apache-2.0
/*
 * The checker behind a pipe, so that a test can ask it thousands of times.
 *
 * A request is a 32-bit number of configurations, then each one as a 32-bit
 * length and its bytes; the first is the system's, of length NO_SYSTEM if there
 * is none. 32-bit numbers are little-endian. The answer is a line for each
 * finding, "E reason detail0 detail1 file text" or "W file text", and a line
 * "." at the end. Every configuration lies in a block of exactly its size, so
 * that AddressSanitizer sees a read beyond it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libcapsule/checker.h>

#define NO_SYSTEM	0xffffffffU
#define MAX_CONFIGS	16U

struct request {
	uint32_t num;
	uint32_t sizes[MAX_CONFIGS];
	void *data[MAX_CONFIGS];
};

static const char *const names[MAX_CONFIGS] = {
	"root", "cell1", "cell2", "cell3", "cell4", "cell5", "cell6", "cell7",
	"cell8", "cell9", "cell10", "cell11", "cell12", "cell13", "cell14", "cell15",
};

static void read_bytes(void *to, size_t size)
{
	if (size && fread(to, size, 1, stdin) != 1)
		exit(2);
}

static bool read_request(struct request *r)
{
	uint32_t i;

	if (fread(&r->num, sizeof(r->num), 1, stdin) != 1)
		return false;
	if (!r->num || r->num > MAX_CONFIGS)
		exit(2);
	for (i = 0; i < r->num; i++) {
		read_bytes(&r->sizes[i], sizeof(r->sizes[i]));
		r->data[i] = NULL;
		if (r->sizes[i] == NO_SYSTEM)
			continue;
		/* malloc(0) is a block as well: of no byte that may be read. */
		r->data[i] = malloc(r->sizes[i]);
		read_bytes(r->data[i], r->sizes[i]);
	}
	return true;
}

static void judge(const struct request *r, struct chk_report *report)
{
	struct chk_cell cells[MAX_CONFIGS];
	struct chk_system system;
	size_t num = 0, i, j;
	bool have_system;

	have_system = r->data[0] &&
		      chk_read_system(r->data[0], r->sizes[0], names[0], &system, report);
	for (i = 1; i < r->num; i++)
		num += chk_read_cell(r->data[i], r->sizes[i], names[i], &cells[num], report);
	if (have_system)
		chk_system(&system, report);
	for (i = 0; i < num; i++) {
		chk_cell(&cells[i], have_system ? &system : NULL, report);
		for (j = 0; j < i; j++)
			chk_pair(&cells[i], &cells[j], report);
	}
	if (have_system)
		chk_cpus_left(&system, cells, num, report);
}

static void answer(const struct chk_report *report)
{
	const struct chk_finding *f;

	for (f = report->findings; f < report->findings + report->num; f++)
		if (f->severity == CHK_ERROR)
			printf("E %u %" PRIu64 " %" PRIu64 " %s %s\n", f->reason, f->detail[0],
			       f->detail[1], f->file, f->text);
		else
			printf("W %s %s\n", f->file, f->text);
	puts(".");
	fflush(stdout);
}

int main(void)
{
	static struct chk_report report;
	struct request request;
	uint32_t i;

	while (read_request(&request)) {
		report = (struct chk_report) { 0 };
		judge(&request, &report);
		answer(&report);
		for (i = 0; i < request.num; i++)
			free(request.data[i]);
	}
	return 0;
}
