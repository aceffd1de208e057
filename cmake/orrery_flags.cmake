# Language, warnings and tools, the same for every target.
# Results must not depend on the machine: no fast-math, no fused multiply-add, no -march=native.
include(CheckLinkerFlag)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)      # for clang-tidy
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)  # target all_verify_interface_header_sets

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

add_compile_options(-Wall -Wextra -Wpedantic -Werror -ffp-contract=off
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false alarms on std::string, GCC bug 105651
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # clang reports what libstdc++ 12 does inside std::stable_sort, and does not know every name of GCC's
  add_compile_options(-Wno-deprecated-declarations -Wno-unknown-warning-option)
endif()

if(ORRERY_SANITIZE OR ORRERY_FUZZ)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1 -D_GLIBCXX_ASSERTIONS -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
endif()
if(ORRERY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "ORRERY_FUZZ needs clang: configure with -DCMAKE_CXX_COMPILER=clang++-19")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(ORRERY_CCACHE ccache)
if(ORRERY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ORRERY_CCACHE})
endif()
check_linker_flag(CXX -fuse-ld=mold ORRERY_HAS_MOLD)
if(ORRERY_HAS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
