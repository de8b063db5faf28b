// SPDX-License-Identifier: Apache-2.0
/*
 * Kernel files: the arm64 Image (Linux: Documentation/arm64/booting.rst), the
 * same compressed by gzip, and in EFI's zboot form (drivers/firmware/efi/
 * libstub/zboot-header.S); by their first bytes also what else people try.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "linux.h"

#define HEAD_BYTES		1024
#define FLAG_BIG_ENDIAN		1U
#define MAX_UNPACKED		(512UL << 20)	/* bytes; a file that claims more is none */
#define WINDOW_GZIP		(15 + 16)	/* zlib: largest window, gzip header */

struct image_header {
	uint32_t code[2];
	uint64_t text_offset;		/* little-endian, as all of it */
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	char magic[4];			/* "ARM\x64" */
	uint32_t pe_offset;
};

struct zboot_header {
	char mz[4];
	char magic[4];			/* "zimg" */
	uint32_t offset;		/* of the compressed Image, bytes */
	uint32_t size;
	uint32_t reserved[2];
	char compression[8];		/* "gzip" and so on */
};

/* What is no arm64 Image, by bytes at a place. */
static const struct {
	unsigned int offset;
	unsigned int size;
	const char *bytes;
	const char *what;
} known[] = {
	{ 0, 4, "\x7f" "ELF", "an ELF program" },
	{ 514, 4, "HdrS", "a kernel for x86" },
	{ 36, 4, "\x18\x28\x6f\x01", "a kernel for 32-bit Arm" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "compressed by zstd" },
	{ 0, 6, "\xfd" "7zXZ", "compressed by xz" },
	{ 0, 3, "BZh", "compressed by bzip2" },
	{ 0, 4, "\x02\x21\x4c\x18", "compressed by lz4" },
	{ 0, 4, "\x04\x22\x4d\x18", "compressed by lz4" },
	{ 0, 3, "\x5d\0\0", "compressed by lzma" },
	{ 0, 4, "\x27\x05\x19\x56", "a U-Boot image" },
	{ 0, 4, "\xd0\x0d\xfe\xed", "a device tree or FIT image" },
	{ 0, 6, "070701", "an initrd" },
	{ 0, 8, CAPSULE_CELL_SIGNATURE, "a configuration" },
	{ 0, 2, "MZ", "an EFI program, but not for arm64" },
	{ 0, 2, "#!", "a script" },
};

/* Opens a file whose bytes have places; the driver reads it again when needed. */
int linux_open_file(const char *name, struct linux_file *file)
{
	struct stat st;

	*file = (struct linux_file) { .fd = open(name, O_RDONLY | O_CLOEXEC) };
	if (file->fd < 0)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", name, strerror(errno));
	file->name = name;
	if (fstat(file->fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		linux_close_file(file);
		return ctl_fail(CTL_EXIT_FILE, "%s: no regular file, or empty: give a file",
				name);
	}
	file->size = (uint64_t)st.st_size;
	return CTL_EXIT_OK;
}

void linux_close_file(struct linux_file *file)
{
	if (file->name)
		close(file->fd);
	*file = (struct linux_file) { 0 };
}

static int not_unpacked(const struct linux_file *file, const char *why)
{
	return ctl_fail(CTL_EXIT_KERNEL, "%s: the compressed kernel cannot be unpacked (%s): "
			"copy it again, or give the uncompressed Image", file->name, why);
}

/* Unpacks what zlib has as input into @to, up to the end of the stream. */
static int inflate_to(const struct linux_file *file, z_stream *z, int to, uint64_t *size)
{
	static uint8_t buffer[256 << 10];
	int state = Z_OK;

	for (*size = 0; state == Z_OK;) {
		ssize_t have;

		z->next_out = buffer;
		z->avail_out = sizeof(buffer);
		state = inflate(z, Z_NO_FLUSH);
		have = (ssize_t)(sizeof(buffer) - z->avail_out);
		if (have && write(to, buffer, (size_t)have) != have)
			return ctl_fail(CTL_EXIT_UNEXPECTED, "%s: %s", file->name,
					strerror(errno));
		*size += (uint64_t)have;
		if (*size > MAX_UNPACKED)
			return not_unpacked(file, "it never ends");
	}
	if (state != Z_STREAM_END)
		return not_unpacked(file, z->msg ? z->msg : "it is truncated");
	return CTL_EXIT_OK;
}

static int inflate_range(const struct linux_file *file, uint8_t *from, uint64_t length, int to,
			 uint64_t *size)
{
	z_stream z = { .next_in = from, .avail_in = (uInt)length };
	int code;

	if (length > UINT32_MAX || inflateInit2(&z, WINDOW_GZIP) != Z_OK)
		return not_unpacked(file, "memory is short");
	code = inflate_to(file, &z, to, size);
	inflateEnd(&z);
	return code;
}

/* Replaces @file by a memfd with what its bytes from @offset on unpack to. */
static int unpack(struct linux_file *file, uint64_t offset, uint64_t length)
{
	struct linux_file out = { .name = file->name };
	uint8_t *data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, file->fd, 0);
	int code;

	if (data == MAP_FAILED)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", file->name, strerror(errno));
	out.fd = memfd_create("kernel", MFD_CLOEXEC);
	if (out.fd < 0) {
		munmap(data, file->size);
		return ctl_fail(CTL_EXIT_UNEXPECTED, "%s: %s", file->name, strerror(errno));
	}
	code = inflate_range(file, data + offset, length, out.fd, &out.size);
	munmap(data, file->size);
	if (code) {
		linux_close_file(&out);
		return code;
	}
	linux_close_file(file);
	*file = out;
	return CTL_EXIT_OK;
}

