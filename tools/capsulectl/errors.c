// SPDX-License-Identifier: Apache-2.0
/* From a reason and its details to one line with cause and remedy. */
#include <inttypes.h>
#include <string.h>

#include <capsule/image.h>

#include "ctl.h"
#include "reasons.h"

struct text {
	uint32_t reason;
	const char *name;
	const char *cause;
	const char *remedy;
};

#define AS_TEXT(name_, cause_, remedy_) { CAPSULE_REASON_##name_, #name_, cause_, remedy_ },
static const struct text texts[] = { CTL_REASONS(AS_TEXT) };
#define NUM_TEXTS (sizeof(texts) / sizeof(texts[0]))

/* A reason without a text does not compile (-Wswitch). */
#define AS_CASE(name_, cause_, remedy_) case CAPSULE_REASON_##name_: return true;
static bool has_text(enum capsule_reason reason)
{
	switch (reason) {
	case CAPSULE_REASON_NONE:
		return false;
	CTL_REASONS(AS_CASE)
	}
	return false;
}

static const struct text *find_text(uint32_t reason)
{
	size_t i;

	if (!has_text((enum capsule_reason)reason))
		return NULL;
	for (i = 0; i < NUM_TEXTS; i++)
		if (texts[i].reason == reason)
			return &texts[i];
	return NULL;
}

/* The symbol of a reason without its prefix, "UNKNOWN" for one from the future. */
const char *ctl_reason_name(uint32_t reason)
{
	const struct text *text = find_text(reason);

	return text ? text->name : "UNKNOWN";
}

/* The exit code of a refusal for @reason. */
int ctl_reason_exit(uint32_t reason)
{
	if (reason == CAPSULE_REASON_INTERRUPTED)
		return CTL_EXIT_INTERRUPTED;
	if (!find_text(reason))
		return CTL_EXIT_UNEXPECTED;
	return CTL_EXIT_REASON_BASE + (int)reason;
}

static void put_size(FILE *out, uint64_t bytes)
{
	if (bytes >= 1U << 20 && bytes % (1U << 20) == 0)
		fprintf(out, "%" PRIu64 " MiB", bytes >> 20);
	else if (bytes >= 1U << 10 && bytes % (1U << 10) == 0)
		fprintf(out, "%" PRIu64 " KiB", bytes >> 10);
	else
		fprintf(out, "%" PRIu64 " bytes", bytes);
}

/* "memory region 2 (0x0-0xffffff)", the range as the cell sees it. */
static void put_region(FILE *out, uint64_t index, const struct ctl_words *words)
{
	const struct capsule_memory *m;

	if (words && words->hypervisor) {
		m = words->hypervisor;
		fprintf(out, "hypervisor_memory (0x%" PRIx64 "-0x%" PRIx64 ")", m->phys_start,
			m->phys_start + m->size - 1);
		return;
	}
	fprintf(out, "memory region %" PRIu64, index);
	if (!words || index >= words->num_regions)
		return;
	m = &words->regions[index];
	if (m->flags & CAPSULE_MEM_VIRT_IS_PHYS)
		return;
	fprintf(out, " (IPA 0x%" PRIx64 "-0x%" PRIx64, m->virt_start, m->virt_start + m->size - 1);
	if (!(m->flags & (CAPSULE_MEM_PHYS_ANY | CAPSULE_MEM_COMM_REGION)))
		fprintf(out, ", physical 0x%" PRIx64, m->phys_start);
	fputc(')', out);
}

static void put_detail(FILE *out, char kind, uint64_t value, const struct ctl_words *words)
{
	switch (kind) {
	case 'x':
		fprintf(out, "0x%" PRIx64, value);
		break;
	case 's':
		put_size(out, value);
		break;
	case 'v':
		fprintf(out, "%" PRIu64 ".%" PRIu64, value >> 16, value & 0xffff);
		break;
	case 'r':
		put_region(out, value, words);
		break;
	default:
		fprintf(out, "%" PRIu64, value);
		break;
	}
}

/* " (9010000.pl031, driver rtc-pl031)", or nothing where no device is known. */
static const char *device_text(uint64_t address)
{
	static char text[600];
	const char *name = ctl_device_name(address, 1);

	if (!name)
		return "";
	snprintf(text, sizeof(text), " (%s)", name);
	return text;
}

/* @word is what stands between the braces, @len characters. */
static void put_word(FILE *out, const char *word, size_t len, const struct capsule_err *err,
		     const struct ctl_words *words)
{
	const char *text = NULL;

	if (len == 4 && !memcmp(word, "cell", 4))
		text = words && words->cell ? words->cell : "of that name";
	else if (len == 4 && !memcmp(word, "file", 4))
		text = words && words->file ? words->file : "the configuration";
	else if (len == 6 && !memcmp(word, "undone", 6))
		text = words && words->undone ? words->undone : "what had begun was undone";
	else if (len == 3 && !memcmp(word, "kvm", 3))
		text = words && words->process ? words->process : "";
	else if (len == 6 && !memcmp(word, "device", 6))
		text = device_text(err->detail[1]);
	if (text)
		fputs(text, out);
	else
		put_detail(out, word[0], err->detail[word[len - 1] == '1'], words);
}

static void put_template(FILE *out, const char *s, const struct capsule_err *err,
			 const struct ctl_words *words)
{
	const char *end;

	for (; *s; s++) {
		end = *s == '{' ? strchr(s, '}') : NULL;
		if (!end) {
			fputc(*s, out);
			continue;
		}
		put_word(out, s + 1, (size_t)(end - s) - 1, err, words);
		s = end;
	}
}

/*
 * Prints the one line for a refusal on stderr; returns its exit code. @words
 * may be NULL.
 */
int ctl_refuse(const struct capsule_err *err, const struct ctl_words *words)
{
	const struct text *text = find_text(err->reason);

	if (!text)
		return ctl_fail(CTL_EXIT_UNEXPECTED,
				"refused for reason %u (0x%" PRIx64 ", 0x%" PRIx64 "), which this program does not know",
				err->reason, err->detail[0], err->detail[1]);
	fflush(stdout);
	fputs("capsulectl: ", stderr);
	put_template(stderr, text->cause, err, words);
	fputs(": ", stderr);
	put_template(stderr, text->remedy, err, words);
	fputc('\n', stderr);
	return ctl_reason_exit(err->reason);
}

/* capsulectl exit-codes: "code symbol cause" a line; capsulectl(1) has the same table. */
int cmd_exit_codes(int argc, char **argv)
{
	size_t i;

	(void)argv;
	if (argc > 1)
		return ctl_usage("exit-codes: takes no argument");
	printf("%3d OK\n%3d UNEXPECTED\n%3d USAGE\n%3d FILE\n%3d NO_DRIVER\n%3d PERMISSION\n%3d DRIVER_VERSION\n"
	       "%3d KERNEL\n%3d MEMORY\n%3d NOT_FOR_LINUX\n%3d HARDWARE\n",
	       CTL_EXIT_OK, CTL_EXIT_UNEXPECTED, CTL_EXIT_USAGE, CTL_EXIT_FILE,
	       CTL_EXIT_NO_DRIVER, CTL_EXIT_PERMISSION, CTL_EXIT_DRIVER_VERSION,
	       CTL_EXIT_KERNEL, CTL_EXIT_MEMORY, CTL_EXIT_NOT_FOR_LINUX,
	       CTL_EXIT_HARDWARE);
	for (i = 0; i < NUM_TEXTS; i++)
		printf("%3d %s\n", ctl_reason_exit(texts[i].reason), texts[i].name);
	return CTL_EXIT_OK;
}
