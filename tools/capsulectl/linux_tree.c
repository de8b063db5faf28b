// SPDX-License-Identifier: Apache-2.0
/*
 * The device tree of a Linux guest, from its cell's configuration. Bindings:
 * Linux, Documentation/devicetree/bindings; the chosen node: Devicetree
 * Specification 0.4, 3.6, and Documentation/arm64/booting.rst.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux.h"

#define PHANDLE_GIC	1
#define PHANDLE_CLOCK	2
#define GIC_SPI		0
#define GIC_PPI		1
#define LEVEL_HIGH	4
#define FIRST_SPI	32
#define GICD_SIZE	0x10000
#define GICV2_GICD_SIZE	0x1000U
#define GICC_SIZE	0x2000U
#define GICR_SIZE	0x20000		/* of one CPU */
#define CLOCK_HZ	24000000	/* of the virtual PL011 */
#define CPUS_A_CLUSTER	16		/* a cell's CPUs have Aff0 0..15, then Aff1 counts */

static const uint32_t seed_sizes[LINUX_SEEDS] = { 8, 64 };
static const char *const seed_names[LINUX_SEEDS] = { "kaslr-seed", "rng-seed" };

/* A tree in the making: the first error stays. */
struct maker {
	void *fdt;
	int error;
};

#define DO(m, call)						\
	do {							\
		if (!(m)->error)				\
			(m)->error = (call);			\
	} while (0)

static void begin(struct maker *m, const char *name)
{
	DO(m, fdt_begin_node(m->fdt, name));
}

static void begin_at(struct maker *m, const char *name, uint64_t address)
{
	char text[64];

	snprintf(text, sizeof(text), "%s@%" PRIx64, name, address);
	begin(m, text);
}

static void end(struct maker *m)
{
	DO(m, fdt_end_node(m->fdt));
}

static void put_u32(struct maker *m, const char *name, uint32_t value)
{
	DO(m, fdt_property_u32(m->fdt, name, value));
}

static void put_text(struct maker *m, const char *name, const char *text)
{
	DO(m, fdt_property(m->fdt, name, text, (int)strlen(text) + 1));
}

/* A list of strings as in C, "a\0b"; its last NUL is the literal's. */
#define put_texts(m, name, texts) DO(m, fdt_property((m)->fdt, name, texts, sizeof(texts)))

static void put_flag(struct maker *m, const char *name)
{
	DO(m, fdt_property(m->fdt, name, NULL, 0));
}

static void put_cells(struct maker *m, const char *name, const uint32_t *cells, size_t count)
{
	fdt32_t value[16];
	size_t i;

	for (i = 0; i < count; i++)
		value[i] = cpu_to_fdt32(cells[i]);
	DO(m, fdt_property(m->fdt, name, value, (int)(count * sizeof(value[0]))));
}

/* Pairs of address and size, each of two cells. */
static void put_reg(struct maker *m, const uint64_t *pairs, size_t count)
{
	uint32_t cells[16];
	size_t i;

	for (i = 0; i < 2 * count; i++) {
		cells[2 * i] = (uint32_t)(pairs[i] >> 32);
		cells[2 * i + 1] = (uint32_t)pairs[i];
	}
	put_cells(m, "reg", cells, 4 * count);
}

static unsigned int count_cpus(const struct linux_machine *machine)
{
	return (unsigned int)__builtin_popcountll(machine->cell->cpus);
}

static void add_cpus(struct maker *m, const struct linux_machine *machine)
{
	unsigned int i;

	begin(m, "cpus");
	put_u32(m, "#address-cells", 1);
	put_u32(m, "#size-cells", 0);
	for (i = 0; i < count_cpus(machine); i++) {
		uint32_t mpidr = i / CPUS_A_CLUSTER << 8 | i % CPUS_A_CLUSTER;

		begin_at(m, "cpu", mpidr);
		put_text(m, "device_type", "cpu");
		put_text(m, "compatible", "arm,armv8");
		put_u32(m, "reg", mpidr);
		put_text(m, "enable-method", "psci");
		end(m);
	}
	end(m);
	begin(m, "psci");
	put_texts(m, "compatible", "arm,psci-1.0\0arm,psci-0.2");
	put_text(m, "method", "hvc");
	end(m);
}

/* LOADABLE regions are the guest's own RAM; what is shared is not for its allocator. */
static void add_memory(struct maker *m, const struct linux_machine *machine)
{
	const struct chk_cell *cell = machine->cell;
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++) {
		const struct capsule_memory *r = &cell->regions[i];

		if (!(r->flags & CAPSULE_MEM_LOADABLE) || !(r->flags & CAPSULE_MEM_WRITE))
			continue;
		begin_at(m, "memory", r->virt_start);
		put_text(m, "device_type", "memory");
		put_reg(m, (const uint64_t[]) { r->virt_start, r->size }, 1);
		end(m);
	}
}

