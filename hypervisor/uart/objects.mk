# SPDX-License-Identifier: Apache-2.0
uart-objs := $(addprefix uart/, uart.o vpl011.o)
