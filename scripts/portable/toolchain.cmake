# How CMake compiles for a target of scripts/package: zig's clang with the symbol lists of glibc 2.28.
# scripts/portable/build sets LIVYD_PORTABLE (the folder with the tools), LIVYD_OPENSSL,
# LIVYD_ZLIB, LIVYD_LIBZIP and LIVYD_TARGET.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
  LIVYD_PORTABLE LIVYD_OPENSSL LIVYD_ZLIB LIVYD_LIBZIP LIVYD_TARGET)
set(CMAKE_SYSTEM_NAME Linux)
if(LIVYD_TARGET STREQUAL "linux-arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
else()
  set(CMAKE_SYSTEM_PROCESSOR x86_64)
endif()
set(CMAKE_CXX_COMPILER ${LIVYD_PORTABLE}/bin/${LIVYD_TARGET}-c++)
set(CMAKE_AR ${LIVYD_PORTABLE}/bin/ar)
set(CMAKE_RANLIB ${LIVYD_PORTABLE}/bin/ranlib)
# -g0: zig would write what a debugger wants, and -s leaves it out again.
set(CMAKE_CXX_FLAGS_INIT "-g0 -isystem ${LIVYD_PORTABLE}/include")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-s -pie")
# zig builds its C++ library anew for other flags of a link, which takes a minute; scripts/portable/tools
# has asked for this one. CMake's first try would be another.
set(CMAKE_CXX_COMPILER_ID_FLAGS_ALWAYS -s -pie)

# Nothing of this machine's own libraries is for the target.
set(CMAKE_FIND_ROOT_PATH ${LIVYD_PORTABLE})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(OPENSSL_USE_STATIC_LIBS ON)
set(OPENSSL_INCLUDE_DIR ${LIVYD_OPENSSL}/include CACHE PATH "" FORCE)
set(OPENSSL_SSL_LIBRARY ${LIVYD_OPENSSL}/lib/libssl.a CACHE FILEPATH "" FORCE)
set(OPENSSL_CRYPTO_LIBRARY ${LIVYD_OPENSSL}/lib/libcrypto.a CACHE FILEPATH "" FORCE)
set(ZLIB_INCLUDE_DIR ${LIVYD_ZLIB}/include CACHE PATH "" FORCE)
set(ZLIB_LIBRARY ${LIVYD_ZLIB}/lib/libz.a CACHE FILEPATH "" FORCE)
set(LIVYD_ZIP_INCLUDE ${LIVYD_LIBZIP}/include CACHE PATH "" FORCE)
set(LIVYD_ZIP_LIBRARY ${LIVYD_LIBZIP}/lib/libzip.a CACHE FILEPATH "" FORCE)
set(LIVYD_GSSAPI_INCLUDE ${LIVYD_PORTABLE}/include CACHE PATH "The headers of MIT Kerberos" FORCE)
