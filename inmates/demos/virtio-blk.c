/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk on virtio-mmio (virtio 1.2, 4.2 and 5.2) that was passed to the cell:
 * says the text in sector 0, writes "written by a cell" to sector 1 and reads
 * it again, each by DMA and an interrupt. Ends with "virtio-blk: passed" or a
 * line that says "FAILED". Parameters:
 *   device=ADDRESS   its registers
 *   irq=INTID        its interrupt
 *   edge=1           taken as an edge, not as a level
 *   dma=ADDRESS      2 MiB of RAM whose guest address is its physical address
 */
#include <stdbool.h>

#include <inmate/comm.h>
#include <inmate/gic.h>
#include <inmate/mmu.h>
#include <inmate/params.h>
#include <inmate/platform.h>
#include <inmate/printf.h>
#include <inmate/string.h>
#include <inmate/sysreg.h>
#include <inmate/timer.h>

#define VIRTIO_MAGIC		0x74726976U	/* "virt" */
#define VIRTIO_ID_BLOCK		2U
#define REG_MAGIC		0x000U
#define REG_VERSION		0x004U
#define REG_DEVICE_ID		0x008U
#define REG_DRIVER_FEATURES	0x020U
#define REG_DRIVER_FEATURES_SEL	0x024U
#define REG_QUEUE_SEL		0x030U
#define REG_QUEUE_NUM		0x038U
#define REG_QUEUE_READY		0x044U
#define REG_QUEUE_NOTIFY	0x050U
#define REG_INTERRUPT_STATUS	0x060U
#define REG_INTERRUPT_ACK	0x064U
#define REG_STATUS		0x070U
#define REG_QUEUE_DESC		0x080U
#define REG_QUEUE_DRIVER	0x090U
#define REG_QUEUE_DEVICE	0x0a0U

#define STATUS_ACKNOWLEDGE	1U
#define STATUS_DRIVER		2U
#define STATUS_DRIVER_OK	4U
#define STATUS_FEATURES_OK	8U
#define FEATURE_VERSION_1	0U	/* bit 32: bit 0 of the second word */

#define QUEUE_SIZE	4U
#define DESC_NEXT	1U
#define DESC_WRITE	2U		/* by the device */
#define BLK_IN		0U
#define BLK_OUT		1U
#define SECTOR		512U
#define LIMIT_MS	10000U

struct desc {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct request {
	uint32_t type, reserved;
	uint64_t sector;
};

/* All that the device reads or writes. */
struct shared {
	struct desc desc[QUEUE_SIZE];
	struct {
		uint16_t flags, index, ring[QUEUE_SIZE];
	} driver;
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, length;
		} ring[QUEUE_SIZE];
	} device __attribute__((aligned(64)));
	struct request request;
	uint8_t status;
	char data[SECTOR];
};

static uintptr_t registers;
static volatile struct shared *shared;
static volatile unsigned int interrupts;	/* one CPU, counted by its handler */

static void write(unsigned int reg, uint32_t value)
{
	mmio_write32(registers + reg, value);
}

static uint32_t read(unsigned int reg)
{
	return mmio_read32(registers + reg);
}

static void on_interrupt(unsigned int intid)
{
	(void)intid;
	write(REG_INTERRUPT_ACK, read(REG_INTERRUPT_STATUS));
	interrupts = interrupts + 1;
}

static void set_edge(unsigned int intid)
{
	uintptr_t reg = platform_get()->gicd_base + GICD_ICFGR + intid / 16 * 4;

	mmio_write32(reg, mmio_read32(reg) | 2U << intid % 16 * 2);
}

static void write_address(unsigned int reg, const volatile void *p)
{
	write(reg, (uint32_t)(uintptr_t)p);
	write(reg + 4, (uint32_t)((uintptr_t)p >> 32));
}