static void put_gic(struct maker *m, const char *compatible, const uint64_t reg[4])
{
	begin_at(m, "interrupt-controller", reg[0]);
	put_text(m, "compatible", compatible);
	put_reg(m, reg, 2);
	put_u32(m, "#interrupt-cells", 3);
	put_u32(m, "#address-cells", 0);
	put_flag(m, "interrupt-controller");
	put_u32(m, "phandle", PHANDLE_GIC);
	end(m);
}

/* A cell finds its redistributors one after the other from the first frame on. */
static void add_gicv3(struct maker *m, const struct linux_machine *machine)
{
	const struct capsule_platform *p = machine->platform;

	put_gic(m, "arm,gic-v3", (const uint64_t[]) {
		p->gicd_base, GICD_SIZE,
		p->gicr_base, (uint64_t)GICR_SIZE * count_cpus(machine) });
}

/* The CPU interface that a cell finds there is its virtual one. */
static void add_gicv2(struct maker *m, const struct linux_machine *machine)
{
	const struct capsule_platform *p = machine->platform;

	put_gic(m, "arm,gic-400", (const uint64_t[]) {
		p->gicd_base, GICV2_GICD_SIZE, p->gicc_base, GICC_SIZE });
}

static const struct {
	uint8_t version;
	void (*add)(struct maker *m, const struct linux_machine *machine);
} gics[] = {
	{ 2, add_gicv2 },
	{ 3, add_gicv3 },
};

static int add_gic(struct maker *m, const struct linux_machine *machine)
{
	uint8_t version = machine->platform->gic_version;
	size_t i;

	for (i = 0; i < sizeof(gics) / sizeof(gics[0]); i++)
		if (gics[i].version == version) {
			gics[i].add(m, machine);
			return CTL_EXIT_OK;
		}
	return ctl_fail(CTL_EXIT_NOT_FOR_LINUX, "no device tree can be made for a GICv%u: "
			"give one by -d", version);
}

/* Secure, non-secure, virtual and hypervisor's timer: PPIs 13, 14, 11, 10. */
static void add_timer(struct maker *m)
{
	static const uint32_t interrupts[] = {
		GIC_PPI, 13, LEVEL_HIGH, GIC_PPI, 14, LEVEL_HIGH,
		GIC_PPI, 11, LEVEL_HIGH, GIC_PPI, 10, LEVEL_HIGH,
	};

	begin(m, "timer");
	put_text(m, "compatible", "arm,armv8-timer");
	put_cells(m, "interrupts", interrupts, sizeof(interrupts) / sizeof(interrupts[0]));
	put_flag(m, "always-on");
	end(m);
}

static void add_clock(struct maker *m)
{
	begin(m, "clock");
	put_text(m, "compatible", "fixed-clock");
	put_u32(m, "#clock-cells", 0);
	put_u32(m, "clock-frequency", CLOCK_HZ);
	put_u32(m, "phandle", PHANDLE_CLOCK);
	end(m);
}

static bool has_console(const struct chk_cell *cell)
{
	return cell->desc.console.type == CAPSULE_CON_PL011 &&
	       (cell->desc.console.flags & CAPSULE_CON_VIRTUAL);
}

static void add_console(struct maker *m, const struct linux_machine *machine)
{
	const struct capsule_console *c = &machine->cell->desc.console;
	const uint32_t interrupt[] = { GIC_SPI, c->irq - FIRST_SPI, LEVEL_HIGH };
	const uint32_t clocks[] = { PHANDLE_CLOCK, PHANDLE_CLOCK };

	begin_at(m, "serial", c->address);
	put_texts(m, "compatible", "arm,pl011\0arm,primecell");
	put_reg(m, (const uint64_t[]) { c->address, c->size }, 1);
	put_cells(m, "interrupts", interrupt, 3);
	put_cells(m, "clocks", clocks, 2);
	put_texts(m, "clock-names", "uartclk\0apb_pclk");
	end(m);
}

static void add_chosen(struct maker *m, const struct linux_machine *machine)
{
	char path[64];

	begin(m, "chosen");
	snprintf(path, sizeof(path), "/serial@%" PRIx64, machine->cell->desc.console.address);
	put_text(m, "stdout-path", path);
	end(m);
}

static int tree_failed(int error)
{
	return ctl_fail(CTL_EXIT_UNEXPECTED, "the device tree cannot be made: %s",
			fdt_strerror(error));
}

static int alloc_tree(struct linux_tree *tree)
{
	tree->fdt = calloc(1, LINUX_TREE_MAX);
	return tree->fdt ? CTL_EXIT_OK : ctl_fail(CTL_EXIT_UNEXPECTED, "out of memory");
}

