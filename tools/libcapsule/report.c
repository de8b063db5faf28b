// SPDX-License-Identifier: Apache-2.0
/* Collecting what the rules find. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "configurations are little-endian and read in place"
#endif

static void add(struct chk_report *report, const struct chk_finding *head, const char *format,
		va_list args)
{
	struct chk_finding *finding;

	if (head->severity == CHK_ERROR)
		report->errors++;
	else
		report->warnings++;
	if (report->num == CHK_MAX_FINDINGS)
		return;
	finding = &report->findings[report->num++];
	*finding = *head;
	vsnprintf(finding->text, sizeof(finding->text), format, args);
}

void chk_error(struct chk_report *report, const char *file, uint32_t reason, uint64_t detail0,
	       uint64_t detail1, const char *format, ...)
{
	const struct chk_finding head = {
		.severity = CHK_ERROR,
		.reason = reason,
		.detail = { detail0, detail1 },
		.file = file,
	};
	va_list args;

	va_start(args, format);
	add(report, &head, format, args);
	va_end(args);
}

void chk_warn(struct chk_report *report, const char *file, const char *format, ...)
{
	const struct chk_finding head = { .severity = CHK_WARNING, .file = file };
	va_list args;

	va_start(args, format);
	add(report, &head, format, args);
	va_end(args);
}

const struct chk_finding *chk_first_error(const struct chk_report *report)
{
	size_t i;

	for (i = 0; i < report->num; i++)
		if (report->findings[i].severity == CHK_ERROR)
			return &report->findings[i];
	return NULL;
}

const char *region_text(const struct chk_cell *cell, size_t index, char *text)
{
	const struct capsule_memory *m = &cell->regions[index];
	int n;

	if (region_moves(m)) {
		snprintf(text, REGION_TEXT_LEN, "memory region %zu (VIRT_IS_PHYS, size 0x%" PRIx64 ")",
			 index, m->size);
		return text;
	}
	n = snprintf(text, REGION_TEXT_LEN, "memory region %zu (IPA 0x%" PRIx64 "-0x%" PRIx64,
		     index, m->virt_start, m->virt_start + m->size - 1);
	if (region_has_phys(m))
		n += snprintf(text + n, REGION_TEXT_LEN - (size_t)n,
			      ", physical 0x%" PRIx64 "-0x%" PRIx64, m->phys_start,
			      m->phys_start + m->size - 1);
	snprintf(text + n, REGION_TEXT_LEN - (size_t)n, ")");
	return text;
}