static bool start(void)
{
	if (read(REG_MAGIC) != VIRTIO_MAGIC || read(REG_VERSION) != 2 ||
	    read(REG_DEVICE_ID) != VIRTIO_ID_BLOCK)
		return false;
	write(REG_STATUS, 0);
	write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	write(REG_DRIVER_FEATURES_SEL, 1);
	write(REG_DRIVER_FEATURES, 1U << FEATURE_VERSION_1);
	write(REG_DRIVER_FEATURES_SEL, 0);
	write(REG_DRIVER_FEATURES, 0);
	write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	if (!(read(REG_STATUS) & STATUS_FEATURES_OK))
		return false;
	write(REG_QUEUE_SEL, 0);
	write(REG_QUEUE_NUM, QUEUE_SIZE);
	write_address(REG_QUEUE_DESC, shared->desc);
	write_address(REG_QUEUE_DRIVER, &shared->driver);
	write_address(REG_QUEUE_DEVICE, &shared->device);
	write(REG_QUEUE_READY, 1);
	write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
	      STATUS_DRIVER_OK);
	return true;
}

static void describe(unsigned int i, const volatile void *p, uint32_t length, uint16_t flags)
{
	shared->desc[i].address = (uintptr_t)p;
	shared->desc[i].length = length;
	shared->desc[i].flags = flags;
	shared->desc[i].next = (uint16_t)(i + 1);
}

/* One transfer of shared->data; waits for its interrupt, not for the ring. */
static bool transfer(uint32_t type, uint64_t sector)
{
	unsigned int before = interrupts;
	uint64_t end = timer_now_phys() + timer_ms_to_ticks(LIMIT_MS);
	uint16_t ring = shared->driver.index;

	shared->request.type = type;
	shared->request.sector = sector;
	shared->status = 0xff;
	describe(0, &shared->request, sizeof(shared->request), DESC_NEXT);
	describe(1, shared->data, SECTOR,
		 (uint16_t)(type == BLK_IN ? DESC_NEXT | DESC_WRITE : DESC_NEXT));
	describe(2, &shared->status, 1, DESC_WRITE);
	shared->driver.ring[ring % QUEUE_SIZE] = 0;
	dsb_sy();
	shared->driver.index = (uint16_t)(ring + 1);
	dsb_sy();
	write(REG_QUEUE_NOTIFY, 0);
	irq_enable();
	while (interrupts == before && timer_now_phys() < end)
		;
	irq_disable();
	dsb_sy();
	return interrupts == before + 1 && shared->status == 0 &&
	       shared->device.index == shared->driver.index;
}

static bool copy_in(const char *text)
{
	unsigned int i;

	for (i = 0; i < SECTOR; i++)
		shared->data[i] = '\0';
	for (i = 0; text[i]; i++)
		shared->data[i] = text[i];
	return transfer(BLK_OUT, 1);
}

static bool holds(const char *text)
{
	unsigned int i;

	for (i = 0; text[i]; i++)
		if (shared->data[i] != text[i])
			return false;
	return true;
}

static const char *run(void)
{
	static const char text[] = "written by a cell\n";
	char said[64];
	unsigned int i;

	if (!start())
		return "no virtio disk of version 2";
	if (!transfer(BLK_IN, 0))
		return "sector 0 was not read";
	for (i = 0; i + 1 < sizeof(said) && shared->data[i] >= ' '; i++)
		said[i] = shared->data[i];
	said[i] = '\0';
	printf("virtio-blk: sector 0: \"%s\"\n", said);
	if (!copy_in(text))
		return "sector 1 was not written";
	shared->data[0] = '\0';
	if (!transfer(BLK_IN, 1) || !holds(text))
		return "sector 1 does not hold what was written";
	return NULL;
}

void inmate_main(void)
{
	unsigned int irq = (unsigned int)params_number("irq", 0);
	uintptr_t dma = params_number("dma", 0);
	const char *failure;

	registers = params_number("device", 0);
	mmu_set_block(dma, MMU_NORMAL);
	shared = (volatile struct shared *)dma;
	gic_set_handler(irq, on_interrupt);
	gic_set_priority(irq, GIC_PRIORITY_DEFAULT);
	gic_route(irq, 0);
	if (params_number("edge", 0))
		set_edge(irq);
	gic_enable(irq);
	failure = run();
	write(REG_STATUS, 0);
	if (failure)
		printf("virtio-blk: FAILED: %s, %u interrupts\n", failure, interrupts);
	else
		printf("virtio-blk: passed, %u interrupts\n", interrupts);
	comm_wait_shutdown();
}
