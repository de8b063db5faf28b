// SPDX-License-Identifier: Apache-2.0
/*
 * The device tree's nodes for devices that were passed to a Linux guest. What
 * they are stands in the tree that the agency was booted with; a node whose
 * registers lie in a device region of the cell is copied, but for what means
 * nothing in the guest: phandles, and whatever refers to another node.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux.h"

#define LIVE_TREE	CTL_ROOT "/sys/firmware/fdt"
#define MAX_TREE	(16L << 20)	/* bytes; more than any machine's */
#define MAX_PATH	256
#define MAX_REG		8		/* ranges of registers of a device */
#define MAX_INTERRUPTS	32
#define MAX_CLOCKS	8
#define MAX_GIC_CELLS	8
#define GIC_SPI		0U
#define FIRST_SPI	32U

struct copier {
	const void *live;		/* the agency's tree */
	void *fdt;			/* the guest's, with room */
	const struct chk_cell *cell;
	int node;			/* in live */
	char path[MAX_PATH];		/* of it */
	char copy[MAX_PATH];		/* path of its copy in fdt */
};

static void tell(const struct copier *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(const struct copier *c, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "capsulectl: %s: warning: %s ", c->cell->file, c->path);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static int tree_failed(const struct copier *c, int error)
{
	return ctl_fail(CTL_EXIT_UNEXPECTED, "the device tree cannot take %s: %s", c->path,
			fdt_strerror(error));
}

static uint64_t read_number(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 32 | fdt32_to_cpu(*cells++);
	return value;
}

/* By one bus towards the root: ranges are child, parent and size. False where there is no way. */
static bool translate(const void *live, int bus, uint64_t *address)
{
	int parent = fdt_parent_offset(live, bus), length, child_cells, parent_cells, size_cells;
	const fdt32_t *r = fdt_getprop(live, bus, "ranges", &length);
	const fdt32_t *end;
	uint64_t start, size;

	if (!r || parent < 0)
		return false;
	if (!length)
		return true;
	child_cells = fdt_address_cells(live, bus);
	parent_cells = fdt_address_cells(live, parent);
	size_cells = fdt_size_cells(live, bus);
	/* Addresses of PCI have three cells: another kind of device. */
	if (child_cells < 1 || child_cells > 2 || parent_cells < 1 || parent_cells > 2 ||
	    size_cells < 1)
		return false;
	for (end = r + length / 4; end - r >= child_cells + parent_cells + size_cells;
	     r += child_cells + parent_cells + size_cells) {
		start = read_number(r, child_cells);
		size = read_number(r + child_cells + parent_cells, size_cells);
		if (*address < start || *address - start >= size)
			continue;
		*address += read_number(r + child_cells, parent_cells) - start;
		return true;
	}
	return false;
}

/* Physical address and size of entry @index of the node's registers. */
static bool read_reg(const void *live, int node, int index, uint64_t *address, uint64_t *size)
{
	int bus = fdt_parent_offset(live, node), length, address_cells, size_cells;
	const fdt32_t *reg = fdt_getprop(live, node, "reg", &length);

	if (!reg || bus < 0)
		return false;
	address_cells = fdt_address_cells(live, bus);
	size_cells = fdt_size_cells(live, bus);
	if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2 ||
	    (index + 1) * (address_cells + size_cells) * 4 > length)
		return false;
	reg += index * (address_cells + size_cells);
	*address = read_number(reg, address_cells);
	*size = read_number(reg + address_cells, size_cells);
	for (; bus > 0; bus = fdt_parent_offset(live, bus))
		if (!translate(live, bus, address))
			return false;
	return *size != 0;
}

/* The device region that holds the range, NULL if none holds all of it. */
static const struct capsule_memory *region_of(const struct chk_cell *cell, uint64_t address,
					      uint64_t size)
{
	const struct capsule_memory *m;

	for (m = cell->regions; m < cell->regions + cell->desc.num_memory_regions; m++)
		if (m->flags & CAPSULE_MEM_IO && address >= m->phys_start &&
		    address - m->phys_start < m->size &&
		    size <= m->size - (address - m->phys_start))
			return m;
	return NULL;
}

