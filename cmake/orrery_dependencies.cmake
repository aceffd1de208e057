# Libraries of the program, all from Debian 12 (tools/packages.sh names the packages).
# A layer names those that it uses in LIBS.
find_package(fmt 9 REQUIRED)             # fmt::fmt
find_package(yaml-cpp REQUIRED)          # yaml-cpp
find_package(simdjson REQUIRED)          # simdjson::simdjson
find_package(SQLite3 REQUIRED)           # SQLite::SQLite3
find_package(ZLIB REQUIRED)              # ZLIB::ZLIB
find_package(CLI11 REQUIRED)             # CLI11::CLI11
find_package(NLopt REQUIRED)             # NLopt::nlopt
find_package(muparser REQUIRED)          # muparser::muparser
find_package(Threads REQUIRED)           # Threads::Threads
find_path(ORRERY_RANDOM123 Random123/philox.h REQUIRED)  # headers only, no target
