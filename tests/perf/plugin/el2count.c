// SPDX-License-Identifier: Apache-2.0
/*
 * Counts what EL2 executes, for each operation that a guest marks.
 *
 *   -plugin el2count.so,text=VA,size=BYTES,out=FILE[,alias=PA]
 *           [,vectors=VA][,mark=INSN:TABLE:FIRST:COUNT]...[,tag=VA]...
 *
 * text, size   the image's text at EL2, to which nothing else is mapped
 * alias        the same text where it runs with EL2's MMU off
 * vectors      the 2 KiB of EL2's exception vectors: depth of stack is that of visits
 *              that begin there
 * mark         a store instruction of a guest, which writes entry 2 * n of a
 *              table of 64-bit words as operation FIRST + n begins, and entry
 *              2 * n + 1 when it has ended; n is below COUNT
 * tag          visits that execute this instruction are counted apart, too
 *
 * A visit is what a CPU executes from the entry into the text to ERET. One
 * operation at a time can be measured; it is charged with what every CPU does
 * at EL2 meanwhile. QEMU must run its CPUs in one thread (-icount), so nothing
 * here needs a lock.
 *
 * Written to FILE when QEMU ends, numbers in decimal:
 *   sample OP INDEX CPU INSNS VISITS LONGEST TAGGED_INSNS TAGGED_VISITS TAGGED_LONGEST
 *   profile OP CPU all|tagged OFFSET COUNT ...   of the last sample; bytes from text
 *   stack CPU LOWEST HIGHEST                     addresses of stores through SP
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_v1.h"

#define MAX_CPUS	16
#define MAX_OPS		128
#define MAX_MARKS	4
#define MAX_TAGS	64
#define MAX_TEXT	(1U << 20)
#define VECTORS_SIZE	0x800
#define INSN_ERET	0xd69f03e0U
#define INSN_MARK	0xf900001fU	/* str xzr, [x0] */
#define RN_IS_SP(insn)	(((insn) >> 5 & 0x1f) == 31)
#define IS_LDST(insn)	(((insn) >> 25 & 0x5) == 0x4)	/* op0 of loads and stores: x1x0 */

struct mark {
	uint64_t insn, table, first, count;
};

struct tally {
	uint64_t insns, visits, longest;
};

struct profile {
	uint32_t *counts;	/* one for each instruction of the text */
};

struct cpu {
	bool inside;		/* a visit is going on */
	bool by_vector;		/* it began with an exception */
	bool tagged;
	uint64_t visit;		/* instructions of this visit inside the operation */
	uint32_t *seen;		/* how often this visit executed each instruction */
	uint32_t *touched;	/* which it executed */
	uint32_t num_touched;
	struct tally all, tag;
	uint64_t stack_low, stack_high;
};

static uint64_t text, text_size, alias, vectors, tags[MAX_TAGS];
static struct mark marks[MAX_MARKS];
static unsigned int num_marks, num_tags, num_cpus;
static struct cpu cpus[MAX_CPUS];
static struct profile profiles[MAX_OPS][MAX_CPUS][2];
static uint64_t samples[MAX_OPS];
static int op = -1;
static FILE *out;

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		fprintf(stderr, "el2count: out of memory\n");
		exit(1);
	}
	return memory;
}

static void add(struct tally *tally, uint64_t visit)
{
	tally->insns += visit;
	tally->visits++;
	if (visit > tally->longest)
		tally->longest = visit;
}

static uint32_t *profile_of(unsigned int cpu, bool tagged)
{
	struct profile *profile = &profiles[op][cpu][tagged];

	if (!profile->counts)
		profile->counts = zeroed(text_size / 4, sizeof(uint32_t));
	return profile->counts;
}

