// SPDX-License-Identifier: Apache-2.0
/*
 * Shows that KVM works: runs a small guest on each CPU.
 *
 *   kvm-smoke        on each CPU in turn make a VM, let its vCPU compute, store to
 *                    memory, write and read a device and power off; prints
 *                    "kvm ok cpu N" for each CPU
 *   kvm-smoke spin   make a VM whose vCPU runs until this program is told to end;
 *                    prints "kvm running" before it enters the vCPU
 *
 * Exit status 0 if all went as it must, 1 if not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUEST_BASE 0x40000000UL
#define GUEST_SIZE 0x10000UL
#define STORE_OFFSET 0x8000UL
#define DEVICE 0x10000000UL
#define DEVICE_SUM (DEVICE + 0)
#define DEVICE_QUESTION (DEVICE + 4)
#define DEVICE_ANSWER (DEVICE + 8)

#define PATIENCE 60 /* seconds for one guest that needs a few milliseconds */

#define SUM 500500U /* 1 + 2 + ... + 1000 */
#define QUESTION 0x1234U
#define MEMORY_MARK 0x5a17U

/* KVM API, KVM_GET_ONE_REG: registers named by their place in struct kvm_regs. */
#define REG_PC                                                          \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |              \
	 KVM_REG_ARM_CORE_REG(regs.pc))

#define REG_ELR_EL1                                                     \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |              \
	 KVM_REG_ARM_CORE_REG(elr_el1))

extern const unsigned char guest_code[], guest_spin[], guest_end[];

/* x19: the device, x20: memory; the rest as it comes. PSCI SYSTEM_OFF ends it. */
__asm__(".pushsection .rodata\n"
	".balign 4\n"
	".globl guest_code, guest_spin, guest_end\n"
	"guest_code:\n"
	"	mov	x19, #0x10000000\n"
	"	mov	x20, #0x40000000\n"
	"	add	x20, x20, #0x8, lsl #12\n"
	"	mov	w0, #0\n"
	"	mov	w1, #1000\n"
	"1:	add	w0, w0, w1\n"
	"	subs	w1, w1, #1\n"
	"	b.ne	1b\n"
	"	mov	w2, #0x5a17\n"
	"	str	w2, [x20]\n"
	"	str	w0, [x19]\n"
	"	ldr	w3, [x19, #4]\n"
	"	add	w3, w3, #1\n"
	"	str	w3, [x19, #8]\n"
	"	mov	w0, #0x8\n"
	"	movk	w0, #0x8400, lsl #16\n"
	"	hvc	#0\n"
	"guest_spin:\n"
	"	b	.\n"
	"guest_end:\n"
	".popsection\n");

struct vm {
	int kvm, vm, vcpu;
	unsigned char *memory;
	struct kvm_run *run;
	size_t run_size;
};

static bool failed(const char *what)
{
	fprintf(stderr, "kvm-smoke: %s: %s\n", what, strerror(errno));
	return false;
}

static bool add_memory(struct vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_BASE,
		.memory_size = GUEST_SIZE,
	};

	vm->memory = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return failed("mmap");
	memcpy(vm->memory, guest_code, (size_t)(guest_end - guest_code));
	__builtin___clear_cache((char *)vm->memory, (char *)vm->memory + GUEST_SIZE);
	region.userspace_addr = (uint64_t)(uintptr_t)vm->memory;
	if (ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return failed("KVM_SET_USER_MEMORY_REGION");
	return true;
}

