/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <inmate/console.h>
#include <inmate/printf.h>
#include <inmate/string.h>

struct spec {
	bool left;
	bool zero;
	unsigned int width;
	unsigned int longs;	/* 1 and more: 64 bits */
};

static void pad(char c, size_t len, unsigned int width)
{
	while (len++ < width)
		console_putc(c);
}

static void put_field(const struct spec *spec, const char *sign, const char *text, size_t len)
{
	size_t all = len + strlen(sign);

	if (!spec->left && !spec->zero)
		pad(' ', all, spec->width);
	for (; *sign; sign++)
		console_putc(*sign);
	if (!spec->left && spec->zero)
		pad('0', all, spec->width);
	for (; len; len--)
		console_putc(*text++);
	if (spec->left)
		pad(' ', all, spec->width);
}

static void put_number(const struct spec *spec, uint64_t value, unsigned int base, const char *sign)
{
	char digits[20];
	char *p = digits + sizeof(digits);

	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put_field(spec, sign, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_string(struct spec *spec, const char *text)
{
	spec->zero = false;
	if (!text)
		text = "(null)";
	put_field(spec, "", text, strlen(text));
}

static const char *parse(const char *f, struct spec *spec, va_list *args)
{
	for (; *f == '-' || *f == '0'; f++) {
		spec->left |= *f == '-';
		spec->zero |= *f == '0';
	}
	if (*f == '*') {
		spec->width = va_arg(*args, unsigned int);
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		spec->width = spec->width * 10 + (unsigned int)(*f - '0');
	for (; *f == 'l' || *f == 'z' || *f == 'h'; f++)
		spec->longs += *f != 'h';
	return f;
}

static void put_signed(const struct spec *spec, va_list *args)
{
	int64_t value = spec->longs ? va_arg(*args, int64_t) : va_arg(*args, int);

	put_number(spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

static void convert(char type, struct spec *spec, va_list *args)
{
	char c;

	switch (type) {
	case 'd':
	case 'i':
		put_signed(spec, args);
		break;
	case 'u':
	case 'x':
	case 'X':
		put_number(spec,
			   spec->longs ? va_arg(*args, uint64_t) : va_arg(*args, unsigned int),
			   type == 'u' ? 10 : 16, "");
		break;
	case 'p':
		put_number(spec, (uintptr_t)va_arg(*args, void *), 16, "0x");
		break;
	case 's':
		put_string(spec, va_arg(*args, const char *));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_field(spec, "", &c, 1);
		break;
	default:
		console_putc(type);
	}
}

void vprintf(const char *format, va_list args)
{
	uint64_t daif = console_lock();
	va_list copy;
	const char *f;

	va_copy(copy, args);
	for (f = format; *f; f++) {
		struct spec spec = { 0 };

		if (*f != '%') {
			console_putc(*f);
			continue;
		}
		f = parse(f + 1, &spec, &copy);
		if (!*f)
			break;
		convert(*f, &spec, &copy);
	}
	va_end(copy);
	console_unlock(daif);
}

void printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}