/* What the visit did so far goes to the operation; the visit may go on. */
static void charge(unsigned int n)
{
	struct cpu *cpu = &cpus[n];
	uint32_t *all, *tagged;

	if (op >= 0 && cpu->visit) {
		all = profile_of(n, false);
		tagged = cpu->tagged ? profile_of(n, true) : NULL;
		for (uint32_t i = 0; i < cpu->num_touched; i++) {
			all[cpu->touched[i]] += cpu->seen[cpu->touched[i]];
			if (tagged)
				tagged[cpu->touched[i]] += cpu->seen[cpu->touched[i]];
		}
		add(&cpu->all, cpu->visit);
		if (cpu->tagged)
			add(&cpu->tag, cpu->visit);
	}
	for (uint32_t i = 0; i < cpu->num_touched; i++)
		cpu->seen[cpu->touched[i]] = 0;
	cpu->num_touched = 0;
	cpu->visit = 0;
}

static void on_insn(unsigned int n, void *data)
{
	struct cpu *cpu = &cpus[n];
	uint32_t index = (uint32_t)(uintptr_t)data;

	if (!cpu->inside)
		cpu->by_vector = text + index * 4UL - vectors < VECTORS_SIZE;
	cpu->inside = true;
	if (op < 0)
		return;
	cpu->visit++;
	if (cpu->seen[index]++ == 0)
		cpu->touched[cpu->num_touched++] = index;
}

static void on_tag(unsigned int n, void *data)
{
	(void)data;
	cpus[n].tagged = true;
}

static void on_eret(unsigned int n, void *data)
{
	on_insn(n, data);
	charge(n);
	cpus[n].inside = false;
	cpus[n].tagged = false;
}

static void on_stack(unsigned int n, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	struct cpu *cpu = &cpus[n];

	(void)info;
	(void)data;
	if (!cpu->by_vector)
		return;		/* on its way in, partly on another stack */
	if (!cpu->stack_low || vaddr < cpu->stack_low)
		cpu->stack_low = vaddr;
	if (vaddr > cpu->stack_high)
		cpu->stack_high = vaddr;
}

static void print_tally(const struct tally *tally)
{
	fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64, tally->insns, tally->visits,
		tally->longest);
}

static void begin(int which)
{
	for (unsigned int i = 0; i < num_cpus; i++) {
		charge(i);
		memset(&cpus[i].all, 0, sizeof(cpus[i].all));
		memset(&cpus[i].tag, 0, sizeof(cpus[i].tag));
	}
	op = which;
	for (unsigned int i = 0; i < num_cpus; i++)
		for (unsigned int kind = 0; kind < 2; kind++)
			if (profiles[op][i][kind].counts)
				memset(profiles[op][i][kind].counts, 0, text_size);
}

static void end(int which)
{
	if (op != which)
		return;
	for (unsigned int i = 0; i < num_cpus; i++) {
		charge(i);
		if (!cpus[i].all.visits)
			continue;
		fprintf(out, "sample %d %" PRIu64 " %u", op, samples[op], i);
		print_tally(&cpus[i].all);
		print_tally(&cpus[i].tag);
		fprintf(out, "\n");
	}
	samples[op]++;
	op = -1;
}

static void on_mark(unsigned int n, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	const struct mark *mark = data;
	uint64_t entry = (vaddr - mark->table) / 8;

	(void)n;
	(void)info;
	if (vaddr < mark->table || entry >= 2 * mark->count)
		return;		/* another program's instruction at the same address */
	if (entry % 2)
		end((int)(mark->first + entry / 2));
	else
		begin((int)(mark->first + entry / 2));
}

