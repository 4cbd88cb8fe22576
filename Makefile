# SPDX-License-Identifier: GPL-2.0
#
# The verbs.  `make help` lists them.  Kbuild says what the modules are made of.

KVER ?= $(shell uname -r)
# the running kernel's headers, or those of a test kernel
ifneq ($(wildcard /lib/modules/$(KVER)/build/Makefile),)
KDIR ?= /lib/modules/$(KVER)/build
endif
DESTDIR ?=
PREFIX ?= /usr/local
MODULES := $(if $(KDIR),build/modules,build/debian)

VM := selftests/vm
export PREFIX DESTDIR

all: module userspace

module:
	@$(VM)/packages build
	@$(VM)/module $(if $(KDIR),KDIR=$(KDIR),debian)

userspace:
	@$(VM)/packages build
	@$(MAKE) -C userspace all

demo:
	@selftests/demo

test soak:
	@selftests/run $@

bench:
	@selftests/bench/run

check:
	@selftests/lib/check

install: all
	install -d $(DESTDIR)/lib/modules/$(KVER)/extra
	find $(MODULES) -name '*.ko' -not -path '*/kmod/tests/*' -exec install -m 644 {} \
		$(DESTDIR)/lib/modules/$(KVER)/extra/ \;
	PATH="$$PATH:/sbin:/usr/sbin" depmod $(if $(DESTDIR),-b $(DESTDIR)) $(KVER)
	$(MAKE) -C userspace install

uninstall:
	find $(MODULES) -name '*.ko' -printf '%f\n' 2>/dev/null | \
		sed 's@^@$(DESTDIR)/lib/modules/$(KVER)/extra/@' | xargs -r rm -f
	PATH="$$PATH:/sbin:/usr/sbin" depmod $(if $(DESTDIR),-b $(DESTDIR)) $(KVER)
	$(MAKE) -C userspace uninstall

clean:
	rm -rf build selftests/build
	$(MAKE) -C userspace clean

help:
	@echo 'make            the modules for KDIR and userspace'
	@echo 'make demo       a tour in a VM'
	@echo 'make test       KUnit and kselftests in VMs: the debug kernel and two stock ones'
	@echo '                ONLY=GLOB (programs, KUnit suites)  KERNELS="debug debian debian-6.12"'
	@echo 'make soak       the same in rounds, longer and on more kernels: ROUNDS=2, half of them'
	@echo '                with the tracers on'
	@echo 'make bench      what things cost, and how long tasks wait, in a VM'
	@echo 'make check      warnings, sparse, checkpatch, clang-format, shellcheck'
	@echo 'make install    modules, library, tool: DESTDIR PREFIX=/usr/local KVER'
	@echo 'make uninstall  takes them away again'
	@echo 'make clean      removes what was built here, not the kernels in the cache'
	@echo
	@echo 'KDIR   kernel to build for: $(or $(KDIR),none of $(KVER); the cached debian one is taken)'
	@echo 'KVER   its release: $(KVER)'
	@echo 'KCORO_CACHE  kernels are kept in $${XDG_CACHE_HOME:-$$HOME/.cache}/kcoro if not told'
	@echo 'selftests/vm/run --help   one command in a VM'

.PHONY: all module userspace demo test soak bench check install uninstall clean help