static int no_image(const struct linux_file *file, const uint8_t *head)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!memcmp(head + known[i].offset, known[i].bytes, known[i].size))
			return ctl_fail(CTL_EXIT_KERNEL, "%s is no arm64 Image but %s: give "
					"arch/arm64/boot/Image, or Image.gz", file->name,
					known[i].what);
	return ctl_fail(CTL_EXIT_KERNEL,
			"%s is no arm64 Image: give arch/arm64/boot/Image, or Image.gz",
			file->name);
}

static int read_head(const struct linux_file *file, uint8_t head[HEAD_BYTES])
{
	memset(head, 0, HEAD_BYTES);
	if (pread(file->fd, head, HEAD_BYTES, 0) < 0)
		return ctl_fail(CTL_EXIT_FILE, "%s: %s", file->name, strerror(errno));
	return CTL_EXIT_OK;
}

static int unpack_zboot(struct linux_file *file, const uint8_t *head)
{
	struct zboot_header z;
	uint64_t offset, size;

	memcpy(&z, head, sizeof(z));
	offset = le32toh(z.offset);
	size = le32toh(z.size);
	if (strncmp(z.compression, "gzip", sizeof(z.compression)))
		return ctl_fail(CTL_EXIT_KERNEL, "%s is an EFI kernel compressed by %.8s: give "
				"one compressed by gzip, or the uncompressed Image", file->name,
				z.compression);
	if (offset > file->size || size > file->size - offset)
		return not_unpacked(file, "it is truncated");
	return unpack(file, offset, size);
}

static int read_image_header(struct linux_image *image, const uint8_t *head)
{
	const struct linux_file *file = &image->file;
	struct image_header h;

	memcpy(&h, head, sizeof(h));
	if (memcmp(h.magic, "ARM\x64", 4))
		return no_image(file, head);
	image->text_offset = le64toh(h.text_offset);
	image->image_size = le64toh(h.image_size);
	if (le64toh(h.flags) & FLAG_BIG_ENDIAN)
		return ctl_fail(CTL_EXIT_KERNEL, "%s is a big-endian kernel: give a "
				"little-endian one", file->name);
	if (!image->image_size)
		return ctl_fail(CTL_EXIT_KERNEL, "%s does not tell its size in memory, it is "
				"from before Linux 3.17: give a newer kernel", file->name);
	if (image->image_size < file->size || image->image_size > MAX_UNPACKED ||
	    image->text_offset >= 2U << 20)
		return ctl_fail(CTL_EXIT_KERNEL, "%s has a header that cannot be: copy it again",
				file->name);
	return CTL_EXIT_OK;
}

/* Opens a kernel, unpacks it if need be and reads its header. */
int linux_open_image(const char *name, struct linux_image *image)
{
	struct linux_file *file = &image->file;
	uint8_t head[HEAD_BYTES];
	int code = linux_open_file(name, file);

	if (!code)
		code = read_head(file, head);
	if (!code && !memcmp(head, "MZ", 2) && !memcmp(head + 4, "zimg", 4))
		code = unpack_zboot(file, head);
	else if (!code && !memcmp(head, "\x1f\x8b", 2))
		code = unpack(file, 0, file->size);
	if (!code)
		code = read_head(file, head);
	if (!code)
		code = read_image_header(image, head);
	if (code)
		linux_close_file(file);
	return code;
}