static void watch_el2(struct qemu_plugin_insn *insn, uint32_t opcode, uint64_t offset)
{
	void *index = (void *)(uintptr_t)(offset / 4);

	for (unsigned int i = 0; i < num_tags; i++)
		if (tags[i] == text + offset)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_tag,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, opcode == INSN_ERET ? on_eret : on_insn,
					       QEMU_PLUGIN_CB_NO_REGS, index);
	if (IS_LDST(opcode) && RN_IS_SP(opcode))
		qemu_plugin_register_vcpu_mem_cb(insn, on_stack, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
		uint32_t opcode;

		memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof(opcode));
		if (vaddr - text < text_size)
			watch_el2(insn, opcode, vaddr - text);
		else if (alias && vaddr - alias < text_size)
			watch_el2(insn, opcode, vaddr - alias);
		for (unsigned int m = 0; m < num_marks; m++)
			if (vaddr == marks[m].insn && opcode == INSN_MARK)
				qemu_plugin_register_vcpu_mem_cb(insn, on_mark,
								 QEMU_PLUGIN_CB_NO_REGS,
								 QEMU_PLUGIN_MEM_W, &marks[m]);
	}
}

static void print_profile(int which, unsigned int cpu, bool tagged)
{
	const uint32_t *counts = profiles[which][cpu][tagged].counts;

	if (!counts)
		return;
	fprintf(out, "profile %d %u %s", which, cpu, tagged ? "tagged" : "all");
	for (uint64_t i = 0; i < text_size / 4; i++)
		if (counts[i])
			fprintf(out, " %" PRIu64 " %u", i * 4, counts[i]);
	fprintf(out, "\n");
}

static void finish(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	for (int i = 0; i < MAX_OPS; i++)
		for (unsigned int c = 0; c < num_cpus; c++)
			for (unsigned int kind = 0; kind < 2; kind++)
				print_profile(i, c, kind);
	for (unsigned int c = 0; c < num_cpus; c++)
		fprintf(out, "stack %u %" PRIu64 " %" PRIu64 "\n", c, cpus[c].stack_low,
			cpus[c].stack_high);
	fclose(out);
}

static bool add_mark(const char *value)
{
	struct mark *mark = &marks[num_marks];

	if (num_marks == MAX_MARKS ||
	    sscanf(value, "%" SCNi64 ":%" SCNi64 ":%" SCNi64 ":%" SCNi64,
		   (int64_t *)&mark->insn, (int64_t *)&mark->table, (int64_t *)&mark->first,
		   (int64_t *)&mark->count) != 4 ||
	    mark->first + mark->count > MAX_OPS)
		return false;
	num_marks++;
	return true;
}

static bool add_tag(const char *value)
{
	if (num_tags == MAX_TAGS)
		return false;
	tags[num_tags++] = strtoull(value, NULL, 0);
	return true;
}

static bool take_argument(const char *argument)
{
	const char *value = strchr(argument, '=');

	if (!value++)
		return false;
	if (!strncmp(argument, "text=", 5))
		text = strtoull(value, NULL, 0);
	else if (!strncmp(argument, "size=", 5))
		text_size = strtoull(value, NULL, 0);
	else if (!strncmp(argument, "alias=", 6))
		alias = strtoull(value, NULL, 0);
	else if (!strncmp(argument, "vectors=", 8))
		vectors = strtoull(value, NULL, 0);
	else if (!strncmp(argument, "mark=", 5))
		return add_mark(value);
	else if (!strncmp(argument, "tag=", 4))
		return add_tag(value);
	else if (!strncmp(argument, "out=", 4))
		return (out = fopen(value, "w"));
	else
		return false;
	return true;
}

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_plugin_info_t *info,
				      int argc, char **argv);

PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_plugin_info_t *info,
				      int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!take_argument(argv[i])) {
			fprintf(stderr, "el2count: cannot use \"%s\"\n", argv[i]);
			return -1;
		}
	}
	num_cpus = (unsigned int)info->system.smp_vcpus;
	if (!out || !text || !text_size || text_size > MAX_TEXT || num_cpus > MAX_CPUS) {
		fprintf(stderr, "el2count: needs text, size up to 1 MiB, out, at most %u CPUs\n",
			MAX_CPUS);
		return -1;
	}
	for (unsigned int i = 0; i < num_cpus; i++) {
		cpus[i].seen = zeroed(text_size / 4, sizeof(uint32_t));
		cpus[i].touched = zeroed(text_size / 4, sizeof(uint32_t));
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