static bool is_enabled(const void *live, int node)
{
	const char *status = fdt_getprop(live, node, "status", NULL);

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

static int put_reg(const struct copier *c)
{
	uint64_t address, size;
	int i, node, rc = 0;

	for (i = 0; !rc && i < MAX_REG && read_reg(c->live, c->node, i, &address, &size); i++) {
		const struct capsule_memory *m = region_of(c->cell, address, size);

		if (!m) {
			tell(c, "has registers at 0x%" PRIx64 " that the cell does not: add a region for them",
			     address);
			continue;
		}
		node = fdt_path_offset(c->fdt, c->copy);
		rc = fdt_appendprop_addrrange(c->fdt, 0, node, "reg",
					      m->virt_start + (address - m->phys_start), size);
	}
	return rc;
}

/* What names nodes elsewhere in the tree. In the guest those are not there. */
static bool is_reference(const char *name)
{
	static const char *const names[] = {
		"resets", "power-domains", "dmas", "phys", "iommus", "msi-parent", "memory-region",
		"mboxes", "hwlocks", "nvmem-cells", "io-channels", "pwms", "thermal-sensors",
		"phy-handle", "interconnects", "operating-points-v2", "cooling-device", "gpios",
		"gpio", "access-controllers", "extcon", "syscon", "regmap", "mdio-handle",
	};
	static const char *const ends[] = { "-supply", "-gpios", "-gpio", "-syscon", "-map" };
	size_t i, length = strlen(name);

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (length > strlen(ends[i]) && !strcmp(name + length - strlen(ends[i]), ends[i]))
			return true;
	return !strncmp(name, "pinctrl-", 8) && strcmp(name, "pinctrl-names");
}

/* Made anew, or without a meaning once the references are gone. */
static bool is_left_out(const char *name)
{
	static const char *const names[] = {
		"reg", "phandle", "linux,phandle", "status", "interrupts", "interrupts-extended",
		"interrupt-parent", "clocks", "clock-names", "assigned-clocks",
		"assigned-clock-rates", "assigned-clock-parents", "reset-names",
		"power-domain-names", "dma-names", "phy-names", "pinctrl-names", "#address-cells",
		"#size-cells", "ranges", "dma-ranges", "name",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int put_property(const struct copier *c, const char *name, const void *value, int length)
{
	return fdt_setprop(c->fdt, fdt_path_offset(c->fdt, c->copy), name, value, length);
}

static int put_properties(const struct copier *c)
{
	const char *name;
	const void *value;
	int property, length, rc = 0;

	fdt_for_each_property_offset(property, c->live, c->node) {
		value = fdt_getprop_by_offset(c->live, property, &name, &length);
		if (!value || rc)
			break;
		if (is_reference(name))
			tell(c, "depends on another device (%s), which the guest does not have",
			     name);
		else if (!is_left_out(name))
			rc = put_property(c, name, value, length);
	}
	if (fdt_first_subnode(c->live, c->node) >= 0)
		tell(c, "has nodes of its own, which are left out");
	return rc;
}

/* A property of the node or of the nearest node above that has it. */
static const void *inherited(const struct copier *c, const char *name, int *length)
{
	const void *value = NULL;
	int node;

	for (node = c->node; node >= 0 && !value; node = fdt_parent_offset(c->live, node))
		value = fdt_getprop(c->live, node, name, length);
	return value;
}

static bool cell_has_spi(const struct chk_cell *cell, uint32_t intid)
{
	const struct capsule_irqchip *chip;

	for (chip = cell->irqchips; chip < cell->irqchips + cell->desc.num_irqchips; chip++)
		if (intid >= chip->pin_base && intid - chip->pin_base < 128 &&
		    chip->pin_bitmap[(intid - chip->pin_base) / 32] >>
		    (intid - chip->pin_base) % 32 & 1)
			return true;
	return false;
}

/* The cells of an interrupt at a GIC: kind, number, trigger; 0 where it is another controller. */
static int gic_cells(const struct copier *c, uint32_t phandle)
{
	static const char *const gics[] = {
		"arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic",
	};
	int node = fdt_node_offset_by_phandle(c->live, phandle);
	const fdt32_t *cells;
	uint32_t width;
	size_t i;

	for (i = 0; node >= 0 && i < sizeof(gics) / sizeof(gics[0]); i++) {
		if (fdt_node_check_compatible(c->live, node, gics[i]))
			continue;
		cells = fdt_getprop(c->live, node, "#interrupt-cells", NULL);
		width = cells ? fdt32_to_cpu(*cells) : 0;
		return width >= 3 && width <= MAX_GIC_CELLS ? (int)width : 0;
	}
	return 0;
}

static int put_interrupt(const struct copier *c, const fdt32_t *cells)
{
	uint32_t intid = fdt32_to_cpu(cells[1]) + FIRST_SPI;

	if (fdt32_to_cpu(cells[0]) != GIC_SPI) {
		tell(c, "has an interrupt that is private to each CPU, which is left out");
		return CTL_EXIT_OK;
	}
	if (!cell_has_spi(c->cell, intid))
		return ctl_fail(ctl_reason_exit(CAPSULE_REASON_IRQ_NOT_OWNED),
				"%s: %s needs interrupt %u, which the cell does not have: name it in an irqchip of the configuration",
				c->cell->file, c->path, intid);
	if (fdt_appendprop(c->fdt, fdt_path_offset(c->fdt, c->copy), "interrupts", cells,
			   3 * sizeof(*cells)))
		return tree_failed(c, -FDT_ERR_NOSPACE);
	return CTL_EXIT_OK;
}

static int put_interrupts(const struct copier *c)
{
	bool extended = fdt_getprop(c->live, c->node, "interrupts-extended", NULL);
	const fdt32_t *parent = inherited(c, "interrupt-parent", NULL), *at, *end;
	int length = 0, width, code = CTL_EXIT_OK;

	at = fdt_getprop(c->live, c->node, extended ? "interrupts-extended" : "interrupts",
			 &length);
	if (!at)
		return CTL_EXIT_OK;
	end = at + length / 4;
	while (!code && at < end) {
		const fdt32_t *controller = extended ? at++ : parent;

		width = controller ? gic_cells(c, fdt32_to_cpu(*controller)) : 0;
		if (!width || end - at < width) {
			tell(c, "has an interrupt at another controller than the GIC, which the guest does not have");
			break;
		}
		code = put_interrupt(c, at);
		at += width;
	}
	return code;
}

/* A clock that the agency says runs at this rate; the agency must not change it. */
static int add_clock(const struct copier *c, int index, uint32_t rate, uint32_t *phandle)
{
	char name[64], *at;
	int node, rc = fdt_generate_phandle(c->fdt, phandle);

	snprintf(name, sizeof(name), "clock-%d-%s", index, strrchr(c->copy, '/') + 1);
	at = strchr(name, '@');
	if (at)
		*at = '-';
	node = rc ? rc : fdt_add_subnode(c->fdt, 0, name);
	if (node < 0)
		return node;
	rc = fdt_setprop_string(c->fdt, node, "compatible", "fixed-clock");
	if (!rc)
		rc = fdt_setprop_u32(c->fdt, node, "#clock-cells", 0);
	if (!rc)
		rc = fdt_setprop_u32(c->fdt, node, "clock-frequency", rate);
	return rc ? rc : fdt_setprop_u32(c->fdt, node, "phandle", *phandle);
}

/* Rates of the node's clocks; their number, 0 if one of them is not known. */
static int read_clocks(const struct copier *c, uint32_t rates[MAX_CLOCKS])
{
	const fdt32_t *at, *end, *width, *rate;
	int length, provider, count = 0;

	at = fdt_getprop(c->live, c->node, "clocks", &length);
	for (end = at ? at + length / 4 : NULL; at < end && count < MAX_CLOCKS; count++) {
		provider = fdt_node_offset_by_phandle(c->live, fdt32_to_cpu(*at++));
		if (provider < 0)
			return 0;
		width = fdt_getprop(c->live, provider, "#clock-cells", NULL);
		rate = fdt_getprop(c->live, provider, "clock-frequency", NULL);
		if (!width || !rate || fdt_node_check_compatible(c->live, provider, "fixed-clock"))
			return 0;
		at += fdt32_to_cpu(*width);
		rates[count] = fdt32_to_cpu(*rate);
	}
	return at == end ? count : 0;
}

static int put_clocks(const struct copier *c)
{
	uint32_t rates[MAX_CLOCKS], phandles[MAX_CLOCKS];
	int count = read_clocks(c, rates), length, i, rc = 0;
	const void *names = fdt_getprop(c->live, c->node, "clock-names", &length);

	if (!count) {
		if (fdt_getprop(c->live, c->node, "clocks", NULL))
			tell(c, "has a clock whose rate is not known (no fixed-clock), it is left out");
		return 0;
	}
	for (i = 0; !rc && i < count; i++) {
		rc = add_clock(c, i, rates[i], &phandles[i]);
		phandles[i] = cpu_to_fdt32(phandles[i]);
	}
	if (!rc)
		rc = put_property(c, "clocks", phandles, count * (int)sizeof(phandles[0]));
	return rc || !names ? rc : put_property(c, "clock-names", names, length);
}

static int put_coherence(const struct copier *c)
{
	int length;

	if (!inherited(c, "dma-coherent", &length))
		return 0;
	return put_property(c, "dma-coherent", NULL, 0);
}

/* Names of the copies are those in the agency, but with the guest's address. */
static int copy_node(struct copier *c, uint64_t guest_address)
{
	const char *name = fdt_get_name(c->live, c->node, NULL);
	int rc, code;

	snprintf(c->copy, sizeof(c->copy), "/%.*s@%" PRIx64, (int)strcspn(name, "@"), name,
		 guest_address);
	rc = fdt_add_subnode(c->fdt, 0, c->copy + 1);
	if (rc >= 0)
		rc = put_reg(c);
	if (!rc)
		rc = put_properties(c);
	if (!rc)
		rc = put_coherence(c);
	if (!rc)
		rc = put_clocks(c);
	code = rc < 0 ? tree_failed(c, rc) : put_interrupts(c);
	if (!code)
		ctl_info("%s is in the guest's device tree as %s", c->path, c->copy);
	return code;
}

static int copy_devices(struct copier *c)
{
	const struct capsule_memory *m;
	uint64_t address, size;
	int code = CTL_EXIT_OK;

	for (c->node = fdt_next_node(c->live, 0, NULL); !code && c->node >= 0;
	     c->node = fdt_next_node(c->live, c->node, NULL)) {
		if (!read_reg(c->live, c->node, 0, &address, &size) ||
		    !is_enabled(c->live, c->node) ||
		    !fdt_getprop(c->live, c->node, "compatible", NULL))
			continue;
		m = region_of(c->cell, address, size);
		if (!m || fdt_get_path(c->live, c->node, c->path, sizeof(c->path)))
			continue;
		code = copy_node(c, m->virt_start + (address - m->phys_start));
	}
	return code;
}

/* The tree of the running system; *live is to be freed. */
static int read_live(void **live)
{
	int fd = open(LIVE_TREE, O_RDONLY | O_CLOEXEC);
	ssize_t n, size = 0;

	*live = fd < 0 ? NULL : malloc(MAX_TREE);
	while (*live && size < MAX_TREE &&
	       (n = read(fd, (char *)*live + size, (size_t)(MAX_TREE - size))) > 0)
		size += n;
	if (fd >= 0)
		close(fd);
	if (*live && !fdt_check_full(*live, (size_t)size))
		return CTL_EXIT_OK;
	free(*live);
	return ctl_fail(CTL_EXIT_FILE, "%s cannot be read, which tells what the passed devices are: give the guest a device tree by -d",
			LIVE_TREE);
}

static bool has_device(const struct chk_cell *cell)
{
	uint32_t i;

	for (i = 0; i < cell->desc.num_memory_regions; i++)
		if (cell->regions[i].flags & CAPSULE_MEM_IO)
			return true;
	return false;
}

/*
 * Adds to @fdt, which has room, the devices in the cell's device regions as
 * the agency's tree describes them. Refuses where an interrupt of one is not
 * the cell's; warns of what else a device needs and the guest does not have.
 */
int dt_add_devices(void *fdt, const struct linux_machine *machine)
{
	struct copier c = { .fdt = fdt, .cell = machine->cell };
	void *live;
	int code;

	if (!has_device(machine->cell))
		return CTL_EXIT_OK;
	code = read_live(&live);
	if (code)
		return code;
	c.live = live;
	code = copy_devices(&c);
	free(live);
	return code;
}