/* Bytes of a finished tree. */
uint64_t linux_tree_size(const struct linux_tree *tree)
{
	return fdt_totalsize(tree->fdt);
}

void linux_free_tree(struct linux_tree *tree)
{
	free(tree->fdt);
	tree->fdt = NULL;
}

/* Without a console of its own nobody sees what a guest does. */
int linux_check_console(const struct chk_cell *cell)
{
	if (has_console(cell))
		return CTL_EXIT_OK;
	return ctl_fail(CTL_EXIT_NOT_FOR_LINUX, "%s gives the guest no console: set its console "
			"to a PL011 with CAPSULE_CON_VIRTUAL, or describe one in a tree given by -d",
			cell->file);
}

/* Makes all of the tree but what linux_finish_tree() adds. */
int linux_make_tree(const struct linux_machine *machine, struct linux_tree *tree)
{
	struct maker m = { 0 };
	int code = alloc_tree(tree);

	if (code)
		return code;
	m.fdt = tree->fdt;
	DO(&m, fdt_create(m.fdt, LINUX_TREE_MAX));
	DO(&m, fdt_finish_reservemap(m.fdt));
	begin(&m, "");
	put_u32(&m, "#address-cells", 2);
	put_u32(&m, "#size-cells", 2);
	put_u32(&m, "interrupt-parent", PHANDLE_GIC);
	put_text(&m, "compatible", "linux,dummy-virt");
	put_text(&m, "model", machine->cell->desc.name);
	add_cpus(&m, machine);
	add_memory(&m, machine);
	code = add_gic(&m, machine);
	add_timer(&m);
	add_clock(&m);
	add_console(&m, machine);
	add_chosen(&m, machine);
	end(&m);
	DO(&m, fdt_finish(m.fdt));
	DO(&m, fdt_open_into(m.fdt, m.fdt, LINUX_TREE_MAX));
	if (!code && m.error)
		code = tree_failed(m.error);
	return code ? code : dt_add_devices(tree->fdt, machine);
}

/* Reads the user's own tree, to be finished like one that was made. */
int linux_read_tree(const char *name, struct linux_tree *tree)
{
	struct linux_file file;
	ssize_t n;
	int code = linux_open_file(name, &file);

	if (code)
		return code;
	code = alloc_tree(tree);
	n = code ? 0 : pread(file.fd, tree->fdt, LINUX_TREE_MAX, 0);
	linux_close_file(&file);
	if (code)
		return code;
	if (n < 0)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", name, strerror(errno));
	if (file.size > LINUX_TREE_MAX || (size_t)n < sizeof(struct fdt_header) ||
	    fdt_check_full(tree->fdt, (size_t)n) ||
	    fdt_open_into(tree->fdt, tree->fdt, LINUX_TREE_MAX))
		return ctl_fail(CTL_EXIT_KERNEL, "%s is no device tree, or truncated, or larger "
				"than 2 MiB: compile it by dtc", name);
	return CTL_EXIT_OK;
}

static int chosen_node(void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen");

	return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, "chosen") : node;
}

static void find_seeds(struct linux_tree *tree)
{
	int node = fdt_path_offset(tree->fdt, "/chosen");
	size_t i;

	for (i = 0; i < LINUX_SEEDS; i++) {
		const char *value = fdt_getprop(tree->fdt, node, seed_names[i], NULL);

		tree->seeds[i].offset = (uint32_t)(value - (const char *)tree->fdt);
		tree->seeds[i].size = seed_sizes[i];
	}
}

/*
 * Adds what a start needs, and packs the tree. The seeds are zero: the driver
 * puts random bytes there, fresh ones each time it loads the tree.
 */
int linux_finish_tree(const struct linux_machine *machine, struct linux_tree *tree)
{
	static const uint8_t zero[64];
	struct maker m = { .fdt = tree->fdt };
	int node = chosen_node(m.fdt);
	uint64_t initrd = machine->place->initrd;
	size_t i;

	m.error = node < 0 ? node : 0;
	if (machine->bootargs)
		DO(&m, fdt_setprop(m.fdt, node, "bootargs", machine->bootargs,
				   (int)strlen(machine->bootargs) + 1));
	if (machine->initrd_size) {
		DO(&m, fdt_setprop_u64(m.fdt, node, "linux,initrd-start", initrd));
		DO(&m, fdt_setprop_u64(m.fdt, node, "linux,initrd-end",
				       initrd + machine->initrd_size));
	}
	for (i = 0; i < LINUX_SEEDS; i++)
		DO(&m, fdt_setprop(m.fdt, node, seed_names[i], zero, (int)seed_sizes[i]));
	DO(&m, fdt_pack(m.fdt));
	if (m.error)
		return tree_failed(m.error);
	find_seeds(tree);
	return CTL_EXIT_OK;
}
