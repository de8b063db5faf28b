/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and judging configurations.
 *
 * The one place that knows every rule: capsulectl asks it before it asks the
 * driver, the tests and "config check" use nothing else. No function here does
 * input or output or allocates memory; what is found goes into a report.
 *
 * The hypervisor checks again what its own safety depends on. This library
 * says it earlier, in words, with both sides of a collision named.
 */
#ifndef LIBCAPSULE_CHECKER_H
#define LIBCAPSULE_CHECKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <capsule/config.h>
#include <capsule/error.h>

#define CHK_TEXT_LEN		400
#define CHK_MAX_FINDINGS	64

enum chk_severity {
	CHK_ERROR,	/* it will be refused, or cannot work */
	CHK_WARNING,	/* it will be accepted, but is hardly what was meant */
};

struct chk_finding {
	enum chk_severity severity;
	uint32_t reason;		/* enum capsule_reason; 0 for a warning */
	uint64_t detail[2];		/* as error.h says for that reason */
	const char *file;		/* the file it is about */
	char text[CHK_TEXT_LEN];	/* "cause: remedy" without the file */
};

/* Findings in the order found; those beyond the array are only counted. */
struct chk_report {
	size_t num;
	size_t errors;
	size_t warnings;
	struct chk_finding findings[CHK_MAX_FINDINGS];
};

/* A configuration that chk_read_*() accepted. Pointers lead into its bytes. */
struct chk_cell {
	const char *file;		/* for messages */
	bool is_root;
	struct capsule_cell_desc desc;
	uint64_t cpus;			/* bit n: CPU n */
	const struct capsule_memory *regions;
	const struct capsule_irqchip *irqchips;
	const uint32_t *smc_ids;
	/*
	 * Name of the device with registers in a range of the machine's memory,
	 * NULL if unknown; set by a caller that can tell, for messages.
	 */
	const char *(*device_name)(uint64_t start, uint64_t size);
};

struct chk_system {
	const char *file;
	struct capsule_system header;
	struct chk_cell root;
	uint64_t machine_cpus;		/* CPUs that exist, 0 where not known */
};

/*
 * Takes a configuration apart. @data must be aligned to 8 bytes and outlive
 * the result. Whatever the bytes are, either the result is safe to use with
 * every other function here and true is returned, or the report has got an
 * error. Checks signature, revision, architecture, sizes, counts, names, flag
 * bits and reserved fields.
 */
bool chk_read_system(const void *data, size_t size, const char *file,
		     struct chk_system *system, struct chk_report *report);
bool chk_read_cell(const void *data, size_t size, const char *file,
		   struct chk_cell *cell, struct chk_report *report);

/* Judges the machine description and the root cell. */
void chk_system(const struct chk_system *system, struct chk_report *report);

/* Judges a cell by itself and, where @system is not NULL, against the machine. */
void chk_cell(const struct chk_cell *cell, const struct chk_system *system,
	      struct chk_report *report);

/* Finds what two cells both claim; the errors are about @cell, the later one. */
void chk_pair(const struct chk_cell *cell, const struct chk_cell *other,
	      struct chk_report *report);

/* Judges CPUs left to the agency when all of @cells exist. */
void chk_cpus_left(const struct chk_system *system, const struct chk_cell *cells,
		   size_t num_cells, struct chk_report *report);

/* The first error, NULL if there is none. */
const struct chk_finding *chk_first_error(const struct chk_report *report);

#endif
