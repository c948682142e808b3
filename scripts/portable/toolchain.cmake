# How CMake compiles for a target of scripts/package: zig's clang with the symbol lists of glibc 2.28.
# scripts/portable/build sets LIVYD_PORTABLE (the folder with the tools) and LIVYD_TARGET.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LIVYD_PORTABLE LIVYD_TARGET)
set(CMAKE_SYSTEM_NAME Linux)
if(LIVYD_TARGET STREQUAL "linux-arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
else()
  set(CMAKE_SYSTEM_PROCESSOR x86_64)
endif()
set(CMAKE_CXX_COMPILER ${LIVYD_PORTABLE}/bin/${LIVYD_TARGET}-c++)
set(CMAKE_AR ${LIVYD_PORTABLE}/bin/ar)
set(CMAKE_RANLIB ${LIVYD_PORTABLE}/bin/ranlib)
set(CMAKE_CXX_FLAGS_INIT "-isystem ${LIVYD_PORTABLE}/include")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-s")

set(OPENSSL_ROOT_DIR ${LIVYD_PORTABLE}/openssl-${LIVYD_TARGET})
set(OPENSSL_USE_STATIC_LIBS ON)
# Nothing of this machine's own libraries is for the target.
set(CMAKE_FIND_ROOT_PATH ${LIVYD_PORTABLE})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(LIVYD_GSSAPI_INCLUDE ${LIVYD_PORTABLE}/include CACHE PATH "The headers of MIT Kerberos")
