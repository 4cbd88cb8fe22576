# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# initramfs.sh: what run puts in the VM.  Sourced by it; uses its variables.
#
# Model: a base archive (busybox, its links, init), kept in the cache under the
# hash of what is in it, and an archive of this run, put behind it.  The kernel
# unpacks one after the other.
#
# Invariant: /bin, /sbin, /lib and the like are links into /usr, and the second
# archive has only paths below /usr for them: a directory there would replace
# the link.

# $1: archive; of the current directory
pack() { find . -mindepth 1 -print0 | sort -z | cpio --null -o -H newc -R 0:0 --quiet >"$1"; }

base_tree()
{
	local applet
	mkdir -p proc sys dev tmp run root etc var/tmp mnt kcoro usr/bin \
		usr/sbin usr/lib usr/lib64 usr/lib32 usr/local/bin
	for applet in bin sbin lib lib64 lib32; do
		ln -s "usr/$applet" "$applet"
	done
	gcc -O2 -static -pthread -o init "$VM/init.c"
	cp "$(command -v busybox)" usr/bin/busybox
	for applet in $(busybox --list-full); do
		applet=${applet#usr/}
		case $applet in
		bin/* | sbin/*) ;;
		*) continue ;;
		esac
		[[ -e usr/$applet || -L usr/$applet ]] ||
			ln -s /usr/bin/busybox "usr/$applet"
	done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' \
		'nobody:x:65534:65534:nobody:/:/bin/false' >etc/passwd
	printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >etc/group
	printf '%s\n' '127.0.0.1 localhost kcoro' >etc/hosts
}

# Prints the base archive's path.
base_archive()
{
	local key base dir
	key=$(cat "$VM/init.c" "$VM/klog.h" "$VM/initramfs.sh" "$(command -v busybox)" |
		sha256sum | cut -c1-12)
	base=$CACHE/initramfs-$key.cpio
	if [[ ! -e $base ]]; then
		mkdir -p "$CACHE"
		dir=$(mktemp -d "$CACHE/.initramfs-XXXXXX")
		(cd "$dir" && base_tree && pack "$dir.cpio") ||
			die "cannot make the base initramfs"
		mv "$dir.cpio" "$base"
		rm -rf "$dir"
	fi
	echo "$base"
}

# $1: path in the guest -> the same below /usr where that is what it is
guest_path()
{
	case $1 in
	/bin/* | /sbin/* | /lib/* | /lib64/* | /lib32/*) echo "usr$1" ;;
	*) echo "${1#/}" ;;
	esac
}

# $1: file, $2: path in the guest
put()
{
	local to
	to=$tree/$(guest_path "$2")
	mkdir -p "${to%/*}"
	cp -L --remove-destination "$1" "$to"
}

is_elf() { [[ $(head -c 4 "$1" 2>/dev/null | tr -d '\0') == $'\x7fELF' ]]; }

# $1: a program or library; its shared libraries and its loader come along.
put_libraries()
{
	local lib
	is_elf "$1" || return 0
	LD_LIBRARY_PATH="$TOP/userspace/build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
		ldd "$1" 2>/dev/null | awk '
			$2 == "=>" && $3 ~ /^\// { print $3; next }
			$1 ~ /^\// { print $1 }' >"$tmp/ldd" || return 0
	while read -r lib; do
		case $lib in
		/lib* | /usr/lib*) put "$lib" "$lib" ;;
		*) put "$lib" "/usr/lib/${lib##*/}" ;;
		esac
	done <"$tmp/ldd"
}

# $1: FILE[:DEST]
add()
{
	local from=${1%%:*} to='' file
	[[ $1 != *:* ]] || to=${1#*:}
	[[ -e $from ]] || die "--add: there is no $from"
	[[ -n $to ]] || to=/root/$(basename "$from")
	[[ $to == /* ]] || to=/root/$to
	if [[ -d $from ]]; then
		to=$(guest_path "$to")
		mkdir -p "$tree/$to"
		cp -rL --remove-destination "$from/." "$tree/$to"
		while IFS= read -r -d '' file; do
			put_libraries "$file"
		done < <(find -L "$from" -type f -perm -u+x -print0)
		return
	fi
	[[ $to != */ ]] || to+=$(basename "$from")
	put "$from" "$to"
	put_libraries "$from"
}

add_module()
{
	local dir=$TOP/build/$kernel to=lib/modules/$KRELEASE
	if [[ -n $build ]]; then
		"$VM/module" "$kernel" >"$tmp/build" 2>&1 || {
			cat "$tmp/build" >&2
			die "the module does not build for $kernel"
		}
	fi
	compgen -G "$dir/*.ko" >/dev/null || die "no module in $dir"
	mkdir -p "$tree/usr/$to/extra" "$tree/usr/$to/kernel"
	cp "$dir"/*.ko "$tree/usr/$to/extra/"
	find "$dir/kmod" -name '*.ko' -exec cp {} "$tree/usr/$to/extra/" \;
	: >"$tree/usr/$to/modules.order"
	: >"$tree/usr/$to/modules.builtin"
	: >"$tree/usr/$to/modules.builtin.modinfo"
	PATH=$PATH:/sbin:/usr/sbin depmod -b "$tree/usr" "$KRELEASE"
}

# What curses knows of terminals, for kcoro top.
add_terminals()
{
	local term dir file
	for term in linux xterm vt100 dumb; do
		for dir in /etc/terminfo /lib/terminfo /usr/share/terminfo; do
			file=$dir/${term:0:1}/$term
			[[ -e $file ]] || continue
			put "$file" "/lib/terminfo/${term:0:1}/$term"
			break
		done
	done
}

add_userspace()
{
	local built=$TOP/userspace/build lib
	[[ -d $built ]] || return 0
	for lib in "$built"/libkcoro.so*; do
		[[ -e $lib ]] || continue
		put "$lib" "/usr/lib/${lib##*/}"
	done
	if [[ -x $built/kcoro ]]; then
		put "$built/kcoro" /usr/bin/kcoro
		put_libraries "$built/kcoro"
		add_terminals
	fi
}

# $1: the archive to make
make_initramfs()
{
	local base item
	base=$(base_archive)
	tree=$tmp/tree
	mkdir -p "$tree/kcoro"
	[[ ${#cmd[@]} -eq 0 ]] || printf '%s\0' "${cmd[@]}" >"$tree/kcoro/cmd"
	[[ -z $module ]] || add_module
	add_userspace
	for item in ${adds[@]+"${adds[@]}"}; do
		add "$item"
	done
	(cd "$tree" && pack "$tmp/run.cpio")
	cat "$base" "$tmp/run.cpio" >"$1"
	rm -rf "$tree" "$tmp/run.cpio"
}