static bool add_vcpu(struct vm *vm, uint64_t entry)
{
	struct kvm_vcpu_init init = { 0 };
	struct kvm_one_reg pc = { .id = REG_PC, .addr = (uint64_t)(uintptr_t)&entry };
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		return failed("KVM_CREATE_VCPU");
	if (size <= 0)
		return failed("KVM_GET_VCPU_MMAP_SIZE");
	vm->run_size = (size_t)size;
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		return failed("mmap of the vCPU");
	if (ioctl(vm->vm, KVM_ARM_PREFERRED_TARGET, &init) < 0)
		return failed("KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init) < 0)
		return failed("KVM_ARM_VCPU_INIT");
	if (ioctl(vm->vcpu, KVM_SET_ONE_REG, &pc) < 0)
		return failed("KVM_SET_ONE_REG");
	return true;
}

static bool vm_open(struct vm *vm, uint64_t entry)
{
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return failed("/dev/kvm");
	if (ioctl(vm->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return failed("KVM_GET_API_VERSION");
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->vm < 0)
		return failed("KVM_CREATE_VM");
	return add_memory(vm) && add_vcpu(vm, entry);
}

static void vm_close(struct vm *vm)
{
	munmap(vm->run, vm->run_size);
	close(vm->vcpu);
	close(vm->vm);
	close(vm->kvm);
	munmap(vm->memory, GUEST_SIZE);
}

/* Where a guest is that did not end in time, and which exception it took last. */
static void report_state(const struct vm *vm)
{
	static const struct {
		const char *name;
		uint64_t id;
	} regs[] = {
		{ "PC", REG_PC },
		{ "ELR_EL1", REG_ELR_EL1 },
		{ "ESR_EL1", ARM64_SYS_REG(3, 0, 5, 2, 0) },
		{ "FAR_EL1", ARM64_SYS_REG(3, 0, 6, 0, 0) },
	};

	for (size_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		uint64_t value = 0;
		struct kvm_one_reg reg = {
			.id = regs[i].id,
			.addr = (uint64_t)(uintptr_t)&value,
		};

		ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg);
		fprintf(stderr, "kvm-smoke: %s 0x%llx\n", regs[i].name,
			(unsigned long long)value);
	}
}

/* One access to the device, in the order the guest makes them. */
static bool device_access(struct kvm_run *run, unsigned int step)
{
	static const struct {
		uint64_t address;
		bool write;
		uint32_t value;
	} plan[] = {
		{ DEVICE_SUM, true, SUM },
		{ DEVICE_QUESTION, false, QUESTION },
		{ DEVICE_ANSWER, true, QUESTION + 1 },
	};
	uint32_t value;

	if (step >= sizeof(plan) / sizeof(plan[0]) ||
	    run->mmio.phys_addr != plan[step].address ||
	    run->mmio.is_write != plan[step].write || run->mmio.len != sizeof(value))
		return false;
	if (!plan[step].write) {
		memcpy(run->mmio.data, &plan[step].value, sizeof(value));
		return true;
	}
	memcpy(&value, run->mmio.data, sizeof(value));
	return value == plan[step].value;
}

/* Run until the guest powers off; false with a message if it does anything else. */
static bool run_to_end(struct vm *vm)
{
	uint32_t stored;
	unsigned int step = 0;

	for (;;) {
		if (ioctl(vm->vcpu, KVM_RUN, 0) < 0) {
			failed("KVM_RUN");
			report_state(vm);
			return false;
		}
		if (vm->run->exit_reason != KVM_EXIT_MMIO)
			break;
		if (!device_access(vm->run, step)) {
			fprintf(stderr, "kvm-smoke: wrong device access %u at 0x%llx\n", step,
				(unsigned long long)vm->run->mmio.phys_addr);
			return false;
		}
		step++;
	}
	if (vm->run->exit_reason != KVM_EXIT_SYSTEM_EVENT ||
	    vm->run->system_event.type != KVM_SYSTEM_EVENT_SHUTDOWN) {
		fprintf(stderr, "kvm-smoke: unexpected exit %u\n", vm->run->exit_reason);
		return false;
	}
	memcpy(&stored, vm->memory + STORE_OFFSET, sizeof(stored));
	if (step != 3 || stored != MEMORY_MARK) {
		fprintf(stderr, "kvm-smoke: ended after %u accesses, memory holds 0x%x\n", step,
			stored);
		return false;
	}
	return true;
}

static bool smoke_on(int cpu)
{
	struct vm vm;
	cpu_set_t only;
	bool ok;

	CPU_ZERO(&only);
	CPU_SET((size_t)cpu, &only);
	if (sched_setaffinity(0, sizeof(only), &only) < 0)
		return failed("sched_setaffinity");
	if (!vm_open(&vm, GUEST_BASE))
		return false;
	alarm(PATIENCE);
	ok = run_to_end(&vm);
	alarm(0);
	vm_close(&vm);
	if (ok)
		printf("kvm ok cpu %d\n", cpu);
	else
		fprintf(stderr, "kvm-smoke: failed on cpu %d\n", cpu);
	return ok;
}

static int smoke_everywhere(void)
{
	cpu_set_t online;
	int done = 0;

	if (sched_getaffinity(0, sizeof(online), &online) < 0) {
		failed("sched_getaffinity");
		return 1;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &online))
			continue;
		if (!smoke_on(cpu))
			return 1;
		done++;
	}
	return done ? 0 : 1;
}

static int spin(void)
{
	struct vm vm;

	if (!vm_open(&vm, GUEST_BASE + (uint64_t)(guest_spin - guest_code)))
		return 1;
	puts("kvm running");
	fflush(stdout);
	if (ioctl(vm.vcpu, KVM_RUN, 0) == 0 || errno != EINTR) {
		fprintf(stderr, "kvm-smoke: the vCPU stopped, exit %u\n", vm.run->exit_reason);
		return 1;
	}
	vm_close(&vm);
	puts("kvm ended");
	return 0;
}

static void wake(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	/* Without SA_RESTART: a signal ends KVM_RUN with EINTR. */
	struct sigaction action = { .sa_handler = wake };

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (argc == 1)
		return smoke_everywhere();
	if (argc == 2 && strcmp(argv[1], "spin") == 0)
		return spin();
	fprintf(stderr, "usage: %s [spin]\n", argv[0]);
	return 2;
}
